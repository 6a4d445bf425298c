//! A vocabulary as byte strings.

use std::collections::HashMap;

use super::TokenId;

/// The tokens of a model as bytes, and which of them are special or end the text.
#[derive(Debug, Default)]
pub struct Vocab {
    pieces: Vec<Vec<u8>>,
    end: Vec<bool>,
    end_tokens: Vec<TokenId>,
    specials: Vec<String>,
    by_piece: HashMap<Vec<u8>, Vec<TokenId>>,
    longest: usize,
}

impl Vocab {
    /// Builds a vocabulary. `pieces[t]` are the bytes that token `t` adds to a text,
    /// empty for control tokens; `end[t]` says that it ends the text; `specials` are
    /// the texts that a tokenizer would read as special tokens.
    #[must_use]
    pub fn new(pieces: Vec<Vec<u8>>, end: Vec<bool>, specials: Vec<String>) -> Self {
        let mut by_piece: HashMap<Vec<u8>, Vec<TokenId>> = HashMap::with_capacity(pieces.len());
        let mut longest = 0;
        for (token, piece) in (0..).zip(&pieces) {
            let is_end = end.get(token as usize).copied().unwrap_or(false);
            if !piece.is_empty() && !is_end {
                longest = longest.max(piece.len());
                by_piece.entry(piece.clone()).or_default().push(token);
            }
        }
        let end_tokens =
            (0..).zip(&end).filter_map(|(token, is_end)| is_end.then_some(token)).collect();
        Self { pieces, end, end_tokens, specials, by_piece, longest }
    }

    /// Number of tokens.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pieces.len()
    }

    /// Whether there are no tokens.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The bytes that `token` adds to a text; empty for control tokens and unknown ids.
    #[must_use]
    pub fn piece(&self, token: TokenId) -> &[u8] {
        usize::try_from(token).ok().and_then(|i| self.pieces.get(i)).map_or(&[], Vec::as_slice)
    }

    /// Whether `token` ends the text.
    #[must_use]
    pub fn is_end(&self, token: TokenId) -> bool {
        usize::try_from(token).ok().and_then(|i| self.end.get(i)).copied().unwrap_or(false)
    }

    /// All tokens that end the text.
    #[must_use]
    pub fn end_tokens(&self) -> &[TokenId] {
        &self.end_tokens
    }

    /// Texts that a tokenizer would read as special tokens.
    #[must_use]
    pub fn specials(&self) -> &[String] {
        &self.specials
    }

    /// All tokens whose bytes are a non-empty prefix of `text`, shortest first.
    pub fn prefixes_of<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = TokenId> + 'a {
        (1..=text.len().min(self.longest))
            .filter_map(|length| self.by_piece.get(&text[..length]))
            .flatten()
            .copied()
    }

    /// The text of `tokens`; bytes that are not UTF-8 are replaced.
    #[must_use]
    pub fn decode(&self, tokens: &[TokenId]) -> String {
        let bytes: Vec<u8> = tokens.iter().flat_map(|&token| self.piece(token)).copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_found_shortest_first_and_never_end_tokens() {
        let pieces: Vec<Vec<u8>> =
            ["a", "ab", "b", "abc", "", "ab"].iter().map(|p| p.as_bytes().to_vec()).collect();
        let vocab = Vocab::new(pieces, vec![false, false, false, false, true, false], vec![]);
        assert_eq!(vocab.prefixes_of(b"abd").collect::<Vec<_>>(), [0, 1, 5]);
        assert_eq!(vocab.prefixes_of(b"").count(), 0);
        assert_eq!(vocab.end_tokens(), [4]);
        assert!(vocab.is_end(4) && !vocab.is_end(-1) && !vocab.is_end(99));
    }

    #[test]
    fn bytes_are_joined_before_utf8_is_decoded() {
        let vocab = Vocab::new(vec![vec![0xc3], vec![0xa9]], vec![false, false], vec![]);
        assert_eq!(vocab.decode(&[0, 1]), "é");
    }
}
