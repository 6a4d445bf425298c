//! A finished prompt, and how to tokenise it safely.

use std::ops::Range;

use super::untrusted::{Part, parts};

/// A finished prompt and the parts of it that came from data.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PromptText {
    /// The prompt.
    pub text: String,
    /// Byte ranges of `text` that came from data: sorted, disjoint, not adjacent, none
    /// empty, on character boundaries.
    pub untrusted: Vec<Range<usize>>,
}

/// A stretch of a prompt that is tokenised by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// The text, never empty.
    pub text: &'a str,
    /// Whether special tokens may be recognised in it.
    pub parse_special: bool,
}

impl PromptText {
    /// Appends the template's own words.
    pub(super) fn push_trusted(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Appends data.
    pub(super) fn push_data(&mut self, data: &str) {
        if data.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(data);
        let end = self.text.len();
        match self.untrusted.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ => self.untrusted.push(start..end),
        }
    }

    /// Appends a text with marks around its data.
    pub(super) fn push_marked(&mut self, marked: &str) {
        for part in parts(marked) {
            match part {
                Part::Trusted(text) => self.push_trusted(text),
                Part::Data(data) => self.push_data(data),
            }
        }
    }

    /// Cuts the prompt into pieces to be tokenised one after another, so that nothing which
    /// came from data becomes one of the special tokens `specials` (their texts; empty ones
    /// are skipped). Concatenated, the pieces are the prompt; an empty prompt has none.
    ///
    /// An occurrence of a special token's text that shares a character with data, be it
    /// whole or at one end, is cut in two; one of a single character gets a piece of its own
    /// in which no special token may be recognised. Occurrences in the template's own words
    /// stay whole, and all other text is cut nowhere, so that it is tokenised as naturally
    /// as without this. Data is searched in time proportional to its length times the
    /// number of special tokens that share a first byte.
    ///
    /// A tokeniser that puts a space before every text it is given must do so for the first
    /// piece only.
    #[must_use]
    pub fn pieces<'a>(&'a self, specials: &[impl AsRef<str>]) -> Vec<Piece<'a>> {
        let index = SpecialIndex::new(specials);
        let mut cuts = vec![0, self.text.len()];
        let mut plain = Vec::new();
        for data in &self.untrusted {
            let first = data.start.saturating_sub(index.longest.saturating_sub(1));
            for start in first..data.end {
                for special in index.at(&self.text, start) {
                    let end = start + special.len();
                    let width = special.chars().next().map_or(1, char::len_utf8);
                    if end <= data.start {
                        continue;
                    }
                    if width == special.len() {
                        plain.push(start);
                        cuts.extend([start, end]);
                    } else if start < data.start {
                        // Where the data begins, and not after the first character, which
                        // may lie inside one of the template's own special tokens.
                        cuts.push(data.start);
                    } else {
                        cuts.push(start + width);
                    }
                }
            }
        }
        cuts.sort_unstable();
        cuts.dedup();
        plain.sort_unstable();
        cuts.windows(2)
            .map(|pair| Piece {
                text: &self.text[pair[0]..pair[1]],
                parse_special: plain.binary_search(&pair[0]).is_err(),
            })
            .collect()
    }
}

/// Special tokens by the first byte of their text.
struct SpecialIndex<'s> {
    by_first_byte: Vec<Vec<&'s str>>,
    /// Length of the longest, bytes.
    longest: usize,
}

impl<'s> SpecialIndex<'s> {
    fn new(specials: &'s [impl AsRef<str>]) -> Self {
        let mut by_first_byte = vec![Vec::new(); 256];
        let mut longest = 0;
        for special in specials.iter().map(AsRef::as_ref) {
            if let Some(&byte) = special.as_bytes().first() {
                by_first_byte[usize::from(byte)].push(special);
                longest = longest.max(special.len());
            }
        }
        Self { by_first_byte, longest }
    }

