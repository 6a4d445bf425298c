//! Answers that list errors with their corrections, as some prompts ask for.

use std::ops::Range;

use serde::Deserialize;
use thiserror::Error;

use super::key::{key, parts};
use crate::document::script::Cutter;

/// An error and what it should read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Pair {
    /// Words of the text.
    #[serde(alias = "wrong", alias = "original")]
    pub error: String,
    /// What should stand there; empty if nothing should.
    #[serde(alias = "right", alias = "corrected")]
    pub correction: String,
    /// Which occurrence of the error is meant, from 1; needed where there are several.
    #[serde(default)]
    pub occurrence: Option<usize>,
}

/// Why a pair is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Reason {
    /// The error has no word.
    #[error("the error is empty")]
    Empty,
    /// The error and its correction are the same.
    #[error("the correction is the error")]
    Same,
    /// The words do not occur in the text, or not so often.
    #[error("the error is not in the text")]
    Absent,
    /// The words occur several times, and it is not said which is meant.
    #[error("the error is {0} times in the text")]
    Ambiguous(usize),
    /// Another pair has changed some of these words.
    #[error("another pair changes the same words")]
    Overlap,
    /// The correction holds a line break.
    #[error("the correction holds a line break")]
    LineBreak,
}

/// A pair that was not applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The pair.
    pub pair: Pair,
    /// Why.
    pub reason: Reason,
}

/// The most places at which a list is looked for.
const MOST_TRIES: usize = 20;
/// What stands between an error and its correction.
const ARROWS: [&str; 4] = ["->", "=>", "→", "⇒"];

/// Reads an answer: the first JSON list of objects `{"error", "correction"}` in it, with
/// `occurrence` where there is one; else such objects, or `error -> correction`, a line
/// each. Anything else in the answer is passed over; without pairs there are none.
#[must_use]
pub fn parse(answer: &str) -> Vec<Pair> {
    for (at, _) in answer.match_indices('[').take(MOST_TRIES) {
        let rest = answer.get(at..).unwrap_or("");
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Vec<Pair>>();
        if let Some(Ok(pairs)) = values.next() {
            return pairs;
        }
    }
    answer.lines().filter_map(line).collect()
}

fn line(line: &str) -> Option<Pair> {
    let line = line.trim().trim_end_matches(',');
    if line.starts_with('{') {
        return serde_json::from_str(line).ok();
    }
    let (error, correction) = ARROWS.iter().find_map(|arrow| line.split_once(arrow))?;
    Some(Pair {
        error: bare(without_bullet(error)),
        correction: bare(correction),
        occurrence: None,
    })
}

/// The text without a number or sign of a list.
fn without_bullet(text: &str) -> &str {
    let text = text.trim();
    let numbered = text.trim_start_matches(|one: char| one.is_ascii_digit());
    if numbered.len() < text.len()
        && let Some(rest) = numbered.strip_prefix(['.', ')']).filter(|rest| rest.starts_with(' '))
    {
        return rest;
    }
    ["- ", "* ", "• "].iter().find_map(|bullet| text.strip_prefix(bullet)).unwrap_or(text)
}

/// The text without quotes around it.
fn bare(text: &str) -> String {
    let text = text.trim();
    for (open, close) in [('"', '"'), ('`', '`'), ('\'', '\''), ('“', '”')] {
        let inner = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
        if let Some(inner) = inner {
            return inner.trim().to_owned();
        }
    }
    text.to_owned()
}

/// A word of a text and its bytes.
struct Located {
    range: Range<usize>,
    key: String,
}

/// The words of a text that are more than punctuation.
fn located(text: &str) -> Vec<Located> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut cutter = Cutter::default();
    for (at, character) in text.char_indices() {
        if character.is_whitespace() {
            cutter.close();
            continue;
        }
        let end = at + character.len_utf8();
        match ranges.last_mut() {
            Some(last) if !cutter.begins_word(character) => last.end = end,
            Some(_) => ranges.push(at..end),
            None => {
                cutter.begins_word(character);
                ranges.push(at..end);
            }
        }
    }
    let words = ranges.into_iter().map(|range| {
        let key = text.get(range.clone()).map(key).unwrap_or_default();
        Located { range, key }
    });
    words.filter(|word| !word.key.is_empty()).collect()
}

