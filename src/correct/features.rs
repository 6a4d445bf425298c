//! What is known about a proposal before the reference is.

use serde::{Deserialize, Serialize};

use crate::{
    acoustic::{self, Posterior},
    corpus::Utterance,
    score::{Distance, Symbols},
};

/// Names of [`ProposalFeatures::values`], in their order.
pub const FEATURES: [&str; 13] = [
    "distinct",
    "entropy",
    "margin",
    "words",
    "changed",
    "score",
    "logprob_gain",
    "mean_logprob",
    "one_best_logprob",
    "in_list",
    "disagreement",
    "tokens_per_word",
    "confidence",
];

/// What a learned rule looks at when it decides between the 1-best and a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ProposalFeatures {
    /// Distinct hypotheses, at least 1.
    pub distinct: usize,
    /// Entropy of the list's posterior in nats.
    pub entropy: f64,
    /// Lead of the most probable hypothesis over the second, in [0, 1].
    pub margin: f64,
    /// Words of the 1-best.
    pub words: usize,
    /// Word edit distance from the 1-best to the proposal over the words of the 1-best (at
    /// least 1): 0 for no change, above 1 where more is inserted than there was.
    pub changed: f64,
    /// The recogniser's score of the 1-best, where the list has finite scores.
    pub score: Option<f64>,
    /// The model's log-probability of the proposal minus that of the 1-best, in nats for
    /// whole texts, where a model was asked.
    pub logprob_gain: Option<f64>,
    /// The model's log-probability of the proposal per word (nats), where a model was asked.
    pub mean_logprob: Option<f64>,
    /// The model's log-probability of the 1-best per token (nats), where a model was asked.
    pub one_best_logprob: Option<f64>,
    /// Whether the proposal is a hypothesis of the list, word for word.
    pub in_list: bool,
    /// Expected share of words in which two draws from the list's posterior differ, from 0.
    pub disagreement: f64,
    /// The least tokens a word that the model's vocabulary takes for a hypothesis, where a
    /// model was asked.
    pub tokens_per_word: Option<f64>,
    /// Confidence of the least sure word of the proposal, in [0, 1], where it was decoded.
    pub confidence: Option<f64>,
}

impl ProposalFeatures {
    /// What the list and the proposal's text alone say; the caller adds what models say.
    #[must_use]
    pub fn of(utterance: &Utterance, posterior: &Posterior, proposal: &str) -> Self {
        let weights = acoustic::posterior(&utterance.nbest, posterior);
        let mut symbols = Symbols::default();
        let one_best = symbols.words(utterance.one_best());
        let proposed = symbols.words(proposal);
        let words: Vec<Vec<u32>> =
            utterance.nbest.iter().map(|known| symbols.words(&known.text)).collect();
        let mut distance = Distance::default();
        let changed = distance.between(&one_best, &proposed);
        let mut disagreement = 0.0;
        for (i, one) in words.iter().enumerate() {
            for (j, other) in words.iter().enumerate().skip(i + 1) {
                disagreement += 2.0 * weights[i] * weights[j] * distance.between(one, other) as f64;
            }
        }
        Self {
            distinct: utterance.nbest.len(),
            entropy: acoustic::entropy(&weights),
            margin: acoustic::margin(&weights),
            words: one_best.len(),
            changed: changed as f64 / one_best.len().max(1) as f64,
            score: utterance.nbest.first().and_then(|first| first.score),
            logprob_gain: None,
            mean_logprob: None,
            one_best_logprob: None,
            in_list: words.contains(&proposed),
            disagreement: disagreement / one_best.len().max(1) as f64,
            tokens_per_word: None,
            confidence: None,
        }
    }

    /// The row that is learned from, in the order of [`FEATURES`]. What is not known is NaN,
    /// which [`Logistic`](crate::learn::Logistic) reads as the mean. Words count by their logarithm:
    /// from 5 to 10 is as much as from 10 to 20.
    #[must_use]
    pub fn values(&self) -> Vec<f64> {
        let known = |value: Option<f64>| value.unwrap_or(f64::NAN);
        let row: [f64; FEATURES.len()] = [
            self.distinct as f64,
            self.entropy,
            self.margin,
            (self.words as f64).ln_1p(),
            self.changed,
            known(self.score),
            known(self.logprob_gain),
            known(self.mean_logprob),
            known(self.one_best_logprob),
            f64::from(u8::from(self.in_list)),
            self.disagreement,
            known(self.tokens_per_word),
            known(self.confidence),
        ];
        row.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[(&str, Option<f64>)]) -> Utterance {
        let list = texts.iter().map(|(text, score)| ((*text).to_owned(), *score, None));
        Utterance::from_list("u", list)
    }

    #[test]
    fn the_list_and_the_text_give_what_they_can() {
        let utterance = list(&[("show me fights", Some(-0.2)), ("show me flights", Some(-0.3))]);
        let features = ProposalFeatures::of(&utterance, &Posterior::default(), "show  me flights");
        assert_eq!((features.distinct, features.words, features.in_list), (2, 3, true));
        assert!((features.changed - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(features.score, Some(-0.2));
        let row = features.values();
        assert_eq!(row.len(), FEATURES.len());
        for (name, value) in FEATURES.iter().zip(row) {
            let unknown =
                name.contains("logprob") || ["tokens_per_word", "confidence"].contains(name);
            assert_eq!(value.is_nan(), unknown, "{name}");
        }
    }

    #[test]
    fn empty_texts_have_features() {
        let features =
            ProposalFeatures::of(&list(&[("", None)]), &Posterior::default(), "hello you");
        assert_eq!((features.words, features.changed, features.in_list), (0, 2.0, false));
        assert_eq!((features.score, features.disagreement), (None, 0.0));
    }

    #[test]
    fn disagreement_is_the_expected_difference_of_two_draws() {
        let utterance = list(&[("a b", Some(-0.2)), ("a c", Some(-0.2)), ("d c", Some(-0.2))]);
        let features = ProposalFeatures::of(&utterance, &Posterior::default(), "a b");
        // Of nine draws four differ in one word and two in both, of two.
        assert!((features.disagreement - 8.0 / 9.0 / 2.0).abs() < 1e-12);
    }
}
