//! Formats of a segment a line: plain text and trn.

use super::Segment;
use super::encoding::Encoding;
use super::lines::lines;
use super::markup::Rules;
use super::parts::{Parts, Place};
use super::scan::{Site, scan};

/// A line is a segment, a blank one too: the id is the line's number.
pub(super) fn parse_text(text: &str) -> Parts {
    let mut parts = Parts::default();
    for line in lines(text) {
        let site = Site { range: line.content, encoding: Encoding::Plain, rules: Rules::Speech };
        let segment = Segment::plain(parts.next_id(), line.number, scan(text, &site));
        parts.push(segment, Place::Site(site));
    }
    parts
}

/// Lines `words (id)`; blank ones and comments (`;;`) are left as they are.
pub(super) fn parse_trn(text: &str) -> Parts {
    let mut parts = Parts::default();
    for line in lines(text) {
        let content = line.text(text);
        if content.trim().is_empty() || content.trim_start().starts_with(";;") {
            continue;
        }
        let trimmed = content.trim_end();
        let open = trimmed.strip_suffix(')').and_then(|rest| Some((rest, rest.rfind('(')?)));
        let Some((rest, open)) = open else {
            parts.warn(line.number, "no id in parentheses at the end: left as it is");
            continue;
        };
        let id = rest.get(open + 1..).unwrap_or("").trim().to_owned();
        let words = content.get(..open).unwrap_or("").trim_end();
        let start = line.content.start;
        let site = Site {
            range: start..start + words.len(),
            encoding: Encoding::Plain,
            rules: Rules::Trn,
        };
        let scanned = scan(text, &site);
        // Directly before the id a word would become part of it.
        let place = if words.is_empty() {
            Place::NoLine { site, line_end: if open == 0 { " ".to_owned() } else { String::new() } }
        } else {
            Place::Site(site)
        };
        parts.push(Segment::plain(id, line.number, scanned), place);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trn_lines_have_ids_and_alternatives_are_no_words() {
        let text = ";; made by hand\n{ uh / um } so what (a-1)\n\n(a-2)\nno id\nx (laughs) y (a 3)";
        let parts = parse_trn(text);
        let found: Vec<(&str, String)> =
            parts.segments.iter().map(|one| (one.id.as_str(), one.text())).collect();
        let expected = [("a-1", "so what"), ("a-2", ""), ("a 3", "x y")];
        assert_eq!(found, expected.map(|(id, text)| (id, text.to_owned())));
        assert_eq!((parts.warnings.len(), parts.warnings[0].line), (1, 5));
    }

    #[test]
    fn a_line_of_text_is_a_segment() {
        let parts = parse_text("one two\r\n\r\nthree");
        let texts: Vec<String> = parts.segments.iter().map(Segment::text).collect();
        assert_eq!(texts, ["one two", "", "three"]);
        assert_eq!(parts.segments[2].id, "3");
    }
}
