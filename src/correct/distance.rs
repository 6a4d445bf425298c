//! Word edit distance between two texts.

use crate::score::{Distance, Symbols};

/// The least number of words to substitute, delete and insert that turns one text into
/// the other; words are split at white space.
pub(super) fn word_distance(a: &str, b: &str) -> u64 {
    let mut symbols = Symbols::default();
    let (a, b) = (symbols.words(a), symbols.words(b));
    Distance::default().between(&a, &b)
}
