//! Drafts from what was heard.

use std::sync::Arc;

use super::{Follower, Trie};
use crate::llm::{DraftSource, DraftStep, TokenId};

/// Guesses that a text goes on as the recogniser finds most probable.
///
/// Most of a corrected text is what was heard, so most of its tokens can be guessed; after a
/// word that nobody heard the guess goes on at the next word, as a [`Follower`] does. The
/// guessed bytes are cut into tokens as the model's tokenizer cuts them.
#[derive(Debug)]
pub struct TrieDraft {
    follower: Follower,
    /// White space before the first word.
    prefix: String,
    /// Tokens that `follower` has seen.
    followed: usize,
    /// The last guess, and how many tokens were decoded when it was made.
    guess: Vec<TokenId>,
    made: usize,
}

impl TrieDraft {
    /// Guesses the text of an answer that begins with `prefix`, which should be white space or
    /// nothing.
    #[must_use]
    pub fn new(trie: Arc<Trie>, prefix: &str) -> Self {
        Self {
            follower: Follower::new(trie),
            prefix: prefix.to_owned(),
            followed: 0,
            guess: Vec::new(),
            made: 0,
        }
    }
}

impl DraftSource for TrieDraft {
    fn propose(&mut self, step: &DraftStep<'_>, most: usize, draft: &mut Vec<TokenId>) {
        let since = step.generated.get(self.made..).unwrap_or_default();
        if let Some(rest) = self.guess.strip_prefix(since)
            && !rest.is_empty()
        {
            draft.extend(rest.iter().take(most));
            return;
        }
        for &token in step.generated.get(self.followed..).unwrap_or_default() {
            self.follower.push(step.vocab.piece(token));
        }
        self.followed = step.generated.len();
        self.made = step.generated.len();
        let mut rest = self.follower.rest();
        if step.generated.is_empty() && !rest.is_empty() {
            rest.splice(..0, self.prefix.bytes());
        }
        self.guess = cut(&rest, step);
        draft.extend(self.guess.iter().take(most));
    }
}

/// `text` in the model's tokens.
fn cut(text: &[u8], step: &DraftStep<'_>) -> Vec<TokenId> {
    if let Some(tokens) = tokenized(text, step) {
        return tokens;
    }
    // Inside a word, some tokenizers cannot begin: they would put a space before it.
    let word = text.iter().skip(1).position(|&byte| byte == b' ').map_or(text.len(), |at| at + 1);
    let (word, rest) = text.split_at(word);
    let mut tokens = longest_first(word, step);
    tokens.extend(tokenized(rest, step).unwrap_or_default());
    tokens
}

/// As the tokenizer cuts it, where that gives back the same bytes.
fn tokenized(text: &[u8], step: &DraftStep<'_>) -> Option<Vec<TokenId>> {
    let whole = std::str::from_utf8(text).ok()?;
    // Some tokenizers put a space before every text.
    [Some(whole), whole.strip_prefix(' ')].into_iter().flatten().find_map(|given| {
        let tokens = (step.tokenize)(given);
        let bytes = tokens.iter().flat_map(|&token| step.vocab.piece(token));
        bytes.eq(text).then_some(tokens)
    })
}

/// The longest token at each place; ends where none fits.
fn longest_first(mut text: &[u8], step: &DraftStep<'_>) -> Vec<TokenId> {
    let mut tokens = Vec::new();
    while !text.is_empty() {
        let mut span = step.vocab.all();
        let mut longest = None;
        for (length, &byte) in (1..).zip(text) {
            let Some(narrower) = step.vocab.narrow(span, byte) else { break };
            span = narrower;
            if let Some(&token) = step.vocab.exact(span).first() {
                longest = Some((token, length));
            }
        }
        let Some((token, length)) = longest else { break };
        tokens.push(token);
        text = &text[length..];
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::llm::Vocab;

    fn vocab() -> Vocab {
        let pieces = [" list", " all", " flights", " fl", "ights", " ", "l", "s"];
        let pieces = pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect();
        Vocab::new(pieces, vec![false; 8], vec![])
    }

    /// Cuts before every space.
    fn tokenize(text: &str) -> Vec<TokenId> {
        match text {
            " list flights" => vec![0, 2],
            " flights" => vec![2],
            " all flights" => vec![1, 2],
            _ => vec![],
        }
    }

    /// Puts a space before every text.
    fn with_space(text: &str) -> Vec<TokenId> {
        tokenize(&format!(" {text}"))
    }

    fn propose(
        draft: &mut TrieDraft,
        generated: &[TokenId],
        tokenize: &dyn Fn(&str) -> Vec<TokenId>,
    ) -> Vec<TokenId> {
        let mut guess = Vec::new();
        let vocab = vocab();
        draft.propose(&DraftStep { generated, vocab: &vocab, tokenize }, 9, &mut guess);
        guess
    }

    #[test]
    fn the_heaviest_text_is_guessed_and_again_from_where_it_was_left() {
        let trie = Arc::new(Trie::new([("list flights", 0.7), ("list all flights", 0.3)]));
        for tokenize in [&tokenize as &dyn Fn(&str) -> Vec<TokenId>, &with_space] {
            let mut draft = TrieDraft::new(Arc::clone(&trie), " ");
            assert_eq!(propose(&mut draft, &[], tokenize), [0, 2]);
            assert_eq!(propose(&mut draft, &[0], tokenize), [2]);
            assert_eq!(propose(&mut draft, &[0, 1], tokenize), [2]);
            assert!(propose(&mut draft, &[0, 1, 2], tokenize).is_empty());
        }
    }

    #[test]
    fn inside_a_word_the_longest_tokens_are_guessed() {
        let trie = Arc::new(Trie::new([("list flights", 1.0)]));
        let mut draft = TrieDraft::new(trie, " ");
        assert_eq!(propose(&mut draft, &[0, 3], &with_space), [4]);
    }

    #[test]
    fn after_an_unheard_word_the_next_one_is_guessed() {
        let trie = Arc::new(Trie::new([("list flights", 1.0)]));
        let mut draft = TrieDraft::new(trie, " ");
        assert_eq!(propose(&mut draft, &[1], &tokenize), [2]);
    }

    #[test]
    fn nothing_heard_is_no_guess() {
        let mut draft = TrieDraft::new(Arc::new(Trie::new([])), " ");
        assert!(propose(&mut draft, &[], &tokenize).is_empty());
        assert!(propose(&mut draft, &[1], &tokenize).is_empty());
    }
}
