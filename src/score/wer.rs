//! Counts of hits and errors, and the rates made from them.

use std::ops::AddAssign;

use super::alignment::{Op, align};

/// How a hypothesis was aligned with its reference.
///
/// `hits + substitutions + deletions` is the length of the reference and
/// `hits + substitutions + insertions` that of the hypothesis, in words or characters.
/// Under compound merging the first still holds, the second need not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EditCounts {
    /// Units of the reference that the hypothesis has.
    pub hits: u64,
    /// Units of the reference that the hypothesis has otherwise.
    pub substitutions: u64,
    /// Units of the reference that the hypothesis lacks.
    pub deletions: u64,
    /// Units that only the hypothesis has.
    pub insertions: u64,
}

impl EditCounts {
    /// The counts of a hypothesis that equals its reference of this many units.
    #[must_use]
    pub fn all_hits(units: usize) -> Self {
        Self { hits: units as u64, ..Self::default() }
    }

    /// Substitutions, deletions and insertions together: the edit distance.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.substitutions + self.deletions + self.insertions
    }

    /// The length of the reference.
    #[must_use]
    pub fn reference_units(&self) -> u64 {
        self.hits + self.substitutions + self.deletions
    }

    /// Errors per unit of the reference, from 0 (above 1 with many insertions).
    /// `None` where the reference is empty.
    ///
    /// ```
    /// assert_eq!(gec::score::word_counts("show me flights", "show flights").rate(), Some(1.0 / 3.0));
    /// assert_eq!(gec::score::word_counts("", "flights").rate(), None);
    /// ```
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        match self.reference_units() {
            0 => None,
            units => Some(self.errors() as f64 / units as f64),
        }
    }

    /// [`rate`](Self::rate) of one utterance, defined for an empty reference too: 0 where
    /// the hypothesis is empty as well, else 1 (a mean over utterances needs a number).
    #[must_use]
    pub fn utterance_rate(&self) -> f64 {
        self.rate().unwrap_or(if self.insertions == 0 { 0.0 } else { 1.0 })
    }

    pub(super) fn count(&mut self, op: Op) {
        match op {
            Op::Match => self.hits += 1,
            Op::Substitute => self.substitutions += 1,
            Op::Delete => self.deletions += 1,
            Op::Insert => self.insertions += 1,
        }
    }
}

impl FromIterator<Op> for EditCounts {
    fn from_iter<I: IntoIterator<Item = Op>>(ops: I) -> Self {
        let mut counts = Self::default();
        ops.into_iter().for_each(|op| counts.count(op));
        counts
    }
}

impl AddAssign for EditCounts {
    fn add_assign(&mut self, other: Self) {
        self.hits += other.hits;
        self.substitutions += other.substitutions;
        self.deletions += other.deletions;
        self.insertions += other.insertions;
    }
}

/// Counts over the words (split at white space) of two texts, as they stand.
///
/// ```
/// let counts = gec::score::word_counts("a non stop flight", "a nonstop flight");
/// assert_eq!((counts.substitutions, counts.deletions, counts.insertions), (1, 1, 0));
/// ```
#[must_use]
pub fn word_counts(reference: &str, hypothesis: &str) -> EditCounts {
    let reference: Vec<&str> = reference.split_whitespace().collect();
    let hypothesis: Vec<&str> = hypothesis.split_whitespace().collect();
    align(&reference, &hypothesis).into_iter().collect()
}

/// Counts over the characters (Unicode scalar values) of two texts, spaces inside
/// included, white space at the ends not.
#[must_use]
pub fn character_counts(reference: &str, hypothesis: &str) -> EditCounts {
    let reference: Vec<char> = reference.trim().chars().collect();
    let hypothesis: Vec<char> = hypothesis.trim().chars().collect();
    align(&reference, &hypothesis).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_reference_has_no_rate_but_counts_in_a_mean() {
        assert_eq!(word_counts("", "").rate(), None);
        assert_eq!(word_counts("", "").utterance_rate(), 0.0);
        assert_eq!(word_counts("", "a b c").utterance_rate(), 1.0);
        assert_eq!(word_counts("", "a b c").insertions, 3);
    }

    #[test]
    fn an_empty_hypothesis_is_all_deletions() {
        assert_eq!(word_counts("a b", " ").deletions, 2);
        assert_eq!(word_counts("a b", " ").rate(), Some(1.0));
    }

    #[test]
    fn a_rate_can_exceed_one() {
        assert_eq!(word_counts("a", "b c d").rate(), Some(3.0));
    }

    #[test]
    fn characters_are_scalar_values_and_inner_spaces_count() {
        assert_eq!(character_counts(" größe ", "grösse").errors(), 2);
        assert_eq!(character_counts("a b", "ab").deletions, 1);
    }
}
