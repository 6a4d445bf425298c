//! Lines that end in LF, CRLF or CR.

use std::ops::Range;

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: usize,
    /// Without its end.
    pub(super) content: Range<usize>,
    /// Where the next line begins.
    pub(super) end: usize,
}

impl Line {
    pub(super) fn text<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.content.clone()).unwrap_or("")
    }
}

/// The lines of a text, a byte-order mark at its beginning left out. A line end at the very
/// end begins no further line.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let bytes = text.as_bytes();
    let mut start = if text.starts_with('\u{FEFF}') { 3 } else { 0 };
    let mut lines = Vec::new();
    while start < bytes.len() {
        let content = bytes[start..]
            .iter()
            .position(|byte| matches!(byte, b'\n' | b'\r'))
            .map_or(bytes.len(), |length| start + length);
        let width = match bytes.get(content..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([_, ..]) => 1,
            _ => 0,
        };
        let end = content + width;
        lines.push(Line { number: lines.len() + 1, content: start..content, end });
        start = end;
    }
    lines
}

/// Counts lines up to places that do not decrease.
#[derive(Debug, Default)]
pub(super) struct LineCounter {
    at: usize,
    breaks: usize,
}

impl LineCounter {
    /// The line of a place, from 1. Line ends are LF.
    pub(super) fn line(&mut self, text: &str, place: usize) -> usize {
        let part = text.as_bytes().get(self.at..place).unwrap_or(&[]);
        self.breaks += part.iter().filter(|byte| **byte == b'\n').count();
        self.at = self.at.max(place);
        self.breaks + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end_ends_a_line() {
        let text = "\u{feff}a\r\nb\rc\n\nd";
        let found: Vec<&str> = lines(text).iter().map(|line| line.text(text)).collect();
        assert_eq!(found, ["a", "b", "c", "", "d"]);
        assert!(lines("").is_empty());
        assert_eq!(lines("a\n").len(), 1);
    }
}
