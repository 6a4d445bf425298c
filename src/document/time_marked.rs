//! NIST's CTM: `file channel start duration word [confidence]`, a word a line.
//!
//! A segment is a run of words of one file and channel without a pause of more than half a
//! second, as recognisers' own endpoints have it. A run of more than thirty words, the
//! length of a long sentence, is cut at the longest pause among its last fifteen. Lines of
//! other files or channels may stand between.

use std::collections::BTreeMap;
use std::ops::Range;

use super::decimal::{self, Decimal, shared};
use super::groups::groups;
use super::lines::{Line, lines};
use super::parts::{Parts, Place};
use super::render::Patch;
use super::rewrite::Change;
use super::scan::Scan;
use super::{Segment, Token};

/// A longer pause ends a segment, milliseconds.
const LONGEST_PAUSE_MS: i64 = 500;
/// The most words of a segment.
const MOST_WORDS: usize = 30;
/// Where a long run may be cut, counted from its end.
const CUT_WITHIN: usize = 15;

/// A word's line; ranges are bytes of the file.
#[derive(Debug, Clone)]
pub(super) struct WordLine {
    /// With its end.
    line: Range<usize>,
    content_end: usize,
    number: usize,
    start: Range<usize>,
    duration: Range<usize>,
    word: Range<usize>,
    start_ms: i64,
    end_ms: i64,
}

pub(super) fn parse(text: &str) -> Parts {
    let mut parts = Parts::default();
    let mut open: BTreeMap<(String, String), Vec<WordLine>> = BTreeMap::new();
    let mut done: Vec<Vec<WordLine>> = Vec::new();
    for line in lines(text) {
        let content = line.text(text);
        if content.trim().is_empty() || content.starts_with(";;") {
            continue;
        }
        let Some((key, word)) = word_line(text, &line) else {
            parts.warn(line.number, "not `file channel start duration word`: left as it is");
            continue;
        };
        if is_mark(text.get(word.word.clone()).unwrap_or("")) {
            continue;
        }
        let run = open.entry(key).or_default();
        let ends = |last: &WordLine| {
            word.start_ms.saturating_sub(last.end_ms) > LONGEST_PAUSE_MS
                || word.start_ms < last.start_ms
        };
        if run.last().is_some_and(ends) {
            done.push(std::mem::take(run));
        }
        run.push(word);
        if run.len() > MOST_WORDS {
            let rest = run.split_off(longest_pause(run));
            done.push(std::mem::replace(run, rest));
        }
    }
    done.extend(open.into_values());
    done.retain(|words| !words.is_empty());
    done.sort_by_key(|words| words.first().map(|word| word.line.start));
    for words in done {
        let segment = segment(text, parts.next_id(), &words);
        parts.push(segment, Place::Lines(words));
    }
    parts
}

/// Words like `<sil>`, `(%hesitation)` and `[noise]` are none.
fn is_mark(word: &str) -> bool {
    [('<', '>'), ('(', ')'), ('[', ']')]
        .iter()
        .any(|(open, close)| word.starts_with(*open) && word.ends_with(*close))
}

fn word_line(text: &str, line: &Line) -> Option<((String, String), WordLine)> {
    let content = line.text(text);
    let mut fields = content.split_ascii_whitespace().map(|field| {
        let offset = field.as_ptr().addr() - content.as_ptr().addr();
        line.content.start + offset..line.content.start + offset + field.len()
    });
    let (file, channel) = (fields.next()?, fields.next()?);
    let (start, duration, word) = (fields.next()?, fields.next()?, fields.next()?);
    let time = |range: &Range<usize>| Decimal::parse(text.get(range.clone())?);
    let (first, length) = (time(&start)?.milliseconds(), time(&duration)?.milliseconds());
    let key = (text.get(file)?.to_owned(), text.get(channel)?.to_owned());
    let end_ms = first.checked_add(length)?;
    let (number, content_end) = (line.number, line.content.end);
    let line = line.content.start..line.end;
    Some((
        key,
        WordLine { line, content_end, number, start, duration, word, start_ms: first, end_ms },
    ))
}

/// Where a run that is too long is cut: before the word with the longest pause.
fn longest_pause(words: &[WordLine]) -> usize {
    let pause = |place: usize| match words.get(place - 1..=place) {
        Some([before, after]) => after.start_ms.saturating_sub(before.end_ms),
        _ => 0,
    };
    let places = words.len().saturating_sub(CUT_WITHIN).max(1)..words.len();
    places.max_by_key(|place| pause(*place)).unwrap_or(words.len())
}

fn segment(text: &str, id: String, words: &[WordLine]) -> Segment {
    let token = |(place, word): (usize, &WordLine)| Token {
        surface: text.get(word.word.clone()).unwrap_or("").to_owned(),
        pieces: vec![word.word.clone()],
        space_before: place > 0,
    };
    let tokens = words.iter().enumerate().map(token).collect();
    let scan = Scan { tokens, ..Scan::default() };
    let mut segment = Segment::plain(id, words.first().map_or(1, |word| word.number), scan);
    segment.start_ms = words.first().map(|word| word.start_ms);
    segment.end_ms = words.last().map(|word| word.end_ms);
    segment
}

