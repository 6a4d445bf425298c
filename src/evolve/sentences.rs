//! Instructions, sentence by sentence.

use serde::{Deserialize, Serialize};

use super::tags::{Stretch, is_balanced, stretches};

/// A sentence of an instruction.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sentence {
    /// The white space before it, which makes a paragraph of it or not. Not printed where
    /// it is the first; empty only there.
    pub before: String,
    /// The sentence, without white space around it, never empty. May hold whole Jinja tags.
    pub text: String,
    /// What it is about ([`super::Variants`]), where that is known.
    pub topic: Option<String>,
}

impl Sentence {
    /// Whether it holds Jinja, which no model should rewrite.
    pub(super) fn has_tags(&self) -> bool {
        stretches(&self.text)
            .is_none_or(|found| found.iter().any(|(stretch, _)| *stretch != Stretch::Text))
    }
}

/// Divides an instruction into the white space before it, its sentences, and the white space
/// behind. A sentence ends with `.`, `!` or `?` (and quotes or brackets) before white space
/// and no small letter, at a blank line, and before a line that begins an item of a list. It
/// never ends inside a Jinja tag or between a tag and its end. White space alone has no
/// sentence and is all before.
pub(super) fn divide(text: &str) -> (String, Vec<Sentence>, String) {
    let body = text.trim();
    let lead = &text[..text.len() - text.trim_start().len()];
    let tail = &text[(lead.len() + body.len()).min(text.len())..];
    let mut sentences: Vec<Sentence> = Vec::new();
    let (mut start, mut before) = (0, "");
    for (end, next) in gaps(body) {
        let sentence = &body[start..end];
        if !sentence.contains(char::is_alphabetic) || !is_balanced(sentence) {
            continue;
        }
        if ends_sentence(sentence) || begins_apart(&body[end..next], &body[next..]) {
            sentences.push(Sentence { before: before.into(), text: sentence.into(), topic: None });
            (start, before) = (next, &body[end..next]);
        }
    }
    if start < body.len() {
        let text = body[start..].into();
        sentences.push(Sentence { before: before.into(), text, topic: None });
    }
    (lead.into(), sentences, tail.into())
}

/// Puts sentences together again. None give an empty text.
pub(super) fn join(sentences: &[Sentence]) -> String {
    let mut whole = String::new();
    for sentence in sentences {
        if !whole.is_empty() {
            whole.push_str(match sentence.before.as_str() {
                "" if is_item(&sentence.text) => "\n",
                "" => " ",
                before => before,
            });
        }
        whole.push_str(&sentence.text);
    }
    whole
}

/// The stretches of white space outside of tags after which a sentence could begin.
fn gaps(body: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (stretch, range) in stretches(body).unwrap_or_default() {
        if stretch != Stretch::Text {
            continue;
        }
        let mut at = range.start;
        while let Some(start) = body[at..range.end].find(char::is_whitespace).map(|i| at + i) {
            let next = range.end - body[start..range.end].trim_start().len();
            let small = body[next..].chars().next().is_none_or(char::is_lowercase);
            if !small || body[start..next].matches('\n').count() > 1 {
                found.push((start, next));
            }
            at = next;
        }
    }
    found
}

/// Whether a text ends as a sentence does.
pub(super) fn ends_sentence(text: &str) -> bool {
    text.trim_end_matches(['"', '\'', ')', ']', '”', '’']).ends_with(['.', '!', '?'])
}

fn begins_apart(gap: &str, rest: &str) -> bool {
    gap.matches('\n').count() > 1 || gap.contains('\n') && is_item(rest)
}

/// Whether a text begins with the sign of an item of a list.
fn is_item(text: &str) -> bool {
    let unnumbered = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = unnumbered.len() < text.len()
        && (unnumbered.starts_with(". ") || unnumbered.starts_with(") "));
    numbered || text.starts_with("- ") || text.starts_with("* ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str) -> Vec<String> {
        divide(text).1.into_iter().map(|sentence| sentence.text).collect()
    }

    #[test]
    fn sentences_end_where_a_reader_would_say_so() {
        assert_eq!(
            texts("Do this. Do \"that.\" Why?\n\nEnd"),
            ["Do this.", "Do \"that.\"", "Why?", "End"]
        );
        assert_eq!(
            texts("Fix it, e.g. its tail.\nKeep 3.5 of it"),
            ["Fix it, e.g. its tail.", "Keep 3.5 of it"]
        );
        assert_eq!(
            texts("Rules:\n1. Do this. Well.\n2. Do that"),
            ["Rules:", "1. Do this.", "Well.", "2. Do that"]
        );
        assert_eq!(texts("  \n"), [""; 0]);
    }

    #[test]
    fn jinja_is_never_cut() {
        assert_eq!(
            texts("{% if a %}One. Two.{% endif %} Three {{ \"A. B\" }}. Four."),
            ["{% if a %}One. Two.{% endif %} Three {{ \"A. B\" }}.", "Four."]
        );
    }

    #[test]
    fn a_moved_sentence_is_separated() {
        let (_, mut sentences, _) = divide("One. Two.\n\nThree.");
        sentences.reverse();
        assert_eq!(join(&sentences), "Three. Two. One.");
    }

    proptest! {
        #[test]
        fn dividing_and_joining_is_the_identity(
            text in "([ABab.?! \n1]|- |\\{\\{ a \\}\\}|\\{% if a %\\}|\\{% endif %\\}|é){0,30}"
        ) {
            let (lead, sentences, tail) = divide(&text);
            prop_assert_eq!(format!("{lead}{}{tail}", join(&sentences)), text);
        }
    }
}
