//! From a corrected text to edits of a segment's words, and back.
//!
//! Language models answer with a whole text, most of them in lower case and without
//! punctuation, or with a list of pairs. What they changed is found here by aligning their
//! words with those of the segment; everything else stays as it stands in the file.
//!
//! - [`between`] gives the edits of one segment, with the case and punctuation of the words
//!   that they replace.
//! - [`support`] tells which hypotheses of the recogniser back an edit.
//! - [`pairs`] reads answers that list errors with their corrections.
//! - [`split_back`] and [`reflow`] give the correction of several segments back to each.

mod between;
mod key;
mod pairing;
pub mod pairs;
mod project;
mod split;
mod support;
#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::document::{Edit, Segment, script};

pub use between::between;
pub(crate) use pairing::pair;
pub use split::{ends_a_sentence, reflow, split_back};
pub use support::{Support, support};

/// What of a correction counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Surface {
    /// Its words. Case and punctuation are those of the segment.
    #[default]
    Words,
    /// Its case and punctuation too.
    Full,
}

/// An edit of a segment's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenEdit {
    /// Numbers of the tokens it replaces; an empty range inserts before a token, or at the
    /// end.
    pub tokens: Range<usize>,
    /// How those tokens read.
    pub original: String,
    /// What stands there instead; empty if they are deleted.
    pub replacement: String,
}

impl TokenEdit {
    /// The same as an edit of a document, for the segment with this number.
    #[must_use]
    pub fn of_segment(&self, segment: usize) -> Edit {
        Edit { segment, tokens: self.tokens.clone(), replacement: self.replacement.clone() }
    }
}

/// The words of a text in lower case and without punctuation around them, as models for bare
/// words read it. Empty where there is no word.
#[must_use]
pub fn bare_words(text: &str) -> String {
    let words = script::words(text).into_iter().map(|word| (key::key(&word.surface), word.spaced));
    let words: Vec<(String, bool)> = words.filter(|(key, _)| !key.is_empty()).collect();
    script::join(words.iter().map(|(key, spaced)| (key.as_str(), *spaced)))
}

/// The least confidence of the words in `corrected` that an edit brings, where each of its
/// words (separated by white space) has one. `None` for a deletion, and where the words are
/// not found.
#[must_use]
pub fn score(edit: &TokenEdit, corrected: &str, confidences: &[f64]) -> Option<f64> {
    let words: Vec<String> = corrected.split_whitespace().map(key::key).collect();
    let wanted: Vec<String> = edit.replacement.split_whitespace().map(key::key).collect();
    if wanted.is_empty() || words.len() != confidences.len() {
        return None;
    }
    let places = words.windows(wanted.len()).zip(confidences.windows(wanted.len()));
    let found = places.filter(|(words, _)| **words == wanted);
    found.flat_map(|(_, confidences)| confidences).copied().reduce(f64::min)
}

/// The segment's text with edits made, which are in order and do not overlap.
#[must_use]
pub fn applied(segment: &Segment, edits: &[TokenEdit]) -> String {
    let mut words: Vec<(String, bool)> = Vec::with_capacity(segment.tokens.len());
    let mut add = |word: String, apart: bool| {
        let last = words.last().map_or("", |(last, _)| last.as_str());
        let apart = apart || script::needs_space(last, &word);
        words.push((word, apart));
    };
    let mut edits = edits.iter().peekable();
    let mut until = 0;
    for at in 0..=segment.tokens.len() {
        let token = segment.tokens.get(at);
        let apart = token.is_none_or(|token| token.space_before);
        while let Some(edit) = edits.next_if(|edit| edit.tokens.start <= at) {
            for (place, word) in script::words(&edit.replacement).into_iter().enumerate() {
                let first = apart && !edit.tokens.is_empty();
                add(word.surface, if place == 0 { first } else { word.spaced });
            }
            until = until.max(edit.tokens.end);
        }
        if let Some(token) = token.filter(|_| at >= until) {
            add(token.surface.clone(), apart);
        }
    }
    script::join(words.iter().map(|(word, apart)| (word.as_str(), *apart)))
}
