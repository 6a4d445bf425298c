//! From the confidence of tokens to that of words.

use crate::llm::{TokenId, Vocab};

/// The confidence of each word (separated by white space) of the text that `tokens` spell: the
/// product over the tokens that have a part in it, so the probability of the word given those
/// before it. Empty for a text without words.
pub(super) fn of_words(tokens: &[TokenId], confidences: &[f64], vocab: &Vocab) -> Vec<f64> {
    let mut words = Vec::new();
    let mut inside = false;
    for (&token, &confidence) in tokens.iter().zip(confidences) {
        let mut counted = false;
        for byte in vocab.piece(token) {
            if byte.is_ascii_whitespace() {
                inside = false;
                counted = false;
                continue;
            }
            if !inside {
                words.push(1.0);
                inside = true;
                counted = false;
            }
            if !counted {
                if let Some(word) = words.last_mut() {
                    *word *= confidence;
                }
                counted = true;
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_as_sure_as_all_tokens_in_it() {
        let pieces = [" show", " fl", "ights", "s to", " ", "b"];
        let pieces: Vec<Vec<u8>> = pieces.iter().map(|piece| piece.as_bytes().to_vec()).collect();
        let vocab = Vocab::new(pieces, vec![false; 6], vec![]);
        let words = of_words(&[0, 1, 2, 3, 4, 5], &[0.9, 0.8, 0.5, 0.5, 0.1, 0.7], &vocab);
        let expected = [0.9, 0.8 * 0.5 * 0.5, 0.5, 0.7];
        assert_eq!(words.len(), expected.len());
        assert!(words.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{words:?}");
        assert!(of_words(&[4], &[0.5], &vocab).is_empty());
        assert!(of_words(&[], &[], &vocab).is_empty());
    }
}
