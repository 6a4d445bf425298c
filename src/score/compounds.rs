//! Alignment that forgives words written together or apart.

use super::alignment::Op;
use super::wer::EditCounts;

/// The dearest cost a cell can have.
const UNREACHED: u32 = u32::MAX;

/// How a cell was reached.
#[derive(Debug, Clone, Copy)]
enum Step {
    Match,
    /// So many reference words joined are one hypothesis word.
    JoinReference(u32),
    /// So many hypothesis words joined are one reference word.
    JoinHypothesis(u32),
    Substitute,
    Delete,
    Insert,
}

/// Counts of a least-cost alignment in which two or more adjacent words of one side match
/// a single word of the other at no cost when they are that word written apart, as
/// kaldialign's `merge_compounds` does: `non stop` against `nonstop` is no error.
///
/// The reference keeps its length (`hits` are reference words), so that rates of several
/// hypotheses share one denominator. Among alignments of equal cost a match is preferred,
/// then a join, then a substitution, a deletion, an insertion.
///
/// ```
/// use gec::score::compound_counts;
/// assert_eq!(compound_counts(&["non", "stop"], &["nonstop"]).errors(), 0);
/// assert_eq!(compound_counts(&["non", "stop"], &["nonstop"]).hits, 2);
/// ```
#[must_use]
pub fn compound_counts(reference: &[&str], hypothesis: &[&str]) -> EditCounts {
    resolve_compounds(reference, hypothesis).1.into_iter().collect()
}

/// The alignment behind [`compound_counts`], with the hypothesis as it is then read: what is
/// forgiven is written as the reference writes it, so that each step stands for one word of
/// one side or of both, as in [`align`](super::align).
///
/// ```
/// let (words, ops) = gec::score::resolve_compounds(&["non", "stop"], &["nonstop"]);
/// assert_eq!((words, ops.len()), (vec!["non", "stop"], 2));
/// ```
#[must_use]
pub fn resolve_compounds<'t>(
    reference: &[&'t str],
    hypothesis: &[&'t str],
) -> (Vec<&'t str>, Vec<Op>) {
    let width = hypothesis.len() + 1;
    let mut table = vec![(UNREACHED, Step::Match); (reference.len() + 1) * width];
    for i in 0..=reference.len() {
        for j in 0..=hypothesis.len() {
            let cost = |back: usize, left: usize| table[(i - back) * width + j - left].0;
            let mut best =
                if i == 0 && j == 0 { (0, Step::Match) } else { (UNREACHED, Step::Match) };
            let mut offer = |cost: u32, step: Step| {
                if cost < best.0 {
                    best = (cost, step);
                }
            };
            if i > 0 && j > 0 {
                if reference[i - 1] == hypothesis[j - 1] {
                    offer(cost(1, 1), Step::Match);
                }
                if let Some(joined) = joined(&reference[..i], hypothesis[j - 1]) {
                    offer(cost(joined, 1), Step::JoinReference(joined as u32));
                }
                if let Some(joined) = joined(&hypothesis[..j], reference[i - 1]) {
                    offer(cost(1, joined), Step::JoinHypothesis(joined as u32));
                }
                offer(cost(1, 1) + 1, Step::Substitute);
            }
            if i > 0 {
                offer(cost(1, 0) + 1, Step::Delete);
            }
            if j > 0 {
                offer(cost(0, 1) + 1, Step::Insert);
            }
            table[i * width + j] = best;
        }
    }
    resolve(&table, reference, hypothesis)
}

/// How many of the last words, at least two, make up `word` when written together.
fn joined(words: &[&str], word: &str) -> Option<usize> {
    let mut rest = word;
    for (index, part) in words.iter().rev().enumerate() {
        rest = rest.strip_suffix(part)?;
        if rest.is_empty() {
            return (index > 0).then_some(index + 1);
        }
    }
    None
}

fn resolve<'t>(
    table: &[(u32, Step)],
    reference: &[&'t str],
    hypothesis: &[&'t str],
) -> (Vec<&'t str>, Vec<Op>) {
    let width = hypothesis.len() + 1;
    let (mut i, mut j) = (reference.len(), hypothesis.len());
    let (mut words, mut ops) = (Vec::with_capacity(j), Vec::with_capacity(i.max(j)));
    while i > 0 || j > 0 {
        let (back, left, op) = match table[i * width + j].1 {
            Step::Match => (1, 1, Op::Match),
            Step::JoinReference(joined) => (joined as usize, 1, Op::Match),
            Step::JoinHypothesis(joined) => (1, joined as usize, Op::Match),
            Step::Substitute => (1, 1, Op::Substitute),
            Step::Delete => (1, 0, Op::Delete),
            Step::Insert => (0, 1, Op::Insert),
        };
        match op {
            Op::Match => words.extend(reference[i - back..i].iter().rev()),
            _ => words.extend(&hypothesis[j - left..j]),
        }
        ops.extend(std::iter::repeat_n(op, back.max(usize::from(op == Op::Insert))));
        i -= back;
        j -= left;
    }
    words.reverse();
    ops.reverse();
    (words, ops)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::word_counts;
    use super::*;

    fn errors(reference: &str, hypothesis: &str) -> u64 {
        let reference: Vec<&str> = reference.split_whitespace().collect();
        let hypothesis: Vec<&str> = hypothesis.split_whitespace().collect();
        compound_counts(&reference, &hypothesis).errors()
    }

    #[test]
    fn words_written_together_or_apart_are_no_error() {
        assert_eq!(errors("a nonstop flight", "a non stop flight"), 0);
        assert_eq!(errors("fly to d c", "fly to dc"), 0);
        assert_eq!(errors("the u s a", "the usa"), 0);
    }

    #[test]
    fn shifted_word_borders_are_errors() {
        assert_eq!(errors("a bc", "ab c"), 2);
    }

    #[test]
    fn a_joined_word_is_found_behind_a_deleted_one() {
        assert_eq!(errors("u usa", "u s a"), 1);
    }

    #[test]
    fn an_empty_side_is_all_insertions_or_deletions() {
        assert_eq!(compound_counts(&[], &["a", "b"]).insertions, 2);
        assert_eq!(compound_counts(&["a", "b"], &[]).deletions, 2);
        assert_eq!(compound_counts(&[], &[]), EditCounts::default());
    }

    proptest! {
        #[test]
        fn merging_never_adds_errors_and_keeps_the_reference(
            a in "[ab]{0,3}( [ab]{1,3}){0,12}",
            b in "[ab]{0,3}( [ab]{1,3}){0,12}",
        ) {
            let reference: Vec<&str> = a.split_whitespace().collect();
            let hypothesis: Vec<&str> = b.split_whitespace().collect();
            let counts = compound_counts(&reference, &hypothesis);
            prop_assert!(counts.errors() <= word_counts(&a, &b).errors());
            prop_assert_eq!(counts.reference_units(), reference.len() as u64);
            let (words, ops) = resolve_compounds(&reference, &hypothesis);
            let on = |not: Op| ops.iter().filter(|op| **op != not).count();
            prop_assert_eq!((on(Op::Insert), on(Op::Delete)), (reference.len(), words.len()));
            let (mut i, mut j) = (0, 0);
            for op in ops {
                if matches!(op, Op::Match | Op::Substitute) {
                    prop_assert_eq!(reference[i] == words[j], op == Op::Match);
                }
                i += usize::from(op != Op::Insert);
                j += usize::from(op != Op::Delete);
            }
        }
    }
}
