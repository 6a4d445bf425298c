//! When the words of a text were said.

use crate::corpus::{Span, Utterance, WordTime};

/// The span of an utterance: its own, else that of its words.
pub(super) fn span(utterance: &Utterance) -> Option<Span> {
    let of_words = || {
        let (first, last) = (utterance.words.first()?, utterance.words.last()?);
        Some(Span { start_ms: first.start_ms, end_ms: last.end_ms })
    };
    utterance.span.or_else(of_words)
}

/// The words of `text`, which need not be the 1-best, with times. Words that a text shares
/// with the 1-best at its beginning and end keep theirs; those between are spread evenly over
/// the time that is left. Without times of words, all are spread over the span. `None` where
/// nothing is known.
pub(super) fn of_words(utterance: &Utterance, text: &str) -> Option<Vec<WordTime>> {
    let span = span(utterance)?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let timed = utterance.words.as_slice();
    let same = |one: &WordTime, word: &str| one.text.eq_ignore_ascii_case(word);
    let head = timed.iter().zip(&words).take_while(|(one, word)| same(one, word)).count();
    let shorter = timed.len().min(words.len()) - head;
    let backwards = timed.iter().rev().zip(words.iter().rev()).take(shorter);
    let tail = backwards.take_while(|(one, word)| same(one, word)).count();
    let (first, last) = timed.split_at(timed.len() - tail);
    let first = first.get(..head).unwrap_or_default();
    let start = first.last().map_or(span.start_ms, |word| word.end_ms);
    let end = last.first().map_or(span.end_ms, |word| word.start_ms);
    let between = words.get(head..words.len() - tail).unwrap_or_default();
    let timed_ends = first.iter().chain(last).map(|word| (word.start_ms, word.end_ms));
    let mut times: Vec<(i64, i64)> = timed_ends.collect();
    times.splice(head..head, spread(between.len(), start, end));
    let with_time = |(word, (start_ms, end_ms)): (&&str, (i64, i64))| WordTime {
        text: (*word).to_owned(),
        start_ms,
        end_ms,
    };
    Some(words.iter().zip(times).map(with_time).collect())
}

/// Equal parts of a stretch of time.
fn spread(count: usize, start: i64, end: i64) -> impl Iterator<Item = (i64, i64)> {
    let parts = i64::try_from(count).unwrap_or(i64::MAX);
    let length = (end - start).max(0);
    let at = move |part: i64| start + length * part / parts.max(1);
    (0..parts).map(move |part| (at(part), at(part + 1)))
}
