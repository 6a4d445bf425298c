//! Levenshtein alignment with a fixed rule for ties.

use std::ops::Range;

/// One step of an alignment, from the reference to the hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Both have the same unit.
    Match,
    /// Each has another unit.
    Substitute,
    /// Only the reference has a unit.
    Delete,
    /// Only the hypothesis has a unit.
    Insert,
}

/// Above this many cells the problem is divided in two: 4 MiB of back pointers.
const MOST_CELLS: usize = 4 << 20;
/// Shorter references are never divided.
const SHORTEST_DIVIDED_REFERENCE: usize = 65;
/// Shorter hypotheses are never divided.
const SHORTEST_DIVIDED_HYPOTHESIS: usize = 10;

/// An alignment of least cost, every error costing one.
///
/// Several alignments can have the least cost and differ in which errors they blame. The
/// rule here is that of rapidfuzz, so that substitutions, deletions and insertions agree
/// with jiwer's, not only their sum: units that both sequences begin or end with are
/// matched first; the rest is traced from its end, where a deletion is preferred, then an
/// insertion if the diagonal step would be a match or dearer, then the diagonal step.
/// Problems of more than 4 Mi cells are divided (Hirschberg) at the middle of the
/// hypothesis and the earliest best place of the reference, so memory stays bounded.
///
/// Two empty sequences give no step. Time grows with the product of the lengths that
/// remain when the common ends are taken away.
#[must_use]
pub fn align<T: Eq>(reference: &[T], hypothesis: &[T]) -> Vec<Op> {
    let mut ops = Vec::with_capacity(reference.len().max(hypothesis.len()));
    align_into(reference, hypothesis, usize::MAX, &mut ops);
    ops
}

/// Lengths of the parts that both sequences begin and end with, not overlapping.
pub(super) fn common_ends<T: Eq>(reference: &[T], hypothesis: &[T]) -> (usize, usize) {
    let prefix = reference.iter().zip(hypothesis).take_while(|(a, b)| a == b).count();
    let tails = reference[prefix..].iter().rev().zip(hypothesis[prefix..].iter().rev());
    (prefix, tails.take_while(|(a, b)| a == b).count())
}

fn align_into<T: Eq>(reference: &[T], hypothesis: &[T], most_errors: usize, ops: &mut Vec<Op>) {
    let (prefix, suffix) = common_ends(reference, hypothesis);
    let reference = &reference[prefix..reference.len() - suffix];
    let hypothesis = &hypothesis[prefix..hypothesis.len() - suffix];
    ops.extend(std::iter::repeat_n(Op::Match, prefix));

    // The band is what rapidfuzz would store: it decides only where to divide.
    let most_errors = most_errors.min(reference.len().max(hypothesis.len()));
    let band = reference.len().min(2 * most_errors + 1);
    if band * hypothesis.len() < MOST_CELLS
        || reference.len() < SHORTEST_DIVIDED_REFERENCE
        || hypothesis.len() < SHORTEST_DIVIDED_HYPOTHESIS
    {
        trace(reference, hypothesis, ops);
    } else {
        let middle = hypothesis.len() / 2;
        let (cut, before, after) = best_cut(reference, hypothesis, middle);
        align_into(&reference[..cut], &hypothesis[..middle], before, ops);
        align_into(&reference[cut..], &hypothesis[middle..], after, ops);
    }
    ops.extend(std::iter::repeat_n(Op::Match, suffix));
}

/// Fills the whole table of choices and walks it from its end.
fn trace<T: Eq>(reference: &[T], hypothesis: &[T], ops: &mut Vec<Op>) {
    let width = hypothesis.len();
    let mut choices = vec![Op::Match; reference.len() * width];
    let mut above: Vec<u32> = (0..).take(width + 1).collect();
    for (i, unit) in (0_u32..).zip(reference) {
        let row = &mut choices[i as usize * width..][..width];
        // `diagonal` is the cell above and left, `left` the cell before.
        let mut diagonal = above[0];
        let mut left = i + 1;
        above[0] = left;
        for ((cell, choice), other) in above[1..].iter_mut().zip(row).zip(hypothesis) {
            let equal = unit == other;
            let step = diagonal + u32::from(!equal);
            let best = step.min(*cell + 1).min(left + 1);
            *choice = if best == *cell + 1 {
                Op::Delete
            } else if best == left + 1 && best == diagonal {
                Op::Insert
            } else if equal {
                Op::Match
            } else {
                Op::Substitute
            };
            diagonal = *cell;
            *cell = best;
            left = best;
        }
    }

    let start = ops.len();
    let (mut i, mut j) = (reference.len(), width);
    while i > 0 && j > 0 {
        let choice = choices[(i - 1) * width + j - 1];
        i -= usize::from(choice != Op::Insert);
        j -= usize::from(choice != Op::Delete);
        ops.push(choice);
    }
    ops.extend(std::iter::repeat_n(Op::Delete, i));
    ops.extend(std::iter::repeat_n(Op::Insert, j));
    ops[start..].reverse();
}

