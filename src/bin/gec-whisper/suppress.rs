//! Tokens that may not be used.
//!
//! The library has its own masks, but applies those for patterns and symbols only after the
//! recorder has seen the logits; so they are all made here.

use regex::bytes::Regex;

use crate::{error::RecogniserError, vocabulary::Vocabulary};

/// Symbols that are seldom spoken: those of Whisper's reference implementation.
const NON_SPEECH: &[&str] = &[
    "\"",
    "#",
    "(",
    ")",
    "*",
    "+",
    "/",
    ":",
    ";",
    "<",
    "=",
    ">",
    "@",
    "[",
    "\\",
    "]",
    "^",
    "_",
    "`",
    "{",
    "|",
    "}",
    "~",
    "「",
    "」",
    "『",
    "』",
    "<<",
    ">>",
    "<<<",
    ">>>",
    "--",
    "---",
    "-(",
    "-[",
    "('",
    "(\"",
    "((",
    "))",
    "(((",
    ")))",
    "[[",
    "]]",
    "{{",
    "}}",
    "♪♪",
    "♪♪♪",
    "♩",
    "♪",
    "♫",
    "♬",
    "♭",
    "♮",
    "♯",
];

/// The text tokens that may not be used, besides those that are no text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Suppression {
    /// At any place.
    pub(crate) always: Vec<u32>,
    /// As the first token; end of text may be among them.
    pub(crate) first: Vec<u32>,
}

impl Suppression {
    /// What the options suppress in a vocabulary: tokens that match `pattern` as a whole,
    /// symbols, and a blank start.
    ///
    /// # Errors
    /// [`RecogniserError::Pattern`] where the pattern is not a regular expression.
    pub(crate) fn new(
        vocabulary: &Vocabulary,
        pattern: Option<&str>,
        non_speech: bool,
        blank: bool,
    ) -> Result<Self, RecogniserError> {
        let mut always = Vec::new();
        if let Some(pattern) = pattern {
            let pattern = Regex::new(&format!("^(?:{pattern})$"))?;
            let text = vocabulary.text_tokens();
            always.extend(text.filter(|(_, bytes)| pattern.is_match(bytes)).map(|(id, _)| id));
        }
        if non_speech {
            for symbol in NON_SPEECH {
                always.extend(vocabulary.id(symbol.as_bytes()));
                always.extend(vocabulary.id(format!(" {symbol}").as_bytes()));
            }
            // Within words they are wanted.
            always.extend([" -", " '"].iter().filter_map(|text| vocabulary.id(text.as_bytes())));
        }
        let first = match blank {
            true => vocabulary.id(b" ").into_iter().chain([vocabulary.end_of_text]).collect(),
            false => Vec::new(),
        };
        Ok(Self { always, first })
    }

    /// Masks `logits` of a prefix, all ids after `end_of_text` among them. Where nothing
    /// would be left, end of text is.
    pub(crate) fn apply(&self, is_first: bool, logits: &mut [f32], end_of_text: usize) {
        logits[end_of_text + 1..].fill(f32::NEG_INFINITY);
        let first = if is_first { self.first.as_slice() } else { &[] };
        let end = logits[end_of_text];
        for &token in self.always.iter().chain(first) {
            logits[token as usize] = f32::NEG_INFINITY;
        }
        let text = &logits[..=end_of_text];
        if !(self.always.is_empty() && first.is_empty())
            && text.iter().all(|&logit| logit == f32::NEG_INFINITY)
        {
            logits[end_of_text] = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        let tokens = ["a", " ", " ♪", "(", "12", " -", "-", "", "[_SOT_]"];
        Vocabulary::new(tokens.iter().map(|token| token.as_bytes().to_vec()).collect(), 7)
    }

    #[test]
    fn a_pattern_suppresses_whole_tokens_of_text() {
        let suppressed = |pattern| {
            Suppression::new(&vocabulary(), Some(pattern), false, false).map(|found| found.always)
        };
        assert_eq!(suppressed("[0-9]+|a").unwrap(), [0, 4]);
        assert_eq!(suppressed("1").unwrap(), [0_u32; 0]);
        assert_eq!(suppressed("a|.*SOT.*").unwrap(), [0]);
        assert!(matches!(suppressed("("), Err(RecogniserError::Pattern(_))));
    }

    #[test]
    fn symbols_and_a_blank_start_are_suppressed_on_demand() {
        let both = Suppression::new(&vocabulary(), None, true, true).unwrap();
        let mut always = both.always.clone();
        always.sort_unstable();
        assert_eq!(always, [2, 3, 5]);
        assert_eq!(both.first, [1, 7]);
        let none = Suppression::new(&vocabulary(), None, false, false).unwrap();
        assert_eq!(none, Suppression::default());
    }

    #[test]
    fn where_all_is_suppressed_the_end_is_left() {
        let all = Suppression::new(&vocabulary(), Some("(?s-u).*"), false, true).unwrap();
        let mut logits = vec![1.0; 9];
        all.apply(true, &mut logits, 7);
        assert_eq!(logits.iter().filter(|logit| logit.is_finite()).count(), 1);
        assert_eq!(logits[7], 1.0);
    }
}
