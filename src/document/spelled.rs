//! A segment by its letters.

use std::ops::Range;

use super::encoding::decode;
use super::scan::{Kind, Site, scan};

/// What is compared of texts that differ in spaces and punctuation.
pub(super) fn is_letter(character: &char) -> bool {
    character.is_alphanumeric()
}

/// The letters of a segment, what is no word included, and those of each of its tokens.
pub(super) struct Spelled {
    pub(super) letters: Vec<char>,
    tokens: Vec<Range<usize>>,
}

impl Spelled {
    pub(super) fn new(text: &str, site: &Site) -> Self {
        let scanned = scan(text, site);
        let mut letters = Vec::new();
        let mut tokens = vec![None; scanned.tokens.len()];
        for atom in &scanned.atoms {
            if !matches!(atom.kind, Kind::Token(_) | Kind::Sign) {
                continue;
            }
            let start = letters.len();
            let units = decode(text, atom.range.clone(), site.encoding);
            letters.extend(units.iter().filter_map(|unit| unit.character).filter(is_letter));
            if let Kind::Token(token) = atom.kind
                && let Some(range) = tokens.get_mut(token)
            {
                let first = range.as_ref().map_or(start, |range: &Range<usize>| range.start);
                *range = Some(first..letters.len());
            }
        }
        let tokens = tokens.into_iter().map(Option::unwrap_or_default).collect();
        Self { letters, tokens }
    }

    /// The letters of tokens; of none, the place before the next one.
    pub(super) fn range(&self, tokens: &Range<usize>) -> Range<usize> {
        let start = self.tokens.get(tokens.start).map_or(self.letters.len(), |range| range.start);
        let end = tokens.end.checked_sub(1).and_then(|last| self.tokens.get(last));
        if tokens.is_empty() {
            // Behind the word before, not behind a remark that follows it.
            let start = end.map_or(start, |range| range.end);
            return start..start;
        }
        start..end.map_or(start, |range| range.end.max(start))
    }
}
