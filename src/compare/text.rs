//! One text of an utterance beside what was said.

use crate::score::{EditCounts, Op, Symbols, align, resolve_compounds};

/// What was said, normalised.
pub(super) struct Reference<'t> {
    pub(super) text: &'t str,
    pub(super) words: Vec<&'t str>,
}

/// One text of an utterance, aligned.
pub(super) struct Text<'t> {
    pub(super) words: Vec<&'t str>,
    pub(super) ops: Vec<Op>,
    pub(super) counts: EditCounts,
}

impl<'t> Text<'t> {
    /// Aligns a normalised text, words written together or apart forgiven or not.
    pub(super) fn new(reference: &Reference<'t>, text: &'t str, merge_compounds: bool) -> Self {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (words, ops) = if merge_compounds {
            resolve_compounds(&reference.words, &words)
        } else {
            let mut symbols = Symbols::default();
            let numbers = symbols.words(reference.text);
            (words, align(&numbers, &symbols.words(text)))
        };
        let counts = ops.iter().copied().collect();
        Self { words, ops, counts }
    }
}
