//! The errors of one text, by place and class, and what two texts have each for itself.

use super::class::Class;
use super::names::Names;
use crate::edits::pair;
use crate::score::Op;

/// Changed stretches with more pairs of words are not searched for split words.
const MOST_PAIRS: usize = 10_000;

/// The errors of a text against a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Errors<'t> {
    /// For each word of the reference, what is wrong with it.
    words: Vec<Option<Class>>,
    /// Inserted words by the word of the reference before which they stand, in order.
    inserted: Vec<(usize, &'t str, Class)>,
}

/// A changed stretch: so many words of the reference and of the text from these on.
struct Stretch<'s, 't> {
    reference: &'s [&'t str],
    words: &'s [&'t str],
    ops: &'s [Op],
}

impl<'t> Errors<'t> {
    /// The errors of words against a reference. Within a changed stretch, words that are
    /// spelled alike stand for each other.
    pub(super) fn of(reference: &[&'t str], words: &[&'t str], names: &Names) -> Self {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let (left, right): (Vec<String>, Vec<String>) = (owned(reference), owned(words));
        let ops = pair(&left, &right);
        let mut errors = Self { words: Vec::with_capacity(reference.len()), inserted: Vec::new() };
        let (mut i, mut j) = (0, 0);
        for run in ops.chunk_by(|one, other| (*one == Op::Match) == (*other == Op::Match)) {
            let left = run.iter().filter(|op| **op != Op::Insert).count();
            let right = run.iter().filter(|op| **op != Op::Delete).count();
            if run.first() == Some(&Op::Match) {
                errors.words.extend(std::iter::repeat_n(None, left));
            } else if let Some((reference, words)) =
                reference.get(i..i + left).zip(words.get(j..j + right))
            {
                errors.add(&Stretch { reference, words, ops: run }, names);
            }
            i += left;
            j += right;
        }
        errors
    }

    fn add(&mut self, stretch: &Stretch<'_, 't>, names: &Names) {
        let (split_reference, split_words) = stretch.split_or_joined();
        let (mut i, mut j) = (0, 0);
        for op in stretch.ops {
            let said = stretch.reference.get(i).filter(|_| *op != Op::Insert).copied();
            let heard = stretch.words.get(j).filter(|_| *op != Op::Delete).copied();
            let split = said.is_some() && split_reference.get(i) == Some(&true)
                || heard.is_some() && split_words.get(j) == Some(&true);
            let class = if split { Class::SplitOrJoin } else { Class::of(said, heard, names) };
            match (op, heard) {
                (Op::Insert, Some(word)) => self.inserted.push((self.words.len(), word, class)),
                (Op::Insert, None) => {}
                _ => self.words.push(Some(class)),
            }
            i += usize::from(*op != Op::Insert);
            j += usize::from(*op != Op::Delete);
        }
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn count(&self) -> u64 {
        (self.words.iter().flatten().count() + self.inserted.len()) as u64
    }

    /// The errors that one of two texts has and the other has not, by class: those of `self`
    /// that `other` has not are fixed, the other way round made.
    ///
    /// A word of the reference that both get wrong is neither, however they do. Of insertions
    /// at one place, equal words go out against each other, then any words one for one, from
    /// the left. So `made - fixed` is the difference of the numbers of errors.
    pub(super) fn changes(&self, other: &Self, mut change: impl FnMut(Class, Side)) {
        for pair in self.words.iter().zip(&other.words) {
            match pair {
                (Some(class), None) => change(*class, Side::Fixed),
                (None, Some(class)) => change(*class, Side::Made),
                _ => {}
            }
        }
        let places = 0..=self.words.len().max(other.words.len());
        for place in places.filter(|_| !self.inserted.is_empty() || !other.inserted.is_empty()) {
            let here = |errors: &Self| -> Vec<(&'t str, Class)> {
                let all = errors.inserted.iter().filter(|(at, ..)| *at == place);
                all.map(|(_, word, class)| (*word, *class)).collect()
            };
            let (mut ours, mut theirs) = (here(self), here(other));
            ours.retain(|(word, _)| match theirs.iter().position(|(other, _)| other == word) {
                Some(same) => {
                    theirs.remove(same);
                    false
                }
                None => true,
            });
            let both = ours.len().min(theirs.len());
            ours.iter().skip(both).for_each(|(_, class)| change(*class, Side::Fixed));
            theirs.iter().skip(both).for_each(|(_, class)| change(*class, Side::Made));
        }
    }
}

/// Which of two texts has an error alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The first.
    Fixed,
    /// The second.
    Made,
}