/// Words that take the places of as many keep their lines; else the lines' time is shared
/// out by length, and words that are too many copy the last line.
pub(super) fn patch(
    text: &str,
    lines: &[WordLine],
    segment: &Segment,
    changes: &[Change],
    patches: &mut Vec<Patch>,
) {
    let surfaces: Vec<String> = segment.tokens.iter().map(|token| token.surface.clone()).collect();
    for group in groups(changes, &surfaces) {
        let Some(old) = lines.get(group.range.clone()) else { continue };
        if old.len() == group.words.len() {
            let words = old.iter().zip(group.words);
            patches.extend(words.map(|(line, word)| (line.word.clone(), word)));
            continue;
        }
        let times = times(text, old, &group.words);
        for (place, line) in old.iter().enumerate() {
            let last = place + 1 == old.len();
            let end = if last { group.words.len().max(place) } else { place + 1 };
            let new = (place..end.min(group.words.len())).map(|word| {
                let time = times.as_ref().and_then(|times| times.get(word..word + 2));
                with_word(text, line, &group.words[word], time)
            });
            let mut new: Vec<String> = new.collect();
            let ending = text.get(line.content_end..line.line.end).unwrap_or("");
            let between = if ending.is_empty() { "\n" } else { ending };
            if let Some(one) = new.last_mut() {
                one.push_str(ending);
            }
            patches.push((line.line.clone(), new.join(between)));
        }
    }
}

/// The times at which the words begin and end; none where they cannot be computed.
fn times(text: &str, old: &[WordLine], words: &[String]) -> Option<Vec<Decimal>> {
    let read = |range: &Range<usize>| Decimal::parse(text.get(range.clone())?);
    let (first, last) = (old.first()?, old.last()?);
    let (last_start, last_length) = decimal::aligned(read(&last.start)?, read(&last.duration)?)?;
    let end = last_start.scaled.checked_add(last_length.scaled)?;
    let end = Decimal { scaled: end, digits: last_start.digits };
    let (start, end) = decimal::aligned(read(&first.start)?, end)?;
    let digits = start.digits;
    let places = shared(start.scaled, end.scaled, words);
    Some(places.into_iter().map(|scaled| Decimal { scaled, digits }).collect())
}

/// A line, without its end, with another word and time.
fn with_word(text: &str, line: &WordLine, word: &str, time: Option<&[Decimal]>) -> String {
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or("");
    let WordLine { start, duration, word: old, .. } = line;
    let (begin, length) = match time {
        Some([begin, end]) => {
            let length = Decimal { scaled: end.scaled - begin.scaled, digits: begin.digits };
            (begin.to_string(), length.to_string())
        }
        _ => {
            (part(start.start, start.end).to_owned(), part(duration.start, duration.end).to_owned())
        }
    };
    [
        part(line.line.start, start.start),
        &begin,
        part(start.end, duration.start),
        &length,
        part(duration.end, old.start),
        word,
        part(old.end, line.content_end),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::super::{Document, DocumentFormat, Edit, ReadOptions};
    use super::*;

    const CTM: &str = ";; made by hand\r\nf 1 0.00 0.30 hello 0.9\r\nf 2 0.10 0.20 yes\r\n\
                       f 1 0.30 0.45 whirled 0.8\r\nf 1 0.75 0.1 <sil>\r\nf 1 2.00 0.20 so 0.7";

    fn render(tokens: Range<usize>, replacement: &str) -> String {
        let format = DocumentFormat::Ctm;
        let document = Document::parse(CTM.into(), format, &ReadOptions::default()).unwrap();
        let edit = Edit { segment: 0, tokens, replacement: replacement.to_owned() };
        String::from_utf8(document.render(&[edit]).unwrap()).unwrap()
    }

    #[test]
    fn segments_are_cut_at_pauses_and_channels() {
        let parts = parse(CTM);
        let shown: Vec<_> = parts
            .segments
            .iter()
            .map(|one| (one.text(), one.line, one.start_ms, one.end_ms))
            .collect();
        let expected = [("hello whirled", 2, 0, 750), ("yes", 3, 100, 300), ("so", 6, 2000, 2200)];
        let expected = expected
            .map(|(text, line, start, end)| (text.to_owned(), line, Some(start), Some(end)));
        assert_eq!(shown, expected);
    }

    #[test]
    fn as_many_words_keep_their_times() {
        assert_eq!(render(1..2, "world"), CTM.replace("whirled", "world"));
    }

    #[test]
    fn other_counts_share_the_time_by_length() {
        let two = render(1..2, "a world");
        let lines = "f 1 0.30 0.07 a 0.8\r\nf 1 0.37 0.38 world 0.8\r\n";
        assert_eq!(two, CTM.replace("f 1 0.30 0.45 whirled 0.8\r\n", lines));
        assert_eq!(render(1..2, ""), CTM.replace("f 1 0.30 0.45 whirled 0.8\r\n", ""));
        let one = render(0..2, "hi");
        assert!(one.starts_with(";; made by hand\r\nf 1 0.00 0.75 hi 0.9\r\nf 2 "), "{one}");
        let after = render(2..2, "no");
        assert!(after.contains("f 1 0.30 0.35 whirled 0.8\r\nf 1 0.65 0.10 no 0.8\r\n"), "{after}");
    }

    #[test]
    fn long_runs_are_cut_at_their_longest_pause() {
        let mut text = String::new();
        for word in 0..40 {
            let pause = if word >= 25 { 0.2 } else { 0.0 };
            let start = f64::from(word) * 0.5 + pause;
            text.push_str(&format!("f 1 {start:.2} 0.50 w{word}\n"));
        }
        let counts: Vec<usize> =
            parse(&text).segments.iter().map(|segment| segment.tokens.len()).collect();
        assert_eq!(counts, [25, 15]);
    }
}
