//! Alignment that forgives words written together or apart.

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
    count(&table, reference.len(), hypothesis.len())
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

fn count(table: &[(u32, Step)], mut i: usize, mut j: usize) -> EditCounts {
    let width = j + 1;
    let mut counts = EditCounts::default();
    while i > 0 || j > 0 {
        let (back, left) = match table[i * width + j].1 {
            Step::Match => {
                counts.hits += 1;
                (1, 1)
            }
            Step::JoinReference(words) => {
                counts.hits += u64::from(words);
                (words as usize, 1)
            }
            Step::JoinHypothesis(words) => {
                counts.hits += 1;
                (1, words as usize)
            }
            Step::Substitute => {
                counts.substitutions += 1;
                (1, 1)
            }
            Step::Delete => {
                counts.deletions += 1;
                (1, 0)
            }
            Step::Insert => {
                counts.insertions += 1;
                (0, 1)
            }
        };
        i -= back;
        j -= left;
    }
    counts
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
        }
    }
}
