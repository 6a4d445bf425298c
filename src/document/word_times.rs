//! Lists of words with their times in JSON, kept in step with the text.
//!
//! Words and text are matched by their letters, since programs disagree about spaces and
//! punctuation. As many words as before keep their times; else the time of all of them is
//! shared out by length. What else an entry holds, its probability, stays with its place.

use std::ops::Range;

use super::decimal::{self, Decimal, shared};
use super::encoding::{Encoding, decode_text, encode};
use super::groups::{Group, merged};
use super::json::Node;
use super::render::Patch;
use super::rewrite::Change;
use super::script;
use super::spelled::{Spelled, is_letter};

/// An entry of a list; ranges are bytes of the file.
#[derive(Debug, Clone)]
struct Entry {
    range: Range<usize>,
    word: Range<usize>,
    start: Option<Range<usize>>,
    end: Option<Range<usize>>,
    letters: Vec<char>,
}

/// A list of words.
#[derive(Debug, Clone)]
pub(super) struct WordList {
    entries: Vec<Entry>,
    /// Whether its words have the text's punctuation.
    punctuated: bool,
}

impl WordList {
    /// None if it is no list of objects with a `word` or `text` each.
    pub(super) fn read(text: &str, list: &Node) -> Option<Self> {
        let mut punctuated = false;
        let read = |node: &Node| {
            let word = node.get(text, "word").or_else(|| node.get(text, "text"))?;
            let surface = word.string(text)?;
            let surface = surface.trim();
            punctuated |= surface.ends_with(|last: char| !is_letter(&last));
            let number = |name| node.get(text, name).filter(|time| time.number(text).is_some());
            Some(Entry {
                range: node.range.clone(),
                word: word.content()?,
                start: number("start").map(|time| time.range.clone()),
                end: number("end").map(|time| time.range.clone()),
                letters: surface.chars().filter(is_letter).collect(),
            })
        };
        let entries = list.elements()?.iter().map(read).collect::<Option<Vec<_>>>()?;
        Some(Self { entries, punctuated })
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many entries from the given one on have exactly these letters.
    pub(super) fn matching(&self, from: usize, letters: &[char]) -> Option<usize> {
        let mut rest = letters;
        let mut count = 0;
        for entry in self.entries.get(from..)? {
            if rest.is_empty() && !entry.letters.is_empty() {
                break;
            }
            let (own, others) = rest.split_at_checked(entry.letters.len())?;
            let alike = |(one, other): (&char, &char)| one.to_lowercase().eq(other.to_lowercase());
            if !own.iter().zip(&entry.letters).all(alike) {
                return None;
            }
            rest = others;
            count += 1;
        }
        rest.is_empty().then_some(count)
    }

    /// The changes of a segment's words as changes of entries, some of the list.
    pub(super) fn groups(
        &self,
        text: &str,
        entries: Range<usize>,
        spelled: &Spelled,
        changes: &[Change],
    ) -> Vec<Group> {
        let own = self.entries.get(entries.clone()).unwrap_or(&[]);
        let mut places = vec![0];
        places.extend(own.iter().scan(0, |end, entry| {
            *end += entry.letters.len();
            Some(*end)
        }));
        let mut drafts: Vec<Draft> = Vec::new();
        for change in changes {
            let letters = spelled.range(&change.tokens);
            let new =
                script::join(change.words.iter().map(|word| (word.surface.as_str(), word.spaced)));
            if own.is_empty() || (letters.is_empty() && !new.contains(|one| is_letter(&one))) {
                continue;
            }
            let range = reach(&places, &letters);
            match drafts.last_mut() {
                Some(last) if last.entries.end > range.start => {
                    let between: String = spelled
                        .letters
                        .get(last.letters.end..letters.start)
                        .unwrap_or(&[])
                        .iter()
                        .collect();
                    last.text = glue(&glue(&last.text, &between), &new);
                    last.letters.end = letters.end;
                    last.entries.end = last.entries.end.max(range.end);
                }
                _ => drafts.push(Draft { entries: range, letters, text: new }),
            }
        }
        let finish = |draft: Draft| {
            let words = self.words(text, own, &places, &draft);
            let offset = entries.start;
            Group { range: draft.entries.start + offset..draft.entries.end + offset, words }
        };
        drafts.into_iter().map(finish).collect()
    }

    /// The words of a draft, with what stays of its first and last entry.
    fn words(&self, text: &str, own: &[Entry], places: &[usize], draft: &Draft) -> Vec<String> {
        let surface = |place: usize| {
            let word = own.get(place).map_or(0..0, |entry| entry.word.clone());
            let surface = decode_text(text, word, Encoding::Json { ascii: false });
            surface.trim().to_owned()
        };
        let Range { start, end } = draft.entries;
        let at = |place: usize| places.get(place).copied().unwrap_or(0);
        let head = split_letters(&surface(start), draft.letters.start.saturating_sub(at(start))).0;
        let last = end.saturating_sub(1);
        let tail = split_letters(&surface(last), draft.letters.end.saturating_sub(at(last))).1;
        let tail = if draft.letters.end >= at(end) { String::new() } else { tail };
        let whole = glue(&glue(&head, &draft.text), &tail);
        let mut words: Vec<String> = whole.split_whitespace().map(str::to_owned).collect();
        let count = draft.entries.len();
        if words.len() != count && count > 1 {
            let units = script::words(&whole);
            if units.len() == count {
                words = units.into_iter().map(|unit| unit.surface).collect();
            }
        }
        if !self.punctuated {
            for word in &mut words {
                let bare = word.trim_matches(|one| !is_letter(&one));
                if !bare.is_empty() {
                    *word = bare.to_owned();
                }
            }
        }
        words
    }

    /// Writes the groups, which are in order.
    pub(super) fn patch(&self, text: &str, groups: Vec<Group>, patches: &mut Vec<Patch>) {
        let ascii = text.is_ascii();
        for group in merged(groups) {
            let Some(old) = self.entries.get(group.range.clone()) else { continue };
            let (Some(first), Some(last)) = (old.first(), old.last()) else { continue };
            if group.keeps_times() {
                for (entry, word) in old.iter().zip(&group.words) {
                    let encoded = encode(word, Encoding::Json { ascii });
                    patches.push((trimmed(text, &entry.word), encoded));
                }
                continue;
            }
            let before = group.range.start.checked_sub(1).and_then(|at| self.entries.get(at));
            let behind = self.entries.get(group.range.end);
            if group.words.is_empty() {
                patches.push((
                    match (before, behind) {
                        (Some(before), _) => before.range.end..last.range.end,
                        (None, Some(behind)) => first.range.start..behind.range.start,
                        (None, None) => first.range.start..last.range.end,
                    },
                    String::new(),
                ));
                continue;
            }
            let separator = self
                .entries
                .get(..2)
                .and_then(|two| text.get(two.first()?.range.end..two.last()?.range.start));
            let times = times(text, old, &group.words);
            let entries: Vec<String> = group
                .words
                .iter()
                .enumerate()
                .map(|(place, word)| {
                    let entry = old.get(place).unwrap_or(last);
                    let time = times.as_ref().and_then(|times| times.get(place..place + 2));
                    with_word(text, entry, word, time, ascii)
                })
                .collect();
            let entries = entries.join(separator.unwrap_or(", "));
            patches.push((first.range.start..last.range.end, entries));
        }
    }
}

/// A change of entries that may grow yet.
struct Draft {
    entries: Range<usize>,
    letters: Range<usize>,
    text: String,
}

/// The entries that letters belong to; for none the one before or around them.
fn reach(places: &[usize], letters: &Range<usize>) -> Range<usize> {
    let count = places.len() - 1;
    if letters.is_empty() {
        let place = (0..count).rfind(|at| places[*at] < letters.start).unwrap_or(0);
        return place..place + 1;
    }
    let first = (0..count).find(|at| places[*at + 1] > letters.start).unwrap_or(0);
    let last = (0..count).rfind(|at| places[*at] < letters.end).unwrap_or(first);
    first..last.max(first) + 1
}

/// The part of a word up to so many letters, and the rest.
fn split_letters(word: &str, count: usize) -> (String, String) {
    let total = word.chars().filter(is_letter).count();
    if count == 0 || count >= total {
        let all = (word.to_owned(), String::new());
        return if count == 0 { (all.1, all.0) } else { all };
    }
    let mut seen = 0;
    let cut = word.char_indices().find(|(_, one)| {
        seen += usize::from(is_letter(one));
        seen > count
    });
    let (head, tail) = word.split_at(cut.map_or(word.len(), |(at, _)| at));
    (head.to_owned(), tail.to_owned())
}

fn glue(before: &str, after: &str) -> String {
    let apart = match (before.chars().next_back(), after.chars().next()) {
        (Some(last), Some(first)) => script::run_together(last, first),
        _ => false,
    };
    format!("{before}{}{after}", if apart { " " } else { "" })
}

fn trimmed(text: &str, range: &Range<usize>) -> Range<usize> {
    let source = text.get(range.clone()).unwrap_or("");
    let start = range.start + source.len() - source.trim_start().len();
    start..start.max(range.start + source.trim_end().len())
}

fn times(text: &str, old: &[Entry], words: &[String]) -> Option<Vec<Decimal>> {
    let read = |range: &Option<Range<usize>>| Decimal::parse(text.get(range.clone()?)?);
    let (start, end) = decimal::aligned(read(&old.first()?.start)?, read(&old.last()?.end)?)?;
    let digits = start.digits;
    let places = shared(start.scaled, end.scaled, words);
    Some(places.into_iter().map(|scaled| Decimal { scaled, digits }).collect())
}

/// An entry with another word and time.
fn with_word(
    text: &str,
    entry: &Entry,
    word: &str,
    time: Option<&[Decimal]>,
    ascii: bool,
) -> String {
    let word = encode(word, Encoding::Json { ascii });
    let mut parts = vec![(trimmed(text, &entry.word), word)];
    if let Some([begin, end]) = time {
        parts.extend(entry.start.clone().map(|range| (range, begin.to_string())));
        parts.extend(entry.end.clone().map(|range| (range, end.to_string())));
    }
    parts.sort_by_key(|(range, _)| range.start);
    let mut out = String::new();
    let mut at = entry.range.start;
    for (range, new) in parts {
        out.push_str(text.get(at..range.start).unwrap_or(""));
        out.push_str(&new);
        at = range.end;
    }
    out.push_str(text.get(at..entry.range.end).unwrap_or(""));
    out
}
