//! The matched-pairs sentence-segment word error test.

use serde::{Deserialize, Serialize};

use super::alignment::Op;
use super::normal::two_sided;

/// Words in a row on which both systems are right, between two segments.
const FEWEST_GOOD: u32 = 2;

/// Collects the segments of two systems on the same utterances, for the matched-pairs
/// sentence-segment word error test (Gillick and Cox 1989, "Some statistical issues in the
/// comparison of speech recognition algorithms").
///
/// A segment begins at an error of either system and ends where both are right on two
/// words of the reference in a row, or where the utterance does. What one segment has of
/// errors then hardly depends on the others. NIST's `sc_stats -t mapsswe` segments alike,
/// but loses insertions of its second system behind the last word of the reference where
/// no segment is open; here they count.
///
/// Keeps three sums, whatever the number of utterances.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MatchedPairs {
    segments: u64,
    /// Of errors of the second system less those of the first.
    differences: i64,
    squares: u64,
}

/// What the matched-pairs test says. Differences are errors of the second system less
/// those of the first in a segment: below zero, the second is better.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Matched {
    /// Stretches with an error of either system.
    pub segments: u64,
    /// Mean difference; 0 without segments.
    pub mean: f64,
    /// Standard deviation of the differences (of a sample: divided by one less than the
    /// segments); 0 where all are equal.
    pub deviation: f64,
    /// `mean / (deviation / sqrt(segments))`; 0 where the deviation is 0, as in `sc_stats`:
    /// without spread there is nothing to judge a difference by.
    pub z: f64,
    /// Two-sided probability of so large a `z` by the normal distribution, from 0 to 1; 1
    /// where `z` is 0. Meant for some dozens of segments and more.
    pub p_value: f64,
}

impl MatchedPairs {
    /// Adds the segments of one utterance, from the alignments of both systems with the same
    /// reference. Of references of different length the shorter one's missing words are
    /// taken to be right.
    pub fn add(&mut self, first: &[Op], second: &[Op]) {
        let (first, second) = (Marks::of(first), Marks::of(second));
        let mut open: Option<i64> = None;
        let mut good = 0;
        for place in 0..first.words().max(second.words()) {
            let inserted = [first.inserted(place), second.inserted(place)];
            if inserted != [0, 0] {
                *open.get_or_insert(0) += inserted[1] - inserted[0];
                good = 0;
            }
            let wrong = [first.wrong(place), second.wrong(place)];
            if wrong == [false, false] {
                good += 1;
            } else {
                *open.get_or_insert(0) += i64::from(wrong[1]) - i64::from(wrong[0]);
                good = 0;
            }
            if good >= FEWEST_GOOD
                && let Some(difference) = open.take()
            {
                self.count(difference);
            }
        }
        let inserted = [first.behind, second.behind];
        if inserted != [0, 0] {
            *open.get_or_insert(0) += inserted[1] - inserted[0];
        }
        if let Some(difference) = open {
            self.count(difference);
        }
    }

    fn count(&mut self, difference: i64) {
        self.segments += 1;
        self.differences = self.differences.saturating_add(difference);
        let square = difference.unsigned_abs().saturating_mul(difference.unsigned_abs());
        self.squares = self.squares.saturating_add(square);
    }

    /// The answer. Without segments all is 0, and the p-value 1.
    #[must_use]
    pub fn finish(&self) -> Matched {
        let count = self.segments as f64;
        let mean = if self.segments == 0 { 0.0 } else { self.differences as f64 / count };
        // In whole numbers, so that equal differences have no spread at all.
        let sum = i128::from(self.differences);
        let spread = i128::from(self.segments) * i128::from(self.squares) - sum * sum;
        let (deviation, z) = if self.segments > 1 && spread > 0 {
            let deviation = (spread as f64 / (count * (count - 1.0))).sqrt();
            (deviation, mean / (deviation / count.sqrt()))
        } else {
            (0.0, 0.0)
        };
        Matched { segments: self.segments, mean, deviation, z, p_value: two_sided(z) }
    }
}

/// Where a system is wrong, by the words of the reference.
struct Marks {
    /// Words inserted before each word of the reference, and whether that word is wrong.
    words: Vec<(i64, bool)>,
    /// Words inserted behind the last one.
    behind: i64,
}

