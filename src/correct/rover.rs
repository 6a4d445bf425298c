//! `rover`: a vote over the words of the list.

use super::{CorrectError, Method, Proposal, Tools, as_listed};
use crate::{
    acoustic::{ConfusionNetwork, Posterior},
    corpus::Utterance,
    llm::BoxFuture,
};

/// The most probable word of each slot of the list's confusion network (ROVER with the
/// list's posterior as confidences: Fiscus, "A post-processing system to yield reduced word
/// error rates", 1997). The result can be a text that no hypothesis is.
pub(super) struct Rover {
    posterior: Posterior,
    null_share: f64,
}

impl Rover {
    pub(super) fn new(tools: &Tools) -> Self {
        let parameters = &tools.parameters;
        Self { posterior: parameters.posterior, null_share: parameters.rover_null_share }
    }

    fn vote(&self, utterance: &Utterance) -> String {
        let network = ConfusionNetwork::of(&utterance.nbest, &self.posterior);
        as_listed(utterance, network.best(self.null_share))
    }
}

impl Method for Rover {
    fn name(&self) -> &'static str {
        "rover"
    }

    fn propose<'a>(
        &'a self,
        utterance: &'a Utterance,
    ) -> BoxFuture<'a, Result<Proposal, CorrectError>> {
        Box::pin(async move { Ok(Proposal::new(utterance, self.vote(utterance))) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vote(list: &[(&str, f64)], null_share: f64) -> String {
        let list = list.iter().map(|(text, score)| ((*text).to_owned(), Some(*score), None));
        let utterance = Utterance::from_list("u", list);
        Rover { posterior: Posterior::default(), null_share }.vote(&utterance)
    }

    #[test]
    fn each_word_is_voted_on_by_itself() {
        let list = [("x b c", -1.0), ("a y c", -1.0), ("a b z", -1.0)];
        assert_eq!(vote(&list, 1.0), "a b c");
    }

    #[test]
    fn a_smaller_share_of_nothing_keeps_more_words() {
        let list = [("a c", -1.0), ("a c ", -1.0), ("a b c", -1.02)];
        assert_eq!(vote(&list, 1.0), "a c");
        assert_eq!(vote(&list, 0.5), "a b c");
    }

    #[test]
    fn a_certain_list_keeps_its_first_as_it_is_written() {
        assert_eq!(vote(&[("a  b", -0.1), ("c b", -9.0)], 1.0), "a  b");
    }
}
