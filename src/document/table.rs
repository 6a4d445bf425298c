//! Tables: CSV (parted by commas, or by semicolons where the header has no comma) and TSV.
//!
//! Rows and fields are found as the `csv` crate finds them. A field of a TSV counts as
//! quoted only if its quotes close in the same line, since many programs write tables with
//! tabs without quoting at all.

use std::ops::Range;

use super::encoding::{Encoding, decode_text};
use super::lines::LineCounter;
use super::markup::Rules;
use super::parts::{Parts, Place};
use super::scan::{Site, scan};
use super::{DocumentError, DocumentFormat, ReadOptions, Segment};

/// A field with its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    range: Range<usize>,
    quoted: bool,
}

impl Field {
    fn encoding(&self) -> Encoding {
        Encoding::Field { quoted: self.quoted }
    }

    fn text(&self, text: &str) -> String {
        decode_text(text, self.range.clone(), self.encoding())
    }
}

pub(super) fn parse(
    text: &str,
    format: DocumentFormat,
    options: &ReadOptions,
) -> Result<Parts, DocumentError> {
    let mut parts = Parts::default();
    let mut rows = Rows::new(text, format);
    let Some(header) = rows.next() else { return Ok(parts) };
    let names: Vec<String> =
        header.iter().map(|field| field.text(text).trim().to_owned()).collect();
    let find = |wanted: &str| {
        let exact = names.iter().position(|name| name == wanted);
        exact.or_else(|| names.iter().position(|name| name.eq_ignore_ascii_case(wanted)))
    };
    let columns = options.columns();
    let Some(column) = columns.iter().find_map(|name| find(name)) else {
        return Err(DocumentError::NoColumn {
            format,
            wanted: columns.join("`, `"),
            found: names.join(", "),
        });
    };
    let (id, speaker) = (find("id"), find("speaker"));
    let (start, end) = (find("start_ms"), find("end_ms"));
    let delimiter = char::from(rows.delimiter);
    let mut counter = LineCounter::default();
    for row in rows {
        let line = counter.line(text, row.first().map_or(0, |field| field.range.start));
        let Some(field) = row.get(column) else {
            parts.warn(line, format!("the row has only {} fields: left as it is", row.len()));
            continue;
        };
        let value = |at: Option<usize>| {
            at.and_then(|at| row.get(at))
                .map(|field| field.text(text).trim().to_owned())
                .filter(|value| !value.is_empty())
        };
        let site =
            Site { range: field.range.clone(), encoding: field.encoding(), rules: Rules::Speech };
        let name = value(id).unwrap_or_else(|| parts.next_id());
        let mut segment = Segment::plain(name, line, scan(text, &site));
        let time = |at| value(at).and_then(|value| value.parse().ok());
        (segment.start_ms, segment.end_ms) = (time(start), time(end));
        segment.speaker = value(speaker).or(segment.speaker);
        parts.push(segment, Place::Field { site, delimiter });
    }
    Ok(parts)
}

/// The rows of a table, those without any character left out.
struct Rows<'a> {
    bytes: &'a [u8],
    at: usize,
    delimiter: u8,
    /// Quotes must close in the same line.
    line_bound: bool,
}

impl<'a> Rows<'a> {
    fn new(text: &'a str, format: DocumentFormat) -> Self {
        let at = if text.starts_with('\u{FEFF}') { 3 } else { 0 };
        let body = text.get(at..).unwrap_or("").trim_start_matches(['\r', '\n']);
        let header = body.split(['\r', '\n']).next().unwrap_or("");
        let line_bound = format == DocumentFormat::Tsv;
        let delimiter = match (line_bound, header.contains(',') || !header.contains(';')) {
            (true, _) => b'\t',
            (false, true) => b',',
            (false, false) => b';',
        };
        Self { bytes: text.as_bytes(), at, delimiter, line_bound }
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    /// Whether the quote that begins here closes before the line ends.
    fn closes(&self, open: usize) -> bool {
        let mut at = open + 1;
        while let Some(byte) = self.byte(at) {
            match byte {
                b'\n' | b'\r' => return false,
                b'"' if self.byte(at + 1) == Some(b'"') => at += 2,
                b'"' => {
                    let next = self.byte(at + 1);
                    return next.is_none_or(|next| matches!(next, b'\t' | b'\n' | b'\r'));
                }
                _ => at += 1,
            }
        }
        false
    }

    fn field(&mut self) -> Field {
        let start = self.at;
        let quoted = self.byte(start) == Some(b'"') && (!self.line_bound || self.closes(start));
        let mut inside = false;
        while let Some(byte) = self.byte(self.at) {
            let ends = byte == self.delimiter || matches!(byte, b'\n' | b'\r');
            if ends && !inside {
                break;
            }
            if quoted && byte == b'"' {
                if self.at == start {
                    inside = true;
                } else if inside && self.byte(self.at + 1) == Some(b'"') {
                    self.at += 1;
                } else {
                    inside = false;
                }
            }
            self.at += 1;
        }
        Field { range: start..self.at, quoted }
    }
}

impl Iterator for Rows<'_> {
    type Item = Vec<Field>;

    fn next(&mut self) -> Option<Vec<Field>> {
        while matches!(self.byte(self.at), Some(b'\n' | b'\r')) {
            self.at += 1;
        }
        self.byte(self.at)?;
        let mut row = vec![self.field()];
        while self.byte(self.at) == Some(self.delimiter) {
            self.at += 1;
            row.push(self.field());
        }
        Some(row)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn fields_are_those_of_the_csv_crate(text in "[a,\"\n\r é]{0,40}") {
            let mut reader =
                csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let expected: Vec<Vec<String>> = reader
                .records()
                .map(|row| row.unwrap().iter().map(str::to_owned).collect())
                .collect();
            let mut rows = Rows::new(&text, DocumentFormat::Csv);
            rows.delimiter = b',';
            let found: Vec<Vec<String>> =
                rows.map(|row| row.iter().map(|field| field.text(&text)).collect()).collect();
            prop_assert_eq!(found, expected);
        }
    }

    fn texts(text: &str, format: DocumentFormat, column: Option<&str>) -> Vec<(String, String)> {
        let options = ReadOptions { column: column.map(str::to_owned) };
        let parts = parse(text, format, &options).unwrap();
        parts.segments.iter().map(|one| (one.id.clone(), one.text())).collect()
    }

    #[test]
    fn the_column_is_found_by_name() {
        let pair = |id: &str, text: &str| (id.to_owned(), text.to_owned());
        let table = "\u{feff}id;Text;other\r\n7;\"a \"\"b\"\"\nc\";x\r\n;d;\r\n9\r\n";
        let found = texts(table, DocumentFormat::Csv, None);
        assert_eq!(found, [pair("7", "a \"b\" c"), pair("2", "d")]);
        let table = "path\tsaid\n1\t\"Well, no\n2\t\"yes\"\n";
        let found = texts(table, DocumentFormat::Tsv, Some("said"));
        assert_eq!(found, [pair("1", "\"Well, no"), pair("2", "yes")]);
    }

    #[test]
    fn a_missing_column_is_an_error_that_names_what_is_there() {
        let error = parse("a,b\n1,2\n", DocumentFormat::Csv, &ReadOptions::default()).unwrap_err();
        assert!(error.to_string().ends_with("found: a, b"), "{error}");
        assert!(
            parse("", DocumentFormat::Csv, &ReadOptions::default()).unwrap().segments.is_empty()
        );
    }
}
