//! Word errors of texts, and which words of a text are right.

use crate::score::{Distance, Op, Symbols, align};

/// Word edit distance between a reference and a text (separated by white space).
pub(super) fn errors(reference: &str, text: &str) -> u32 {
    let mut symbols = Symbols::default();
    let (reference, text) = (symbols.words(reference), symbols.words(text));
    u32::try_from(Distance::default().between(&reference, &text)).unwrap_or(u32::MAX)
}

/// Number of words.
pub(super) fn count(text: &str) -> u64 {
    text.split_whitespace().count() as u64
}

/// For each word of `text`, whether the alignment with the reference finds it there.
pub(super) fn right(reference: &str, text: &str) -> Vec<bool> {
    let reference: Vec<&str> = reference.split_whitespace().collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    align(&reference, &words)
        .into_iter()
        .filter(|op| *op != Op::Delete)
        .map(|op| op == Op::Match)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_of_the_text_is_right_or_not() {
        assert_eq!(right("show me flights", "show flights"), [true, true]);
        assert_eq!(right("show me", "show me to"), [true, true, false]);
        assert_eq!(right("a b", "a x"), [true, false]);
        assert_eq!(right("", "a"), [false]);
        assert!(right("a", "").is_empty());
        assert_eq!((errors("a b", "a"), count(" a  b ")), (1, 2));
    }
}