impl Marks {
    fn of(ops: &[Op]) -> Self {
        let mut words = Vec::with_capacity(ops.len());
        let mut inserted = 0;
        for op in ops {
            match op {
                Op::Insert => inserted += 1,
                Op::Match => words.push((std::mem::take(&mut inserted), false)),
                Op::Substitute | Op::Delete => words.push((std::mem::take(&mut inserted), true)),
            }
        }
        Self { words, behind: inserted }
    }

    fn words(&self) -> usize {
        self.words.len()
    }

    fn inserted(&self, place: usize) -> i64 {
        self.words.get(place).map_or(0, |(inserted, _)| *inserted)
    }

    fn wrong(&self, place: usize) -> bool {
        self.words.get(place).is_some_and(|(_, wrong)| *wrong)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ops(letters: &str) -> Vec<Op> {
        letters
            .chars()
            .map(|letter| match letter {
                'C' => Op::Match,
                'S' => Op::Substitute,
                'D' => Op::Delete,
                _ => Op::Insert,
            })
            .collect()
    }

    fn sums(utterances: &[(&str, &str)]) -> (u64, i64, u64) {
        let mut pairs = MatchedPairs::default();
        utterances.iter().for_each(|(first, second)| pairs.add(&ops(first), &ops(second)));
        (pairs.segments, pairs.differences, pairs.squares)
    }

    #[test]
    fn two_good_words_or_the_end_bound_a_segment() {
        assert_eq!(sums(&[("CSCCSC", "CCCCCC")]), (2, -2, 2));
        assert_eq!(sums(&[("CSCSC", "CCCCC")]), (1, -2, 4));
        assert_eq!(sums(&[("CSCCCC", "CCCSCC")]), (1, 0, 0));
        assert_eq!(sums(&[("CSCCCC", "CCCCSC")]), (2, 0, 2));
        assert_eq!(sums(&[("CS", "CC"), ("SC", "CC")]), (2, -2, 2));
        assert_eq!(sums(&[("CCC", "CCC"), ("", "")]), (0, 0, 0));
    }

    #[test]
    fn insertions_stand_between_the_words_around_them() {
        assert_eq!(sums(&[("CSCICC", "CCCCC")]), (1, -2, 4));
        assert_eq!(sums(&[("CSCCIC", "CCCC")]), (2, -2, 2));
        assert_eq!(sums(&[("CC", "CCII")]), (1, 2, 4));
        assert_eq!(sums(&[("", "I")]), (1, 1, 1));
    }

    #[test]
    fn without_spread_there_is_no_evidence() {
        let mut pairs = MatchedPairs::default();
        assert_eq!((pairs.finish().mean, pairs.finish().p_value), (0.0, 1.0));
        for _ in 0..5 {
            pairs.add(&ops("CSC"), &ops("CCC"));
        }
        let answer = pairs.finish();
        assert_eq!((answer.segments, answer.mean), (5, -1.0));
        assert_eq!((answer.deviation, answer.z, answer.p_value), (0.0, 0.0, 1.0));
    }

    proptest! {
        #[test]
        fn swapping_the_systems_turns_the_sign(all in prop::collection::vec("[CSD]{0,9}", 1..9), seed in "[CSDI]{0,9}") {
            let (mut there, mut back) = (MatchedPairs::default(), MatchedPairs::default());
            for one in &all {
                there.add(&ops(one), &ops(&seed));
                back.add(&ops(&seed), &ops(one));
            }
            let (there, back) = (there.finish(), back.finish());
            prop_assert_eq!((there.segments, there.z, there.mean), (back.segments, -back.z, -back.mean));
            prop_assert_eq!(there.p_value, back.p_value);
        }

        #[test]
        fn every_error_is_in_one_segment(all in prop::collection::vec(("[CSDI]{0,12}", "[CSDI]{0,12}"), 0..9)) {
            let mut pairs = MatchedPairs::default();
            let mut expected = 0;
            for (first, second) in &all {
                pairs.add(&ops(first), &ops(second));
                let errors = |ops: &str| ops.chars().filter(|op| *op != 'C').count() as i64;
                expected += errors(second) - errors(first);
            }
            prop_assert_eq!(pairs.differences, expected);
        }
    }
}
