//! Walking the trie along a decoded text.

use std::sync::Arc;

use super::{State, Trie};
use crate::llm::{TokenId, Vocab};

/// What can have been heard next.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Heard {
    /// Per hypothesis that agrees with the text so far: the tokens that are a beginning of
    /// what it goes on with, and its probability given the text. A token that begins
    /// several of them has `M(xy) / M(x)` as their sum.
    pub hypotheses: Vec<(Vec<TokenId>, f64)>,
    /// `E(x) / M(x)`: the probability that the text ends here.
    pub end: f64,
}

/// Follows a text through a [`Trie`], token by token.
///
/// While the text is in the trie, `P(token) = M(text + token) / M(text)`. A text that left
/// it re-enters at the next word boundary: a token that starts with a space, or the end,
/// is judged as if the word before it had been heard.
#[derive(Debug)]
pub struct Follower {
    trie: Arc<Trie>,
    state: State,
    text: Vec<u8>,
    started: bool,
}

impl Follower {
    /// A follower before the first token.
    #[must_use]
    pub fn new(trie: Arc<Trie>) -> Self {
        Self { trie, state: State::default(), text: Vec::new(), started: false }
    }

    /// Whether the text is one that was heard so far.
    #[must_use]
    pub fn in_trie(&self) -> bool {
        !self.started || !self.state.is_empty()
    }

    /// What the recogniser can have heard next: for each hypothesis that agrees, the
    /// tokens that begin its continuation and its probability; and the probability that
    /// the text ends. At the start both forms of the first word count, with a leading
    /// space and without.
    #[must_use]
    pub fn heard(&self, vocab: &Vocab) -> Heard {
        if !self.started {
            let (spaced, bare) = (self.trie.start(true), self.trie.start(false));
            let mut heard = self.collect(&spaced, vocab, |_| true);
            let forms = self.collect(&bare, vocab, |_| true);
            for (both, without) in heard.hypotheses.iter_mut().zip(forms.hypotheses) {
                both.0.extend(without.0);
            }
            heard.end = forms.end;
            return heard;
        }
        if self.state.is_empty() {
            return self.collect(&self.boundary(), vocab, |first| first == b' ');
        }
        self.collect(&self.state, vocab, |_| true)
    }

    /// Appends the bytes of a chosen token.
    pub fn push(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let from = if !self.started {
            self.trie.start(bytes.starts_with(b" "))
        } else if self.state.is_empty() && bytes.starts_with(b" ") {
            self.boundary()
        } else {
            std::mem::take(&mut self.state)
        };
        self.state = self.trie.advance(&from, bytes);
        self.started = true;
        self.text.extend_from_slice(bytes);
    }

    /// The state as if the last word had ended here.
    fn boundary(&self) -> State {
        let words: Vec<&[u8]> =
            self.text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
        self.trie.reenter(&words)
    }

    fn collect(&self, state: &State, vocab: &Vocab, begins: impl Fn(u8) -> bool) -> Heard {
        let mass = state.mass();
        if mass <= 0.0 {
            return Heard::default();
        }
        let hypotheses = self
            .trie
            .continuations(state)
            .filter(|(rest, _)| rest.first().is_some_and(|&first| begins(first)))
            .map(|(rest, weight)| (vocab.prefixes_of(rest).collect(), weight / mass))
            .collect();
        Heard { hypotheses, end: self.trie.end_mass(state) / mass }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocab() -> Vocab {
        let pieces = [" a", "a", " ", "b", " ab", "c", "", " b"];
        Vocab::new(
            pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect(),
            pieces.iter().map(|piece| piece.is_empty()).collect(),
            vec![],
        )
    }

    fn mass(follower: &Follower, vocab: &Vocab, token: TokenId) -> f64 {
        let heard = follower.heard(vocab).hypotheses;
        heard.iter().filter(|(tokens, _)| tokens.contains(&token)).map(|(_, p)| p).sum()
    }

    #[test]
    fn a_token_that_begins_several_hypotheses_has_their_summed_probability() {
        let trie = Trie::new([("ab b", 0.5), ("a", 0.3), ("c", 0.2)]);
        let vocab = vocab();
        let mut follower = Follower::new(Arc::new(trie));
        assert!((mass(&follower, &vocab, 0) - 0.8).abs() < 1e-12);
        assert!((mass(&follower, &vocab, 1) - 0.8).abs() < 1e-12);
        assert!((mass(&follower, &vocab, 4) - 0.5).abs() < 1e-12);
        follower.push(b" a");
        assert!((mass(&follower, &vocab, 3) - 0.625).abs() < 1e-12);
        assert!((follower.heard(&vocab).end - 0.375).abs() < 1e-12);
    }

    #[test]
    fn after_an_unheard_word_only_boundaries_have_probability() {
        let trie = Trie::new([("a b", 1.0)]);
        let vocab = vocab();
        let mut follower = Follower::new(Arc::new(trie));
        follower.push(b" c");
        assert!(!follower.in_trie());
        assert_eq!(mass(&follower, &vocab, 3), 0.0);
        assert_eq!(mass(&follower, &vocab, 7), 1.0);
        follower.push(b" b");
        assert!(follower.in_trie());
        assert_eq!(follower.heard(&vocab).end, 1.0);
    }

    #[test]
    fn an_empty_list_is_heard_as_silence() {
        let follower = Follower::new(Arc::new(Trie::new([("", 1.0)])));
        assert_eq!(follower.heard(&vocab()).end, 1.0);
    }
}
