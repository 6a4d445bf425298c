//! A vocabulary as byte strings.

use super::TokenId;

/// The tokens of a model as bytes, and which of them are special or end the text.
#[derive(Debug, Default)]
pub struct Vocab {
    pieces: Vec<Vec<u8>>,
    end: Vec<bool>,
    end_tokens: Vec<TokenId>,
    specials: Vec<String>,
    /// Tokens that add bytes and do not end the text, by their bytes.
    sorted: Vec<TokenId>,
}

/// The tokens of a vocabulary that begin with the same bytes. See [`Vocab::narrow`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    start: usize,
    /// Where the tokens of no more than those bytes end.
    longer: usize,
    end: usize,
    depth: usize,
}

impl Vocab {
    /// Builds a vocabulary. `pieces[t]` are the bytes that token `t` adds to a text,
    /// empty for control tokens; `end[t]` says that it ends the text; `specials` are
    /// the texts that a tokenizer would read as special tokens.
    #[must_use]
    pub fn new(pieces: Vec<Vec<u8>>, end: Vec<bool>, specials: Vec<String>) -> Self {
        let spoken = |&token: &TokenId| {
            let index = token as usize;
            !pieces[index].is_empty() && !end.get(index).copied().unwrap_or(false)
        };
        let mut sorted: Vec<TokenId> = (0..pieces.len() as TokenId).filter(spoken).collect();
        sorted.sort_by(|&a, &b| pieces[a as usize].cmp(&pieces[b as usize]));
        let end_tokens =
            (0..).zip(&end).filter_map(|(token, is_end)| is_end.then_some(token)).collect();
        Self { pieces, end, end_tokens, specials, sorted }
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

    /// All tokens that add bytes and do not end the text, as the beginning of a search.
    #[must_use]
    pub fn all(&self) -> Span {
        Span { start: 0, longer: 0, end: self.sorted.len(), depth: 0 }
    }

    /// The tokens of `span` that go on with `byte`; `None` where there is none.
    #[must_use]
    pub fn narrow(&self, span: Span, byte: u8) -> Option<Span> {
        let Span { longer: low, end: high, depth, .. } = span;
        let at = |&token: &TokenId| self.pieces[token as usize][depth];
        let inside = &self.sorted[low..high];
        let start = low + inside.partition_point(|token| at(token) < byte);
        let end = start + self.sorted[start..high].partition_point(|token| at(token) == byte);
        let depth = depth + 1;
        let exact = |token: &&TokenId| self.pieces[**token as usize].len() == depth;
        let longer = start + self.sorted[start..end].iter().take_while(exact).count();
        (start < end).then_some(Span { start, longer, end, depth })
    }

    /// The tokens of `span` that add just the bytes it was narrowed by.
    #[must_use]
    pub fn exact(&self, span: Span) -> &[TokenId] {
        &self.sorted[span.start..span.longer]
    }

    /// The tokens of `span` that add more.
    #[must_use]
    pub fn longer(&self, span: Span) -> &[TokenId] {
        &self.sorted[span.longer..span.end]
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
    fn narrowing_finds_the_tokens_byte_by_byte_and_never_end_tokens() {
        let pieces: Vec<Vec<u8>> =
            ["a", "ab", "b", "abc", "", "ab"].iter().map(|p| p.as_bytes().to_vec()).collect();
        let vocab = Vocab::new(pieces, vec![false, false, false, false, true, false], vec![]);
        let all = vocab.all();
        assert!(vocab.exact(all).is_empty());
        assert_eq!(vocab.longer(all), [0, 1, 5, 3, 2]);
        let a = vocab.narrow(all, b'a').unwrap();
        assert_eq!((vocab.exact(a), vocab.longer(a)), (&[0][..], &[1, 5, 3][..]));
        let ab = vocab.narrow(a, b'b').unwrap();
        assert_eq!((vocab.exact(ab), vocab.longer(ab)), (&[1, 5][..], &[3][..]));
        assert_eq!(vocab.narrow(a, b'c'), None);
        assert_eq!(vocab.end_tokens(), [4]);
        assert!(vocab.is_end(4) && !vocab.is_end(-1) && !vocab.is_end(99));
    }

    #[test]
    fn bytes_are_joined_before_utf8_is_decoded() {
        let vocab = Vocab::new(vec![vec![0xc3], vec![0xa9]], vec![false, false], vec![]);
        assert_eq!(vocab.decode(&[0, 1]), "é");
    }
}
