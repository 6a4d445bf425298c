//! From the probabilities of a server's tokens to one for each byte of its text.

use super::answer::Told;

/// A confidence for each byte of `text` such that the product over the bytes of a word is the
/// product over the tokens that have a part in it, as for a model whose tokens are known: a
/// token's probability stands at its first byte in each word, and 1 at all other bytes.
/// `None` where the tokens do not spell the text, or one has no probability.
///
/// White space is left out of the comparison, because servers that tell tokens one by one
/// drop the space in front of them. Tokens behind the text, such as a stop text's, count for
/// nothing.
pub(super) fn of_bytes(text: &str, tokens: &[Told]) -> Option<Vec<f64>> {
    let bytes = text.as_bytes();
    let mut confidences = vec![1.0; bytes.len()];
    let mut at = 0;
    for token in tokens {
        let probability = token.logprob?.exp();
        let mut counted = false;
        for &byte in token.bytes.iter().filter(|byte| !byte.is_ascii_whitespace()) {
            let next = at + bytes[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
            match bytes.get(next) {
                // What follows the text is no part of it.
                None => return Some(confidences),
                Some(&found) if found == byte => {
                    if !counted || next > at {
                        confidences[next] = probability;
                        counted = true;
                    }
                    at = next + 1;
                }
                Some(_) => return None,
            }
        }
    }
    let rest_is_space = bytes[at..].iter().all(u8::is_ascii_whitespace);
    rest_is_space.then_some(confidences)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(token: &str, probability: f64) -> Told {
        Told { bytes: token.as_bytes().to_vec(), logprob: Some(probability.ln()), top: vec![] }
    }

    /// As the corrector multiplies them up.
    fn words(text: &str, confidences: &[f64]) -> Vec<f64> {
        let mut products = Vec::new();
        let mut inside = false;
        for (byte, confidence) in text.bytes().zip(confidences) {
            if byte.is_ascii_whitespace() {
                inside = false;
            } else if inside {
                *products.last_mut().unwrap() *= confidence;
            } else {
                products.push(*confidence);
                inside = true;
            }
        }
        products
    }

    #[test]
    fn a_word_is_as_sure_as_all_tokens_in_it() {
        let tokens = [told(" show", 0.9), told(" fl", 0.8), told("ights", 0.5), told("s to", 0.5)];
        let text = " show flightss to";
        let found = words(text, &of_bytes(text, &tokens).unwrap());
        for (found, expected) in found.iter().zip([0.9, 0.8 * 0.5 * 0.5, 0.5]) {
            assert!((found - expected).abs() < 1e-12);
        }
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn tokens_without_their_spaces_and_a_stop_text_behind_are_no_hindrance() {
        let text = "a bc";
        let lossy = [told("a", 0.5), told("bc", 0.25), told("\n", 0.1), told("more", 0.1)];
        assert_eq!(words(text, &of_bytes(text, &lossy).unwrap()), [0.5, 0.25]);
    }

    #[test]
    fn tokens_that_spell_another_text_give_no_confidence() {
        assert_eq!(of_bytes("ab", &[told("a", 0.5), told("c", 0.5)]), None);
        assert_eq!(of_bytes("ab", &[told("a", 0.5)]), None);
        assert_eq!(of_bytes("ab", &[]), None);
        let unknown = Told { logprob: None, ..told("a", 0.5) };
        assert_eq!(of_bytes("a", &[unknown]), None);
        assert_eq!(of_bytes("", &[]), Some(vec![]));
    }

    proptest! {
        /// However a text is cut into tokens, each word has the product of its tokens.
        #[test]
        fn however_a_text_is_cut_its_words_have_their_tokens_product(
            pieces in prop::collection::vec(("[ab é]{1,4}", 0.01_f64..1.0), 1..8),
        ) {
            let text: String = pieces.iter().map(|(piece, _)| piece.as_str()).collect();
            let tokens: Vec<Told> =
                pieces.iter().map(|(piece, probability)| told(piece, *probability)).collect();
            let confidences = of_bytes(&text, &tokens).unwrap();
            prop_assert_eq!(confidences.len(), text.len());
            let mut expected = Vec::new();
            let mut inside = false;
            for (piece, probability) in &pieces {
                let mut counted = false;
                for c in piece.chars() {
                    if c == ' ' { inside = false; counted = false; continue; }
                    if !inside { expected.push(1.0); inside = true; counted = false; }
                    if !counted { *expected.last_mut().unwrap() *= *probability; counted = true; }
                }
            }
            let found = words(&text, &confidences);
            prop_assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert!((found - expected).abs() < 1e-9);
            }
        }
    }
}