/// Where to cut the reference when the hypothesis is cut at `middle`, and the errors
/// before and after: the earliest place, from 1, at which their sum is least.
fn best_cut<T: Eq>(reference: &[T], hypothesis: &[T], middle: usize) -> (usize, usize, usize) {
    let length = reference.len();
    let before = costs(length, 0..middle, |i, j| reference[i] == hypothesis[j]);
    let rest = hypothesis.len() - middle;
    let after = costs(length, 0..rest, |i, j| {
        reference[length - 1 - i] == hypothesis[hypothesis.len() - 1 - j]
    });
    let mut best = (1, usize::MAX, 0);
    for cut in 1..=length {
        let (left, right) = (before[cut] as usize, after[length - cut] as usize);
        if best.1 == usize::MAX || left + right < best.1 + best.2 {
            best = (cut, left, right);
        }
    }
    best
}

/// Errors between every prefix of the reference (by length) and the whole hypothesis.
fn costs(
    length: usize,
    hypothesis: Range<usize>,
    equal: impl Fn(usize, usize) -> bool,
) -> Vec<u32> {
    let mut column: Vec<u32> = (0..).take(length + 1).collect();
    for j in hypothesis {
        let mut diagonal = column[0];
        column[0] += 1;
        for i in 0..length {
            let step = diagonal + u32::from(!equal(i, j));
            diagonal = column[i + 1];
            column[i + 1] = step.min(column[i] + 1).min(diagonal + 1);
        }
    }
    column
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{EditCounts, symbols::Symbols};
    use super::*;

    fn letters() -> impl Strategy<Value = Vec<u32>> {
        prop::collection::vec(0_u32..4, 0..90)
    }

    proptest! {
        #[test]
        fn cost_equals_distance_and_counts_sum_to_lengths(a in letters(), b in letters()) {
            let counts: EditCounts = align(&a, &b).into_iter().collect();
            prop_assert_eq!(counts.errors(), costs(a.len(), 0..b.len(), |i, j| a[i] == b[j])[a.len()] as u64);
            prop_assert_eq!(counts.hits + counts.substitutions + counts.deletions, a.len() as u64);
            prop_assert_eq!(counts.hits + counts.substitutions + counts.insertions, b.len() as u64);
        }

        #[test]
        fn the_steps_turn_one_sequence_into_the_other(a in letters(), b in letters()) {
            let (mut i, mut j) = (0, 0);
            for op in align(&a, &b) {
                match op {
                    Op::Match => prop_assert_eq!(a[i], b[j]),
                    Op::Substitute => prop_assert_ne!(a[i], b[j]),
                    Op::Delete | Op::Insert => {}
                }
                i += usize::from(op != Op::Insert);
                j += usize::from(op != Op::Delete);
            }
            prop_assert_eq!((i, j), (a.len(), b.len()));
        }

        #[test]
        fn swapping_the_sides_swaps_the_difference_of_insertions_and_deletions(a in letters(), b in letters()) {
            let there: EditCounts = align(&a, &b).into_iter().collect();
            let back: EditCounts = align(&b, &a).into_iter().collect();
            prop_assert_eq!(there.errors(), back.errors());
            prop_assert_eq!(
                there.insertions as i64 - there.deletions as i64,
                back.deletions as i64 - back.insertions as i64
            );
        }

        #[test]
        fn a_sequence_has_no_error_against_itself(a in letters()) {
            prop_assert!(align(&a, &a).iter().all(|op| *op == Op::Match));
        }
    }

    #[test]
    fn dividing_a_long_problem_keeps_the_least_cost() {
        let words: Vec<u32> = (0..2500_u32).map(|i| i.wrapping_mul(2_654_435_761) >> 30).collect();
        let other: Vec<u32> = (7..2400_u32).map(|i| i.wrapping_mul(2_246_822_519) >> 30).collect();
        let counts: EditCounts = align(&words, &other).into_iter().collect();
        let least = costs(words.len(), 0..other.len(), |i, j| words[i] == other[j])[words.len()];
        assert_eq!(counts.errors(), u64::from(least));
    }

    #[test]
    fn ties_follow_the_rule() {
        let mut symbols = Symbols::default();
        let a = symbols.words("a b");
        let b = symbols.words("b a");
        assert_eq!(align(&a, &b), [Op::Insert, Op::Match, Op::Delete]);
    }
}
