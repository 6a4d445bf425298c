//! Answers counted against the truth.

use serde::{Deserialize, Serialize};

use super::ClassSet;

/// How often each class was answered for each true one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    classes: Vec<String>,
    /// A row for each true class, with a column for each answer and a last one for `no class`.
    counts: Vec<Vec<u64>>,
    /// Utterances whose true class is not known or not one of these.
    unscored: u64,
}

impl Confusion {
    /// Nothing counted.
    #[must_use]
    pub fn new(classes: &ClassSet) -> Self {
        let counts = vec![vec![0; classes.len() + 1]; classes.len()];
        Self { classes: classes.names().to_vec(), counts, unscored: 0 }
    }

    /// Counts one utterance. Both classes are places in the set; an answer of `None`, or of no
    /// place in the set, counts as `no class`, and such a truth as not scored.
    pub fn add(&mut self, truth: Option<usize>, answer: Option<usize>) {
        let Some(row) = truth.and_then(|truth| self.counts.get_mut(truth)) else {
            self.unscored += 1;
            return;
        };
        let none = row.len() - 1;
        row[answer.unwrap_or(none).min(none)] += 1;
    }

    /// The classes.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// A row for each true class, with a column for each answer and a last one for `no class`.
    #[must_use]
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// Utterances whose true class is not known or not one of these.
    #[must_use]
    pub fn unscored(&self) -> u64 {
        self.unscored
    }

    /// Utterances with this true class.
    #[must_use]
    pub fn support(&self, class: usize) -> u64 {
        self.counts.get(class).map_or(0, |row| row.iter().sum())
    }

    /// Utterances answered with this class; with the number of classes, those without an
    /// answer.
    #[must_use]
    pub fn answered(&self, class: usize) -> u64 {
        self.counts.iter().filter_map(|row| row.get(class)).sum()
    }

    /// Utterances with this true class that were answered with it.
    #[must_use]
    pub fn correct(&self, class: usize) -> u64 {
        self.counts.get(class).and_then(|row| row.get(class)).copied().unwrap_or(0)
    }
}
