//! Walking the trie along a decoded text.

use std::sync::Arc;

use super::{Heard, State, Trie};
use crate::llm::Vocab;

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
    reenters: bool,
}

impl Follower {
    /// A follower before the first token.
    #[must_use]
    pub fn new(trie: Arc<Trie>) -> Self {
        Self { trie, state: State::default(), text: Vec::new(), started: false, reenters: true }
    }

    /// The same, but a text that left the trie never comes back: what re-entry is worth.
    #[must_use]
    pub fn without_reentry(self) -> Self {
        Self { reenters: false, ..self }
    }

    /// Whether the text is one that was heard so far.
    #[must_use]
    pub fn in_trie(&self) -> bool {
        !self.started || !self.state.is_empty()
    }

    /// What the recogniser can have heard next. At the start both forms of the first word
    /// count, with a leading space and without.
    #[must_use]
    pub fn heard(&self, vocab: &Vocab) -> Heard {
        if !self.started {
            return Heard::new(&self.trie, &self.trie.start(true), vocab, true, |_| true);
        }
        if self.state.is_empty() {
            let boundary = self.boundary();
            return Heard::new(&self.trie, &boundary, vocab, false, |first| first == b' ');
        }
        Heard::new(&self.trie, &self.state, vocab, false, |_| true)
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

    /// The bytes that most probably come next, to the end of what was heard. After an unheard
    /// word they begin with the next one; before the first word no space comes.
    #[must_use]
    pub fn rest(&self) -> Vec<u8> {
        if !self.started {
            return self.trie.best_continuation(&self.trie.start(false));
        }
        if self.state.is_empty() {
            return self.trie.best_continuation(&self.boundary());
        }
        self.trie.best_continuation(&self.state)
    }

    /// The state as if the last word had ended here.
    fn boundary(&self) -> State {
        if !self.reenters {
            return State::default();
        }
        let words: Vec<&[u8]> =
            self.text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
        self.trie.reenter(&words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::TokenId;

    fn vocab() -> Vocab {
        let pieces = [" a", "a", " ", "b", " ab", "c", "", " b"];
        Vocab::new(
            pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect(),
            pieces.iter().map(|piece| piece.is_empty()).collect(),
            vec![],
        )
    }

    fn mass(follower: &Follower, vocab: &Vocab, token: TokenId) -> f64 {
        follower.heard(vocab).tokens().find(|&(t, _)| t == token).map_or(0.0, |(_, p)| p)
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
        assert!((follower.heard(&vocab).end() - 0.375).abs() < 1e-12);
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
        assert_eq!(follower.heard(&vocab).end(), 1.0);
    }

    #[test]
    fn an_empty_transcript_is_heard_as_silence() {
        let follower = Follower::new(Arc::new(Trie::new([("", 1.0)])));
        assert_eq!(follower.heard(&vocab()).end(), 1.0);
    }
}
