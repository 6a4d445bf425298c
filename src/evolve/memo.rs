//! What is known already, for a search that is resumed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::EvolveError;
use super::fitness::Score;

/// Scores and wordings of a search. A caller keeps it, and may write it out as JSON at any
/// time; a search that is given it again goes the same way without evaluating anything twice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memo {
    /// What the scores are of; empty in a new memo.
    pub(super) of: String,
    /// By hash of the candidate: the score on the first utterances of the search's order,
    /// one or more.
    scores: BTreeMap<String, Score>,
    /// By seed and sentence: what the rewriter proposed, `None` where it was of no use.
    rewritten: BTreeMap<String, Option<String>>,
}

impl Memo {
    /// How many candidates have been evaluated, at least in part.
    #[must_use]
    pub fn len(&self) -> usize {
        self.scores.len()
    }

    /// Whether nothing has been evaluated.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }

    /// Claims the memo for a search.
    pub(super) fn claim(&mut self, of: &str) -> Result<(), EvolveError> {
        if self.of.is_empty() {
            self.of = of.to_owned();
        }
        if self.of == of {
            return Ok(());
        }
        Err(EvolveError::OtherMemo { found: self.of.clone(), expected: of.to_owned() })
    }

    /// The score on the first utterances, of which there may be none.
    pub(super) fn score(&self, hash: &str) -> Option<&Score> {
        self.scores.get(hash)
    }

    pub(super) fn add(&mut self, hash: &str, score: Score) {
        self.scores.entry(hash.to_owned()).or_default().append(score);
    }

    pub(super) fn rewritten(&self, sentence: &str, seed: u64) -> Option<&Option<String>> {
        self.rewritten.get(&format!("{seed} {sentence}"))
    }

    pub(super) fn add_rewritten(&mut self, sentence: &str, seed: u64, proposal: Option<String>) {
        self.rewritten.insert(format!("{seed} {sentence}"), proposal);
    }
}
