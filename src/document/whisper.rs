//! Whisper's JSON: the shapes are those of [`corpus`](crate::corpus)'s `whisper-json`.
//!
//! A segment's `text`, its `words`, the whole file's `text` and a list of all words
//! (`word_segments`, `words`) are kept in step. `tokens` stay: they are what the recogniser
//! gave out, numbers included. Where a list or the whole text does not say what the
//! segments say, it stays as it is, with a warning.

use super::encoding::Encoding;
use super::groups::Group;
use super::json::{Kind, Node, values};
use super::lines::LineCounter;
use super::markup::Rules;
use super::parts::{Parts, Place, json_encoding};
use super::render::{Changed, Patch};
use super::rewrite::{Change, rewrite};
use super::scan::{Site, scan};
use super::spelled::Spelled;
use super::word_times::WordList;
use super::{DocumentError, Segment, Token};

/// How far ahead a segment's words are looked for in the whole text, in words.
const FARTHEST: usize = 2000;

/// Where the words of the segments stand besides their texts.
#[derive(Debug, Clone, Default)]
pub(super) struct Links {
    lists: Vec<WordList>,
    /// The texts of whole files.
    wholes: Vec<Site>,
    /// One for each segment.
    segments: Vec<Link>,
}

#[derive(Debug, Clone, Default)]
struct Link {
    /// Number of a list and the entries there.
    lists: Vec<(usize, std::ops::Range<usize>)>,
    /// Number of a whole text and the first token there.
    whole: Option<(usize, usize)>,
}

pub(super) fn parse(text: &str) -> Result<Parts, DocumentError> {
    let mut reader = Reader {
        text,
        encoding: json_encoding(text),
        counter: LineCounter::default(),
        parts: Parts::default(),
        links: Links::default(),
    };
    for value in values(text)? {
        reader.file(&value);
    }
    reader.parts.warnings.sort_by_key(|warning| warning.line);
    reader.parts.whisper = Some(reader.links);
    Ok(reader.parts)
}

struct Reader<'a> {
    text: &'a str,
    encoding: Encoding,
    counter: LineCounter,
    parts: Parts,
    links: Links,
}

