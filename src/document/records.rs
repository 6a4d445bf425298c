//! JSON records: one a line, or HyPoradise's array of N-best lists.
//!
//! A field with a text is corrected in place. A list of hypotheses (`nbest`, `input`; or
//! `input1` and `input2`) is never touched: the correction of its first one is the record's
//! field `corrected`, at its end, or where it is already.

use super::encoding::{Encoding, decode_text};
use super::json::{Kind, Node, value, values};
use super::lines::{LineCounter, lines};
use super::markup::Rules;
use super::parts::{Correction, Parts, Place, json_encoding};
use super::scan::{Site, scan};
use super::{DocumentError, DocumentFormat, ReadOptions, Segment};
use crate::corpus::{Hypothesis, Utterance};

/// Names of a list of hypotheses.
const LISTS: [&str; 2] = ["nbest", "input"];
/// The field of the correction.
const CORRECTED: &str = "corrected";

pub(super) fn parse_lines(text: &str, options: &ReadOptions) -> Result<Parts, DocumentError> {
    let mut reader = Reader::new(text, DocumentFormat::Jsonl, options);
    for line in lines(text) {
        if line.text(text).trim().is_empty() {
            continue;
        }
        match value(text, line.content.clone()) {
            Ok(node) => reader.record(&node, line.number),
            Err(message) => {
                reader.parts.warn(line.number, format!("{message}: left as it is"));
            }
        }
    }
    reader.finish()
}

pub(super) fn parse_array(text: &str, options: &ReadOptions) -> Result<Parts, DocumentError> {
    let mut reader = Reader::new(text, DocumentFormat::HyporadiseJson, options);
    let mut counter = LineCounter::default();
    for top in values(text)? {
        let single = std::slice::from_ref(&top);
        for record in top.elements().unwrap_or(single) {
            let line = counter.line(text, record.range.start);
            reader.record(record, line);
        }
    }
    reader.finish()
}

struct Reader<'a> {
    text: &'a str,
    format: DocumentFormat,
    options: &'a ReadOptions,
    encoding: Encoding,
    parts: Parts,
    records: usize,
    /// The fields of the first record that has no text.
    found: Option<String>,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, format: DocumentFormat, options: &'a ReadOptions) -> Self {
        let (encoding, parts) = (json_encoding(text), Parts::default());
        Self { text, format, options, encoding, parts, records: 0, found: None }
    }

    fn finish(self) -> Result<Parts, DocumentError> {
        match &self.found {
            Some(found) if self.parts.segments.is_empty() => Err(DocumentError::NoColumn {
                format: self.format,
                wanted: self.wanted().join("`, `"),
                found: found.clone(),
            }),
            _ => Ok(self.parts),
        }
    }

    fn wanted(&self) -> Vec<&str> {
        let mut names = self.options.columns();
        if self.options.column.is_none() {
            names.extend(LISTS);
        }
        names
    }

    fn record(&mut self, record: &Node, line: usize) {
        self.records += 1;
        let text = self.text;
        let named = |name: &&str| record.get(text, name);
        let lists = LISTS.iter().filter_map(named);
        let texts: Vec<&Node> = self.options.columns().iter().filter_map(named).collect();
        let given = self.options.column.is_some();
        let list = lists.chain(texts.iter().copied().filter(|_| given));
        let list = list
            .filter(|_| !given)
            .chain(texts.iter().copied())
            .find(|node| node.elements().is_some());
        let plain = texts.iter().copied().find(|node| node.kind == Kind::String);
        let placed = if let Some(list) = list.and_then(Node::elements) {
            self.hypotheses(list)
        } else if let Some(best) = (!given).then(|| record.get(text, "input1")).flatten() {
            self.split_hypotheses(best, record.get(text, "input2"))
        } else if let Some(content) = plain.and_then(Node::content) {
            let site = Site { range: content, encoding: self.encoding, rules: Rules::Speech };
            let segment = Segment::plain(String::new(), line, scan(text, &site));
            self.push(record, segment, Place::Site(site));
            return;
        } else {
            None
        };
        let Some((site, hypotheses)) = placed else {
            let wanted = self.wanted().join("`, `");
            self.parts.warn(line, format!("no field `{wanted}` with a text: left as it is"));
            let keys = record.members().iter().map(|member| {
                let inside = member.key.start + 1..member.key.end.saturating_sub(1);
                decode_text(text, inside, self.encoding)
            });
            let keys: Vec<String> = keys.collect();
            self.found.get_or_insert_with(|| keys.join(", "));
            return;
        };
        let Some(correction) = correction(text, record) else { return };
        let mut segment = Segment::plain(String::new(), line, scan(text, &site));
        segment.hypotheses = hypotheses;
        self.push(record, segment, Place::Beside { site, correction });
    }

    fn push(&mut self, record: &Node, mut segment: Segment, place: Place) {
        let label = |name| record.get(self.text, name).and_then(|node| node.label(self.text));
        let position = || self.records.to_string();
        segment.id = label("id").filter(|id| !id.is_empty()).unwrap_or_else(position);
        let time = |name| label(name).and_then(|value| value.parse().ok());
        (segment.start_ms, segment.end_ms) = (time("start_ms"), time("end_ms"));
        segment.speaker = label("speaker").or(segment.speaker);
        self.parts.push(segment, place);
    }

    /// The place of the first hypothesis, and all of them.
    fn hypotheses(&self, list: &[Node]) -> Option<(Site, Vec<Hypothesis>)> {
        let text = self.text;
        let read = |item: &Node| {
            let object = item.get(text, "text").and_then(|inner| inner.string(text));
            let score = item.get(text, "score").and_then(|score| score.number(text));
            (item.string(text).or(object).unwrap_or_default(), score, None)
        };
        let hypotheses = Utterance::from_list(String::new(), list.iter().map(read)).nbest;
        let first = list.first()?;
        let node = if first.kind == Kind::String { Some(first) } else { first.get(text, "text") };
        let mut range =
            node.and_then(Node::content).unwrap_or(first.range.start..first.range.start);
        if hypotheses.first().is_none_or(|first| first.text.is_empty()) {
            range.end = range.start;
        }
        Some((Site { range, encoding: self.encoding, rules: Rules::Speech }, hypotheses))
    }

    /// The 1-best closed by a full stop, and the others each closed by one.
    fn split_hypotheses(
        &self,
        best: &Node,
        others: Option<&Node>,
    ) -> Option<(Site, Vec<Hypothesis>)> {
        let text = self.text;
        let mut range = best.content()?;
        let source = text.get(range.clone())?.trim_end();
        range.end = range.start + source.strip_suffix('.').unwrap_or(source).len();
        let first = decode_text(text, range.clone(), self.encoding);
        let others = others.and_then(|node| node.string(text)).unwrap_or_default();
        let others = others.trim_end().trim_end_matches('.');
        let rest = others.split(". ").filter(|one| !one.trim().is_empty()).map(str::to_owned);
        let list = std::iter::once(first).chain(rest).map(|one| (one, None, None));
        let hypotheses = Utterance::from_list(String::new(), list).nbest;
        Some((Site { range, encoding: self.encoding, rules: Rules::Speech }, hypotheses))
    }
}