/// Makes the pairs' corrections in a text. An error has to occur once, as whole words, or
/// say which occurrence is meant; case and surrounding punctuation do not count. All pairs
/// are about the text as given. The punctuation around the error stays, unless the
/// correction brings its own. Gives the text and the pairs that were refused.
#[must_use]
pub fn apply(text: &str, pairs: &[Pair]) -> (String, Vec<Refused>) {
    let words = located(text);
    let mut taken: Vec<(Range<usize>, &Pair)> = Vec::new();
    let mut refused = Vec::new();
    for pair in pairs {
        match place(&words, pair, &taken) {
            Ok(place) => taken.push((place, pair)),
            Err(reason) => refused.push(Refused { pair: pair.clone(), reason }),
        }
    }
    taken.sort_by_key(|(place, _)| place.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (place, pair) in taken {
        let Some([first, .., last] | [first @ last]) = words.get(place) else { continue };
        let new = surrounded(text, &first.range, &last.range, pair.correction.trim());
        out.push_str(text.get(at..first.range.start).unwrap_or(""));
        at = last.range.end;
        if new.is_empty() {
            // One of the two spaces around the error goes with it.
            let rest = text.get(at..).unwrap_or("");
            if out.is_empty() || out.ends_with(char::is_whitespace) {
                at += rest.len() - rest.trim_start().len();
            }
            if at >= text.len() {
                out.truncate(out.trim_end().len());
            }
        }
        out.push_str(&new);
    }
    out.push_str(text.get(at..).unwrap_or(""));
    (out, refused)
}

/// Where a pair's error stands.
fn place(
    words: &[Located],
    pair: &Pair,
    taken: &[(Range<usize>, &Pair)],
) -> Result<Range<usize>, Reason> {
    let wanted: Vec<String> = located(&pair.error).into_iter().map(|word| word.key).collect();
    if wanted.is_empty() {
        return Err(Reason::Empty);
    }
    if pair.error.trim() == pair.correction.trim() {
        return Err(Reason::Same);
    }
    if pair.correction.trim().contains(['\n', '\r']) {
        return Err(Reason::LineBreak);
    }
    let found: Vec<usize> = words
        .windows(wanted.len())
        .enumerate()
        .filter(|(_, window)| window.iter().zip(&wanted).all(|(word, key)| word.key == *key))
        .map(|(at, _)| at)
        .collect();
    let start = match (pair.occurrence, found.as_slice()) {
        (Some(number), found) => {
            number.checked_sub(1).and_then(|number| found.get(number)).ok_or(Reason::Absent)?
        }
        (None, []) => return Err(Reason::Absent),
        (None, [only]) => only,
        (None, several) => return Err(Reason::Ambiguous(several.len())),
    };
    let place = *start..start + wanted.len();
    let free =
        |(other, _): &(Range<usize>, &Pair)| other.end <= place.start || place.end <= other.start;
    if taken.iter().all(free) { Ok(place) } else { Err(Reason::Overlap) }
}

/// A correction with the punctuation of what it replaces.
fn surrounded(text: &str, first: &Range<usize>, last: &Range<usize>, correction: &str) -> String {
    if correction.is_empty() {
        return String::new();
    }
    let lead = parts(text.get(first.clone()).unwrap_or("")).lead;
    let trail = parts(text.get(last.clone()).unwrap_or("")).trail;
    let own = parts(correction);
    let lead = if own.lead.is_empty() { lead } else { "" };
    let trail = if own.trail.is_empty() { trail } else { "" };
    format!("{lead}{correction}{trail}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pair(error: &str, correction: &str) -> Pair {
        Pair { error: error.to_owned(), correction: correction.to_owned(), occurrence: None }
    }

    #[test]
    fn answers_are_read_in_several_shapes() {
        let expected = [pair("fright", "flight"), pair("to", "")];
        let json = "Sure [1]:\n```json\n[{\"error\": \"fright\", \"correction\": \"flight\"},\n \
                    {\"error\": \"to\", \"correction\": \"\"}]\n```";
        assert_eq!(parse(json), expected);
        assert_eq!(parse("1. \"fright\" -> \"flight\"\n- to => ''\nDone."), expected);
        assert_eq!(parse("{\"error\": \"fright\", \"correction\": \"flight\"},\nto → "), expected);
        assert_eq!(parse("[]"), []);
        assert_eq!(parse("No errors."), []);
    }

    #[test]
    fn pairs_change_whole_words_only() {
        let text = "I like \"A fright,\" and frights.";
        let (changed, refused) =
            apply(text, &[pair("a fright", "a flight"), pair("Frights", "nights")]);
        assert_eq!(changed, "I like \"a flight,\" and nights.");
        assert_eq!(refused, []);
        assert_eq!(apply("a b c", &[pair("b", "")]).0, "a c");
        assert_eq!(apply("a b c", &[pair("c", "")]).0, "a b");
        assert_eq!(apply("我爱你。", &[pair("爱", "恨")]).0, "我恨你。");
    }

    #[test]
    fn what_cannot_be_placed_is_refused_with_its_reason() {
        let second = Pair { occurrence: Some(2), ..pair("the", "a") };
        let third = Pair { occurrence: Some(3), ..pair("the", "a") };
        let pairs = [
            pair("the", "a"),
            second,
            third,
            pair("cat the", "x"),
            pair("dog", "x"),
            pair("...", "x"),
            pair("cat", "cat"),
            pair("cat", "a\nb"),
        ];
        let (changed, refused) = apply("the cat the mat", &pairs);
        assert_eq!(changed, "the cat a mat");
        let reasons: Vec<Reason> = refused.into_iter().map(|one| one.reason).collect();
        let expected = [
            Reason::Ambiguous(2),
            Reason::Absent,
            Reason::Overlap,
            Reason::Absent,
            Reason::Empty,
            Reason::Same,
            Reason::LineBreak,
        ];
        assert_eq!(reasons, expected);
    }

    proptest! {
        #[test]
        fn any_answer_is_read_and_applied(answer in "\\PC{0,40}(->|\\[|\\{\"error\":)?\\PC{0,20}", text in "\\PC{0,40}") {
            let pairs = parse(&answer);
            let (changed, refused) = apply(&text, &pairs);
            if refused.len() == pairs.len() {
                prop_assert_eq!(changed, text);
            }
        }
    }
}