impl Reader<'_> {
    fn site(&self, node: &Node) -> Option<Site> {
        let range = node.content()?;
        Some(Site { range, encoding: self.encoding, rules: Rules::Speech })
    }

    /// A value of the file: a transcript, a list of segments, or a segment.
    fn file(&mut self, value: &Node) {
        let text = self.text;
        if let Some(segments) = value.elements() {
            for segment in segments {
                self.segment(segment);
            }
            return;
        }
        let inner = value.get(text, "segments").or_else(|| value.get(text, "transcription"));
        let Some(segments) = inner.and_then(Node::elements) else {
            self.segment(value);
            return;
        };
        let first = self.parts.segments.len();
        for segment in segments {
            self.segment(segment);
        }
        if let Some(site) = value.get(text, "text").and_then(|whole| self.site(whole)) {
            self.link_whole(site, first);
        }
        for name in ["word_segments", "words"] {
            let list = value.get(text, name).and_then(|list| WordList::read(text, list));
            if let Some(list) = list.filter(|list| list.len() > 0) {
                self.link_list(list, first, name);
            }
        }
    }

    fn segment(&mut self, node: &Node) {
        let text = self.text;
        let line = self.counter.line(text, node.range.start);
        let Some(site) = node.get(text, "text").and_then(|inner| self.site(inner)) else {
            self.parts.warn(line, "a segment without `text`: left as it is");
            return;
        };
        let scanned = scan(text, &site);
        let mut segment = Segment::plain(self.parts.next_id(), line, scanned);
        let offsets = node.get(text, "offsets");
        let whole = |name| offsets.and_then(|all| all.get(text, name)?.source(text).parse().ok());
        let seconds = |name| {
            let seconds = node.get(text, name)?.number(text)?;
            Some((seconds * 1000.0).round() as i64)
        };
        segment.start_ms = whole("from").or_else(|| seconds("start"));
        segment.end_ms = whole("to").or_else(|| seconds("end"));
        segment.speaker =
            node.get(text, "speaker").and_then(|name| name.label(text)).or(segment.speaker);
        let mut link = Link::default();
        if let Some(words) =
            node.get(text, "words").filter(|words| matches!(words.kind, Kind::Array(_)))
            && let Some(list) = WordList::read(text, words).filter(|list| list.len() > 0)
        {
            let count = list.len();
            if list.matching(0, &Spelled::new(text, &site).letters) == Some(count) {
                link.lists.push((self.links.lists.len(), 0..count));
                self.links.lists.push(list);
            } else {
                self.parts.warn(line, "the segment's `words` are not its text: they stay");
            }
        }
        self.links.segments.push(link);
        self.parts.push(segment, Place::Site(site));
    }

    /// Finds the segments from one on in the whole text.
    fn link_whole(&mut self, site: Site, first: usize) {
        let tokens = scan(self.text, &site).tokens;
        let number = self.links.wholes.len();
        let mut at = 0;
        let mut lost = 0;
        let segments = self.parts.segments.iter().zip(&mut self.links.segments);
        for (segment, link) in segments.skip(first) {
            let own = &segment.tokens;
            let found = (at..tokens.len().min(at + FARTHEST) + 1)
                .find(|place| tokens.get(*place..).is_some_and(|rest| begins_with(rest, own)));
            match found {
                Some(place) => {
                    link.whole = Some((number, place));
                    at = place + own.len();
                }
                None => lost += 1,
            }
        }
        self.links.wholes.push(site);
        if lost > 0 {
            let message = format!("`text` lacks the words of {lost} segments: they stay there");
            self.parts.warn(1, message);
        }
    }

    /// Shares a list of all words out over the segments from one on.
    fn link_list(&mut self, list: WordList, first: usize, name: &str) {
        let number = self.links.lists.len();
        let mut at = 0;
        for place in first..self.parts.segments.len() {
            let Some(Place::Site(site)) = self.parts.places.get(place) else { continue };
            let letters = Spelled::new(self.text, site).letters;
            let Some(count) = list.matching(at, &letters) else {
                let line = self.parts.segments.get(place).map_or(1, |segment| segment.line);
                self.parts
                    .warn(line, format!("`{name}` says something else from here on: it stays"));
                break;
            };
            if let Some(link) = self.links.segments.get_mut(place) {
                link.lists.push((number, at..at + count));
            }
            at += count;
        }
        self.links.lists.push(list);
    }
}

fn begins_with(tokens: &[Token], own: &[Token]) -> bool {
    tokens.len() >= own.len()
        && tokens.iter().zip(own).all(|(one, other)| one.surface == other.surface)
}

/// Patches everything but the segments' own texts.
pub(super) fn patch(
    text: &str,
    parts: &Parts,
    links: &Links,
    changed: &[Changed],
    patches: &mut Vec<Patch>,
) {
    let mut lists: Vec<Vec<Group>> = vec![Vec::new(); links.lists.len()];
    let mut wholes: Vec<Vec<Change>> = vec![Vec::new(); links.wholes.len()];
    for (number, changes) in changed {
        let (Some(link), Some(Place::Site(site))) =
            (links.segments.get(*number), parts.places.get(*number))
        else {
            continue;
        };
        let spelled = Spelled::new(text, site);
        for (list, entries) in &link.lists {
            let Some((known, groups)) = links.lists.get(*list).zip(lists.get_mut(*list)) else {
                continue;
            };
            groups.extend(known.groups(text, entries.clone(), &spelled, changes));
        }
        if let Some((whole, offset)) = link.whole
            && let Some(all) = wholes.get_mut(whole)
        {
            all.extend(changes.iter().map(|Change { tokens, words }| Change {
                tokens: tokens.start + offset..tokens.end + offset,
                words: words.clone(),
            }));
        }
    }
    for (list, groups) in links.lists.iter().zip(lists) {
        list.patch(text, groups, patches);
    }
    for (site, changes) in links.wholes.iter().zip(wholes) {
        if !changes.is_empty() {
            patches.extend(rewrite(text, site, &changes));
        }
    }
}