    /// The special tokens whose text stands at a byte of `text`. A match is on character
    /// boundaries, since no character's encoding begins inside another's.
    fn at<'t>(&'t self, text: &'t str, start: usize) -> impl Iterator<Item = &'s str> + 't {
        let rest = &text.as_bytes()[start..];
        rest.first()
            .map_or(&[][..], |&byte| &self.by_first_byte[usize::from(byte)])
            .iter()
            .copied()
            .filter(move |special| rest.starts_with(special.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn prompt(parts: &[(bool, &str)]) -> PromptText {
        let mut prompt = PromptText::default();
        for (data, text) in parts {
            if *data { prompt.push_data(text) } else { prompt.push_trusted(text) }
        }
        prompt
    }

    fn texts<'a>(pieces: &[Piece<'a>]) -> Vec<&'a str> {
        pieces.iter().map(|piece| piece.text).collect()
    }

    #[test]
    fn a_special_token_in_data_is_cut_and_the_templates_own_stays_whole() {
        let prompt = prompt(&[(false, "<|s|>"), (true, "a <|s|> b"), (false, "<|e|>")]);
        let pieces = prompt.pieces(&["<|s|>", "<|e|>"]);
        assert_eq!(texts(&pieces), ["<|s|>a <", "|s|> b<|e|>"]);
        assert!(pieces.iter().all(|piece| piece.parse_special));
    }

    #[test]
    fn a_special_token_half_in_data_is_cut_where_the_data_begins() {
        let prompt = prompt(&[(false, "<|a|>"), (true, "x> y")]);
        assert_eq!(texts(&prompt.pieces(&["<|a|>", "|>x>"])), ["<|a|>", "x> y"]);
        let ends = super::tests::prompt(&[(true, "y <|"), (false, "a|>")]);
        assert_eq!(texts(&ends.pieces(&["<|a|>"])), ["y <", "|a|>"]);
    }

    #[test]
    fn a_special_token_of_one_character_is_plain_text_in_data() {
        let prompt = prompt(&[(false, "€"), (true, "a€b")]);
        let pieces = prompt.pieces(&["€"]);
        assert_eq!(texts(&pieces), ["€a", "€", "b"]);
        assert_eq!(pieces.iter().map(|p| p.parse_special).collect::<Vec<_>>(), [true, false, true]);
    }

    #[test]
    fn without_special_tokens_or_text_nothing_is_cut() {
        let prompt = prompt(&[(false, "a"), (true, "<|s|>")]);
        assert_eq!(texts(&prompt.pieces(&[] as &[&str])), ["a<|s|>"]);
        assert_eq!(texts(&prompt.pieces(&[""])), ["a<|s|>"]);
        assert!(PromptText::default().pieces(&["<|s|>"]).is_empty());
    }

    #[test]
    fn a_thousand_special_tokens_are_searched_quickly() {
        let specials: Vec<String> = (0..1000).map(|n| format!("<|reserved_{n}|>")).collect();
        let prompt = prompt(&[(true, &"ignore <|reserved_7|> <".repeat(90))]);
        let begin = std::time::Instant::now();
        assert_eq!(prompt.pieces(&specials).len(), 91);
        // Generous: debug builds on a busy machine take a few milliseconds.
        assert!(begin.elapsed().as_millis() < 250);
    }

    /// Every occurrence of every special token, overlapping ones too.
    fn occurrences(text: &str, specials: &[String]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for special in specials.iter().filter(|special| !special.is_empty()) {
            for start in 0..text.len() {
                if text.as_bytes()[start..].starts_with(special.as_bytes()) {
                    found.push(start..start + special.len());
                }
            }
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn pieces_join_to_the_text_and_no_data_is_special(
            parts in prop::collection::vec((any::<bool>(), "[<|ab>€]{0,6}"), 0..6),
            specials in prop::collection::vec("[<|ab>€]{0,4}", 0..5),
        ) {
            let parts: Vec<(bool, &str)> =
                parts.iter().map(|(data, text)| (*data, text.as_str())).collect();
            let prompt = prompt(&parts);
            let pieces = prompt.pieces(&specials);
            prop_assert_eq!(texts(&pieces).concat(), prompt.text.as_str());

            let mut spans = Vec::new();
            let mut at = 0;
            for piece in &pieces {
                prop_assert!(!piece.text.is_empty());
                spans.push((at..at + piece.text.len(), piece.parse_special));
                at += piece.text.len();
            }
            for found in occurrences(&prompt.text, &specials) {
                let touches = prompt
                    .untrusted
                    .iter()
                    .any(|data| found.start < data.end && data.start < found.end);
                let whole = spans.iter().any(|(span, parse_special)| {
                    *parse_special && span.start <= found.start && found.end <= span.end
                });
                prop_assert_eq!(whole, !touches, "{:?} in {:?}", found, pieces);
            }
        }
    }
}
