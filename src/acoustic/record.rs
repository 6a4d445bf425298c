//! What a recogniser believed in one window of audio.

use super::{Pieces, RecordError, pack};

/// Most numbers in one window, so that every packed form is short enough to be read: eight
/// beams over 448 tokens with 120 next tokens each.
const LARGEST: usize = 1 << 19;

/// One prefix of the transcript that the recogniser's search visited.
///
/// Probabilities are natural logarithms over all text tokens and the end of the text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prefix {
    /// Position of the prefix without its last token; 0 for the empty prefix itself.
    pub parent: u32,
    /// The last token; without meaning for the empty prefix.
    pub token: u32,
    /// `ln p(token | parent)`, exact even where the token is not in the parent's `next`.
    pub logprob: f32,
    /// `ln p(end of text | this prefix)`.
    pub end: f32,
    /// Some of the tokens that can follow, usually the most probable ones, with
    /// `ln p(token | this prefix)`. What is left to 1 is spread over unnamed tokens.
    pub next: Vec<(u32, f32)>,
}

/// What the recogniser believed in one window: every prefix its search visited, with the
/// probabilities of what can follow.
///
/// Log-probabilities are kept as multiples of 1/1024 nat in [-63.998, 0], rounded to the
/// nearest (so within 1/2048 nat, 0.05 % of the probability); anything lower is minus
/// infinity. They are rounded when the value is made, so beliefs that were stored and read
/// back equal the fresh ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Beliefs {
    vocabulary: u64,
    prefixes: Vec<Prefix>,
}

impl Beliefs {
    /// From the prefixes, the empty one first and parents before children, recorded with
    /// the given vocabulary. `next` is brought into falling order.
    ///
    /// # Errors
    /// There is no prefix, there are too many, a parent does not come before its child, a log-probability is
    /// not a number or above 0 by more than rounding, or a token is not in the vocabulary.
    pub fn new(pieces: &Pieces, mut prefixes: Vec<Prefix>) -> Result<Self, RecordError> {
        if let Some(root) = prefixes.first_mut() {
            // Without meaning there: made equal so that equal beliefs compare equal.
            (root.token, root.logprob) = (0, 0.0);
        }
        for (index, prefix) in prefixes.iter_mut().enumerate() {
            let Prefix { logprob, end, next, .. } = prefix;
            let all = [logprob, end].into_iter().chain(next.iter_mut().map(|(_, value)| value));
            for value in all {
                if value.is_nan() || *value > 1e-3 {
                    let detail = "a log-probability is above 0 or not a number";
                    return Err(RecordError::Prefix { index, detail });
                }
                *value = dequantise(quantise(*value));
            }
            next.sort_by(|a, b| b.1.total_cmp(&a.1));
        }
        let numbers: usize = prefixes.iter().map(|prefix| prefix.next.len() + 4).sum();
        if numbers > LARGEST {
            return Err(RecordError::TooLarge { numbers, largest: LARGEST });
        }
        let beliefs = Self::from_parts(pieces.fingerprint(), prefixes)?;
        beliefs.check(pieces)?;
        Ok(beliefs)
    }

    /// The same from parts that are already rounded and in order.
    pub(super) fn from_parts(vocabulary: u64, prefixes: Vec<Prefix>) -> Result<Self, RecordError> {
        if prefixes.is_empty() {
            return Err(RecordError::NoPrefix);
        }
        for (index, prefix) in prefixes.iter().enumerate() {
            let before = if index == 0 { 1 } else { index };
            if prefix.parent as usize >= before {
                let detail = "its parent does not come before it";
                return Err(RecordError::Prefix { index, detail });
            }
        }
        Ok(Self { vocabulary, prefixes })
    }

    /// Every visited prefix, the empty one first, parents before children. Never empty.
    #[must_use]
    pub fn prefixes(&self) -> &[Prefix] {
        &self.prefixes
    }

    /// Fingerprint of the vocabulary they were recorded with, see [`Pieces::fingerprint`].
    #[must_use]
    pub fn vocabulary(&self) -> u64 {
        self.vocabulary
    }

    /// Whether `pieces` is the vocabulary they were recorded with.
    ///
    /// # Errors
    /// It is another one, or it lacks a token (stored beliefs can be damaged).
    pub(super) fn check(&self, pieces: &Pieces) -> Result<(), RecordError> {
        if self.vocabulary != pieces.fingerprint() {
            let (recorded, given) = (self.vocabulary, pieces.fingerprint());
            return Err(RecordError::OtherVocabulary { recorded, given });
        }
        let tokens = pieces.len();
        for (index, prefix) in self.prefixes.iter().enumerate() {
            let own = (index > 0).then_some(prefix.token);
            let next = prefix.next.iter().map(|&(token, _)| token);
            if let Some(token) = own.into_iter().chain(next).find(|&t| t as usize >= tokens) {
                return Err(RecordError::UnknownToken { index, token, tokens });
            }
        }
        Ok(())
    }

    /// The packed form for storage: about a tenth of the size in memory. Its layout is
    /// drawn at [`Beliefs::unpack`].
    #[must_use]
    pub fn pack(&self) -> Vec<u8> {
        pack::pack(self)
    }

    /// Reads the packed form; exactly what was packed.
    ///
    #[doc = include_str!("pack_layout.md")]
    ///
    /// # Errors
    /// The bytes are something else, of a later version, cut short or altered.
    pub fn unpack(packed: &[u8]) -> Result<Self, RecordError> {
        pack::unpack(packed)
    }
}

/// A log-probability as steps of 1/1024 nat below 0; `u16::MAX` is minus infinity.
pub(super) fn quantise(logprob: f32) -> u16 {
    // The conversion saturates.
    (-logprob * 1024.0).round() as u16
}

/// The log-probability of a number of steps.
pub(super) fn dequantise(steps: u16) -> f32 {
    if steps == u16::MAX { f32::NEG_INFINITY } else { -(f32::from(steps) / 1024.0) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rounding_is_within_half_a_step(logprob in -63.9f32..0.0) {
            let rounded = dequantise(quantise(logprob));
            prop_assert!((rounded - logprob).abs() <= 0.5 / 1024.0 + 1e-6);
            prop_assert_eq!(quantise(rounded), quantise(logprob));
        }
    }

    #[test]
    fn what_is_all_but_impossible_is_impossible() {
        assert_eq!(dequantise(quantise(f32::NEG_INFINITY)), f32::NEG_INFINITY);
        assert_eq!(dequantise(quantise(-64.0)), f32::NEG_INFINITY);
        assert!(dequantise(quantise(-63.99)).is_finite());
        assert_eq!(quantise(0.0009), 0);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let pieces = Pieces::new(&[b"a".to_vec()]);
        let refused = |prefixes: Vec<Prefix>| Beliefs::new(&pieces, prefixes).unwrap_err();
        assert_eq!(refused(vec![]), RecordError::NoPrefix);
        let root = Prefix::default();
        let odd = |odd: Prefix| refused(vec![root.clone(), odd]).to_string();
        assert_eq!(
            odd(Prefix { parent: 1, ..root.clone() }),
            "recorded prefix 1: its parent does not come before it"
        );
        assert!(odd(Prefix { end: f32::NAN, ..root.clone() }).ends_with("or not a number"));
        assert!(odd(Prefix { next: vec![(0, 0.1)], ..root.clone() }).contains("above 0"));
        assert!(odd(Prefix { token: 1, ..root.clone() }).contains("token 1 is not among"));
        assert!(odd(Prefix { next: vec![(7, -1.0)], ..root.clone() }).contains("token 7"));
    }
}