/// Where the correction of a record goes, written as its other fields are.
fn correction(text: &str, record: &Node) -> Option<Correction> {
    let ascii = text.is_ascii();
    let members = record.members();
    if let Some(old) = record.get(text, CORRECTED) {
        return Some(Correction::Over { range: old.range.clone(), ascii });
    }
    let last = members.last()?;
    let colon = text.get(last.key.end..last.value.range.start)?;
    let comma = match members.len().checked_sub(2).and_then(|before| members.get(before)) {
        Some(before) => text.get(before.value.range.end..last.key.start)?,
        None if colon.ends_with(' ') => ", ",
        None => ",",
    };
    let before = format!("{comma}\"{CORRECTED}\"{colon}");
    Some(Correction::Behind { at: last.value.range.end, before, ascii })
}

#[cfg(test)]
mod tests {
    use super::super::{Document, Edit};
    use super::*;

    fn read(text: &str, format: DocumentFormat) -> Document {
        Document::parse(text.into(), format, &ReadOptions::default()).unwrap()
    }

    fn render(document: &Document, word: &str) -> String {
        let edit = Edit { segment: 0, tokens: 0..1, replacement: word.to_owned() };
        String::from_utf8(document.render(&[edit]).unwrap()).unwrap()
    }

    #[test]
    fn a_text_is_corrected_in_place() {
        let text = "{\"x\": [1,2],  \"text\": \"a \\u00e9 b\"}\r\nbroken\n";
        let document = read(text, DocumentFormat::Jsonl);
        assert_eq!(document.segments()[0].text(), "a é b");
        assert_eq!(document.warnings().len(), 1);
        let expected = "{\"x\": [1,2],  \"text\": \"\\u00fc\\\" \\u00e9 b\"}\r\nbroken\n";
        assert_eq!(render(&document, "ü\""), expected);
    }

    #[test]
    fn a_list_is_left_and_the_correction_written_beside_it_once() {
        let text = "[\n  {\n    \"input\": [\"the cat sad\", \"a cat sat\"],\n    \"output\": \"a\"\n  }\n]";
        let document = read(text, DocumentFormat::HyporadiseJson);
        assert_eq!(document.segments()[0].hypotheses.len(), 2);
        let once = render(&document, "The");
        assert!(
            once.contains("\"output\": \"a\",\n    \"corrected\": \"The cat sad\"\n  }"),
            "{once}"
        );
        let again = read(&once, DocumentFormat::HyporadiseJson);
        assert_eq!(again.segments()[0].text(), "the cat sad");
        assert_eq!(render(&again, "The"), once);
    }

    #[test]
    fn lists_of_objects_and_joined_lists_are_read() {
        let text = "{\"id\": 7, \"nbest\": [{\"text\": \"a b\", \"score\": -1}, null]}\n\
                    {\"input1\": \"c d.\", \"input2\": \"c e. f d. \"}\n{\"nbest\": [\"<UNK>\"]}";
        let document = read(text, DocumentFormat::Jsonl);
        let shown: Vec<(String, String, usize)> = document
            .segments()
            .iter()
            .map(|one| (one.id.clone(), one.text(), one.hypotheses.len()))
            .collect();
        let expected = [("7", "a b", 2), ("2", "c d", 3), ("3", "", 1)];
        assert_eq!(shown, expected.map(|(id, text, count)| (id.into(), text.into(), count)));
    }

    #[test]
    fn a_field_that_is_nowhere_is_an_error() {
        let options = ReadOptions { column: Some("said".to_owned()) };
        let bytes = b"{\"text\": \"a\"}".to_vec();
        let error = Document::parse(bytes, DocumentFormat::Jsonl, &options).unwrap_err();
        assert!(error.to_string().contains("`said`; found: text"), "{error}");
    }
}
