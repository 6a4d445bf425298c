//! Sums of two systems side by side.

use super::class::Class;
use super::compared::{ClassChange, Flip, Flips};
use super::errors::{Errors, Side};
use super::kept::Kept;
use crate::score::MatchedPairs;

/// Sums of a system beside the first.
#[derive(Debug)]
pub(super) struct PairSums {
    pub(super) matched: MatchedPairs,
    became_right: Kept,
    became_wrong: Kept,
    fewer_errors: Kept,
    more_errors: Kept,
    /// Fixed and made, for each class.
    classes: [[u64; 2]; Class::ALL.len()],
}

impl PairSums {
    /// Keeps so many utterances of each direction at most.
    pub(super) fn new(most: usize) -> Self {
        let kept = || Kept::new(most);
        Self {
            matched: MatchedPairs::default(),
            became_right: kept(),
            became_wrong: kept(),
            fewer_errors: kept(),
            more_errors: kept(),
            classes: [[0; 2]; Class::ALL.len()],
        }
    }

    /// Counts what only one of the two has.
    pub(super) fn classes(&mut self, first: &Errors<'_>, second: &Errors<'_>) {
        first.changes(second, |class, side| {
            let counts = &mut self.classes[class as usize];
            counts[usize::from(side == Side::Made)] += 1;
        });
    }

    /// Counts an utterance by its errors before and after.
    pub(super) fn flip(&mut self, before: u64, after: u64, flip: impl FnOnce() -> Flip) {
        let list = match (before, after) {
            _ if before == after => return,
            (_, 0) => &mut self.became_right,
            (0, _) => &mut self.became_wrong,
            _ if after < before => &mut self.fewer_errors,
            _ => &mut self.more_errors,
        };
        list.add(before.abs_diff(after), flip);
    }

    pub(super) fn changes(&self) -> Vec<ClassChange> {
        let changes = Class::ALL.into_iter().zip(self.classes);
        changes.map(|(class, [fixed, made])| ClassChange { class, fixed, made }).collect()
    }

    pub(super) fn flips(self) -> Flips {
        Flips {
            became_right: self.became_right.finish(),
            became_wrong: self.became_wrong.finish(),
            fewer_errors: self.fewer_errors.finish(),
            more_errors: self.more_errors.finish(),
        }
    }
}