impl Stretch<'_, '_> {
    /// Which words of either side are the other side's, written together or apart.
    fn split_or_joined(&self) -> (Vec<bool>, Vec<bool>) {
        let mut marks = (vec![false; self.reference.len()], vec![false; self.words.len()]);
        if self.reference.len() * self.words.len() > MOST_PAIRS {
            return marks;
        }
        let (mut i, mut from) = (0, 0);
        while i < self.reference.len() {
            let found = (from..self.words.len())
                .find_map(|j| Some((j, same_letters(&self.reference[i..], &self.words[j..])?)));
            if let Some((j, (left, right))) = found {
                marks.0[i..i + left].fill(true);
                marks.1[j..j + right].fill(true);
                from = j + right;
                i += left;
            } else {
                i += 1;
            }
        }
        marks
    }
}

/// How many words at the beginning of each side are the same when written together.
fn same_letters(reference: &[&str], words: &[&str]) -> Option<(usize, usize)> {
    let joined = |word: &&str| word.replace(['-', '‐', '‑', '–', '\'', '’'], "");
    let (mut left, mut right) = (joined(reference.first()?), joined(words.first()?));
    let (mut i, mut j) = (1, 1);
    loop {
        if left == right {
            let equal = i == 1 && j == 1 && reference.first() == words.first();
            return (!left.is_empty() && !equal).then_some((i, j));
        }
        if right.starts_with(&left) {
            left += &joined(reference.get(i)?);
            i += 1;
        } else if left.starts_with(&right) {
            right += &joined(words.get(j)?);
            j += 1;
        } else {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::score::word_counts;

    fn errors<'t>(reference: &'t str, text: &'t str) -> Errors<'t> {
        let words = |text: &'t str| text.split_whitespace().collect::<Vec<_>>();
        Errors::of(&words(reference), &words(text), &Names::default())
    }

    fn changes(reference: &str, first: &str, second: &str) -> Vec<(Class, Side)> {
        let mut all = Vec::new();
        errors(reference, first)
            .changes(&errors(reference, second), |class, side| all.push((class, side)));
        all
    }

    #[test]
    fn words_written_together_or_apart_are_one_class() {
        use Class::{SplitOrJoin, Substitution};
        use Side::{Fixed, Made};
        let reference = "a non stop flight";
        assert_eq!(changes(reference, "a nonstop flight", reference), [(SplitOrJoin, Fixed); 2]);
        assert_eq!(changes(reference, reference, "a non-stop flight"), [(SplitOrJoin, Made); 2]);
        assert_eq!(changes("nonstop x", "non stop x", "nonstop x"), [(SplitOrJoin, Fixed); 2]);
        let both = changes("nonstop denver", "nonstop denver", "non stop fright");
        assert_eq!(both, [(SplitOrJoin, Made), (Substitution, Made), (SplitOrJoin, Made)]);
    }

    #[test]
    fn what_both_get_wrong_is_neither_fixed_nor_made() {
        assert_eq!(changes("flight x", "fright x", "denver x"), []);
        assert_eq!(changes("a b", "a kilo b", "a lima b"), []);
        let two = changes("a b", "a kilo lima b", "a lima b");
        assert_eq!(two, [(Class::Insertion, Side::Fixed)]);
    }

    proptest! {
        #[test]
        fn made_less_fixed_is_the_difference_of_errors(
            reference in "([abc]{1,2} ){0,7}",
            first in "([abc]{1,2} ){0,7}",
            second in "([abc-]{1,2} ){0,7}",
        ) {
            let count = |text: &str| word_counts(&reference, text).errors();
            prop_assert_eq!(errors(&reference, &first).count(), count(&first));
            let mut sum = 0;
            for (_, side) in changes(&reference, &first, &second) {
                sum += if side == Side::Made { 1 } else { -1 };
            }
            prop_assert_eq!(sum, count(&second) as i64 - count(&first) as i64);
        }

        #[test]
        fn swapping_the_texts_swaps_fixed_and_made(
            reference in "([abc]{1,2} ){0,7}",
            first in "([abc]{1,2} ){0,7}",
            second in "([abc]{1,2} ){0,7}",
        ) {
            let on = |all: &[(Class, Side)], side: Side| all.iter().filter(|one| one.1 == side).count();
            let (there, back) = (changes(&reference, &first, &second), changes(&reference, &second, &first));
            prop_assert_eq!(on(&there, Side::Fixed), on(&back, Side::Made));
            prop_assert_eq!(on(&there, Side::Made), on(&back, Side::Fixed));
        }
    }
}
