//! `mbr`: minimum Bayes risk over the list.

use super::{CorrectError, Method, Proposal, Tools, distance::word_distance};
use crate::{
    acoustic::{self, Posterior},
    corpus::Utterance,
    llm::BoxFuture,
};

/// The hypothesis with the least expected word edit distance under the list's posterior
/// (Goel and Byrne, "Minimum Bayes-risk automatic speech recognition", 2000).
pub(super) struct Mbr {
    posterior: Posterior,
}

impl Mbr {
    pub(super) fn new(tools: &Tools) -> Self {
        Self { posterior: tools.parameters.posterior }
    }

    fn choose<'a>(&self, utterance: &'a Utterance) -> &'a str {
        let weights = acoustic::posterior(&utterance.nbest, &self.posterior);
        let risk = |text: &str| -> f64 {
            let others = utterance.nbest.iter().zip(&weights);
            others.map(|(other, w)| w * word_distance(&other.text, text) as f64).sum()
        };
        utterance
            .nbest
            .iter()
            .map(|hypothesis| (hypothesis.text.as_str(), risk(&hypothesis.text)))
            // The earlier hypothesis wins among equals.
            .reduce(|best, next| if next.1 < best.1 { next } else { best })
            .map_or("", |(text, _)| text)
    }
}

impl Method for Mbr {
    fn name(&self) -> &'static str {
        "mbr"
    }

    fn propose<'a>(
        &'a self,
        utterance: &'a Utterance,
    ) -> BoxFuture<'a, Result<Proposal, CorrectError>> {
        Box::pin(async move { Ok(Proposal::new(utterance, self.choose(utterance))) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hypothesis_nearest_to_all_others_wins_where_weights_are_even() {
        let texts = ["a b x", "a c c", "a b c"];
        let list = texts.iter().map(|text| ((*text).to_owned(), Some(-1.0), None));
        let utterance = Utterance::from_list("u", list);
        assert_eq!(Mbr { posterior: Posterior::default() }.choose(&utterance), "a b c");
    }

    #[test]
    fn a_certain_list_keeps_its_first() {
        let list = [("a", -0.1), ("b c", -9.0)].map(|(t, s)| (t.to_owned(), Some(s), None));
        let utterance = Utterance::from_list("u", list);
        assert_eq!(Mbr { posterior: Posterior::default() }.choose(&utterance), "a");
    }
}
