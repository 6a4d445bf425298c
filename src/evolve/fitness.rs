//! What a template is worth, and who finds out.

use serde::{Deserialize, Serialize};

use super::error::Failure;
use super::settings::Settings;
use crate::llm::BoxFuture;
use crate::prompt::Selection;

/// A template to be evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Identifies what it asks: BLAKE3 in hexadecimal of its source and, where it shows
    /// examples, of how they are selected.
    pub hash: String,
    /// The text of the template file.
    pub source: String,
    /// Its settings; the numbers stand in the header of `source`, too.
    pub settings: Settings,
}

impl Candidate {
    pub(super) fn new(source: String, settings: Settings) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(source.as_bytes());
        // A byte that no UTF-8 text holds, so that two texts cannot be taken for one.
        hasher.update(&[0xFF]);
        if settings.examples > 0 && settings.selection != Selection::None {
            hasher.update(settings.selection.to_string().as_bytes());
        }
        Self { hash: hasher.finalize().to_hex().to_string(), source, settings }
    }

    /// The first letters of the hash, for messages.
    pub(super) fn short(&self) -> String {
        self.hash.chars().take(12).collect()
    }
}

/// What came of correcting some utterances with a template.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// Word errors of each utterance, in the order in which the utterances were given.
    pub errors: Vec<u32>,
    /// Reference words of all of them.
    pub words: u64,
    /// Tokens of all prompts and answers.
    pub tokens: u64,
}

impl Score {
    /// Word errors of all utterances.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.errors.iter().copied().map(u64::from).sum()
    }

    /// Word errors and the price of the tokens, in errors: what the search makes small.
    /// `token_price` is in errors per token.
    #[must_use]
    pub fn cost(&self, token_price: f64) -> f64 {
        self.total() as f64 + token_price * self.tokens as f64
    }

    /// Appends what came of further utterances.
    pub(super) fn append(&mut self, more: Self) {
        self.errors.extend(more.errors);
        self.words += more.words;
        self.tokens += more.tokens;
    }
}

/// Corrects development utterances with a template and counts the errors. Several
/// evaluations run at a time.
pub trait Fitness: Sync {
    /// Evaluates a candidate on the utterances with these indices: 0 to
    /// [`super::SearchSettings::utterances`], each at most once, in no particular order.
    /// The score has one error count for each.
    ///
    /// The same candidate on the same utterances must get the same score, or a resumed
    /// search goes another way.
    fn evaluate<'a>(
        &'a self,
        candidate: &'a Candidate,
        utterances: &'a [usize],
    ) -> BoxFuture<'a, Result<Score, Failure>>;
}

/// Whether a paired comparison speaks against a candidate: it makes more errors than the
/// other on the same utterances, and the surplus exceeds `evidence` standard deviations of
/// what random signs of the differences would give (Fisher's randomisation test, normal
/// approximation). What only one of the two was evaluated on does not count. An `evidence` of
/// 0 asks only for more errors.
pub(super) fn is_worse(candidate: &[u32], other: &[u32], evidence: f64) -> bool {
    let pairs = || candidate.iter().zip(other).map(|(a, b)| f64::from(*a) - f64::from(*b));
    let surplus: f64 = pairs().sum();
    let deviation = pairs().map(|difference| difference * difference).sum::<f64>().sqrt();
    surplus > 0.0 && surplus > evidence * deviation
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_grows_with_the_number_of_equal_signs() {
        assert!(!is_worse(&[1, 0, 0], &[0, 0, 0], 1.0));
        assert!(is_worse(&[1, 1, 0], &[0, 0, 0], 1.0));
        assert!(!is_worse(&[1, 1, 0, 0], &[0, 0, 1, 0], 1.0));
        assert!(is_worse(&[1, 1, 0, 0], &[0, 0, 1, 0], 0.0));
        assert!(!is_worse(&[0, 0], &[1, 1], 0.0));
        assert!(!is_worse(&[], &[], 0.0));
    }

    #[test]
    fn only_what_is_asked_counts_for_the_hash() {
        let candidate = |source: &str, examples, selection| {
            let settings = Settings { examples, selection, hypotheses: 5 };
            Candidate::new(source.to_owned(), settings).hash
        };
        let nearest = candidate("a", 2, Selection::Nearest);
        assert_ne!(nearest, candidate("b", 2, Selection::Nearest));
        assert_ne!(nearest, candidate("a", 2, Selection::Random { seed: 1 }));
        assert_eq!(candidate("a", 0, Selection::Nearest), candidate("a", 0, Selection::None));
    }

    #[test]
    fn a_score_counts_errors_and_prices_tokens() {
        let mut score = Score { errors: vec![1, 2], words: 10, tokens: 100 };
        score.append(Score { errors: vec![4], words: 5, tokens: 50 });
        assert_eq!((score.total(), score.words), (7, 15));
        assert_eq!(score.cost(0.01), 8.5);
    }
}
