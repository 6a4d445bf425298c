//! Drafts: guesses how a text goes on, verified many tokens at a time.
//!
//! A draft never changes what is decoded. The engine decodes guessed tokens along with the
//! last chosen one, and the hook chooses at every position as it would have: guesses are
//! kept as far as they are what it chose (speculative decoding, arXiv 2211.17192, with a
//! draft that costs nothing and a greedy acceptance).

use super::{TokenId, Vocab};

/// What a draft is made for.
pub struct DraftStep<'a> {
    /// The tokens decoded so far, without the prompt.
    pub generated: &'a [TokenId],
    /// The vocabulary.
    pub vocab: &'a Vocab,
    /// The model's tokens of a text, none of them special.
    pub tokenize: &'a dyn Fn(&str) -> Vec<TokenId>,
}

/// Guesses how a text goes on. Called on the engine's thread: it should not block. The guess at
/// the beginning of a text is asked for beforehand too, by the thread that asks for the text.
pub trait DraftSource: Send {
    /// Appends at most `most` tokens that may come next to `draft`, which is empty. A draft
    /// counts up to its first token that the vocabulary lacks or that ends the text.
    fn propose(&mut self, step: &DraftStep<'_>, most: usize, draft: &mut Vec<TokenId>);
}

/// A text that is known beforehand: drafts it as long as it has been followed.
#[derive(Debug, Clone, Default)]
pub struct FixedDraft(
    /// The whole answer.
    pub Vec<TokenId>,
);

impl DraftSource for FixedDraft {
    fn propose(&mut self, step: &DraftStep<'_>, most: usize, draft: &mut Vec<TokenId>) {
        if let Some(rest) = self.0.strip_prefix(step.generated) {
            draft.extend(rest.iter().take(most));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_draft_goes_on_as_long_as_it_was_followed() {
        let vocab = Vocab::default();
        let propose = |generated: &[TokenId], most: usize| {
            let mut draft = Vec::new();
            let step = DraftStep { generated, vocab: &vocab, tokenize: &|_| Vec::new() };
            FixedDraft(vec![5, 6, 7]).propose(&step, most, &mut draft);
            draft
        };
        assert_eq!(propose(&[], 2), [5, 6]);
        assert_eq!(propose(&[5], 9), [6, 7]);
        assert!(propose(&[6], 9).is_empty() && propose(&[5, 6, 7, 8], 9).is_empty());
    }
}
