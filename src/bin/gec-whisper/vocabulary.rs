//! The tokens of a model.

use std::collections::HashMap;

/// Bytes of every token, both ways.
#[derive(Debug, Clone)]
pub(crate) struct Vocabulary {
    tokens: Vec<Vec<u8>>,
    ids: HashMap<Vec<u8>, u32>,
    /// Id of end of text; text tokens are below it.
    pub(crate) end_of_text: u32,
    longest: usize,
}

impl Vocabulary {
    /// Takes the bytes of all tokens by id. Of several text tokens with the same bytes the
    /// first is the one that text is cut into.
    pub(crate) fn new(tokens: Vec<Vec<u8>>, end_of_text: u32) -> Self {
        let mut ids = HashMap::new();
        for (id, bytes) in tokens.iter().enumerate().take(end_of_text as usize) {
            if !bytes.is_empty() {
                ids.entry(bytes.clone()).or_insert(id as u32);
            }
        }
        let longest = ids.keys().map(Vec::len).max().unwrap_or(0);
        Self { tokens, ids, end_of_text, longest }
    }

    /// Bytes of every token, by id.
    pub(crate) fn tokens(&self) -> &[Vec<u8>] {
        &self.tokens
    }

    /// The text tokens with their bytes.
    pub(crate) fn text_tokens(&self) -> impl Iterator<Item = (u32, &[u8])> {
        (0..self.end_of_text).zip(self.tokens.iter().map(Vec::as_slice))
    }

    /// Id of the text token with these bytes.
    pub(crate) fn id(&self, bytes: &[u8]) -> Option<u32> {
        self.ids.get(bytes).copied()
    }

    /// Bytes of the longest text token.
    pub(crate) fn longest(&self) -> usize {
        self.longest
    }

    /// Whether a token is text.
    pub(crate) fn is_text(&self, token: u32) -> bool {
        token < self.end_of_text
    }

    /// The trimmed text of tokens; bytes that are not UTF-8 are replaced.
    pub(crate) fn text(&self, tokens: &[u32]) -> String {
        let bytes: Vec<u8> = tokens
            .iter()
            .filter_map(|&token| self.tokens.get(token as usize))
            .flatten()
            .copied()
            .collect();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_joined_before_it_is_read_as_utf8() {
        let tokens = [&b" caf"[..], b"\xc3", b"\xa9", b"", b"[_EOT_]"];
        let vocabulary = Vocabulary::new(tokens.iter().map(|bytes| bytes.to_vec()).collect(), 4);
        assert_eq!(vocabulary.text(&[0, 1, 2]), "café");
        assert_eq!(vocabulary.text(&[0, 1]), "caf\u{fffd}");
        assert_eq!(vocabulary.text(&[]), "");
        assert_eq!(vocabulary.id(b"[_EOT_]"), None);
        assert_eq!((vocabulary.id(b" caf"), vocabulary.longest()), (Some(0), 4));
    }
}
