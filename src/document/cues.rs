//! SubRip and WebVTT.
//!
//! A cue is a line with an arrow, perhaps an index or id before it, and the lines behind it
//! up to a blank one. Whatever cannot be understood so is left as it is, with a warning.

use super::encoding::Encoding;
use super::lines::{Line, lines};
use super::markup::Rules;
use super::parts::{Parts, Place};
use super::scan::{Site, scan};
use super::{DocumentFormat, Segment};

/// Whether a line is that of a cue's times: an arrow, and a digit first.
pub(super) fn is_timing(line: &str) -> bool {
    line.contains("-->") && line.trim_start().starts_with(|first: char| first.is_ascii_digit())
}

pub(super) fn parse(text: &str, format: DocumentFormat) -> Parts {
    let all = lines(text);
    let mut parser = Parser { text, lines: &all, format, parts: Parts::default() };
    parser.run();
    parser.parts
}

struct Parser<'a> {
    text: &'a str,
    lines: &'a [Line],
    format: DocumentFormat,
    parts: Parts,
}

impl Parser<'_> {
    fn line(&self, at: usize) -> Option<&str> {
        self.lines.get(at).map(|line| line.text(self.text))
    }

    /// WebVTT parts blocks by empty lines only.
    fn is_blank(&self, at: usize) -> bool {
        self.line(at).is_none_or(|line| match self.format {
            DocumentFormat::Vtt => line.is_empty(),
            _ => line.trim().is_empty(),
        })
    }

    fn is_timing(&self, at: usize) -> bool {
        self.line(at).is_some_and(is_timing)
    }

    /// An index directly before times begins a cue even without a blank line.
    fn begins_cue(&self, at: usize) -> bool {
        let is_index = |line: &str| {
            let line = line.trim();
            !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit())
        };
        self.is_timing(at) || (self.line(at).is_some_and(is_index) && self.is_timing(at + 1))
    }

    fn run(&mut self) {
        let mut at = 0;
        if self.format == DocumentFormat::Vtt {
            if self.line(0).is_some_and(|line| line.starts_with("WEBVTT")) {
                at = self.block_end(1);
            } else if !self.lines.is_empty() {
                self.parts.warn(1, "the file does not begin with `WEBVTT`");
            }
        }
        while at < self.lines.len() {
            if self.is_blank(at) {
                at += 1;
            } else if self.is_comment(at) {
                // An arrow is allowed nowhere in these blocks.
                at = self.block_end(at + 1);
            } else if self.is_timing(at) {
                if self.format == DocumentFormat::Srt {
                    self.parts.warn(at + 1, "the cue has no index");
                }
                at = self.cue(at);
            } else if self.is_timing(at + 1) {
                at = self.cue(at + 1);
            } else {
                self.parts.warn(at + 1, "not a cue: left as it is");
                at += 1;
                while !self.is_blank(at) && !self.is_timing(at + 1) && !self.is_timing(at) {
                    at += 1;
                }
            }
        }
    }

    fn is_comment(&self, at: usize) -> bool {
        self.format == DocumentFormat::Vtt
            && self.line(at).is_some_and(|line| {
                ["NOTE", "STYLE", "REGION"].into_iter().any(|word| {
                    line.strip_prefix(word)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
                })
            })
            && !self.is_timing(at + 1)
    }

    /// The end of a block that has no cue.
    fn block_end(&self, from: usize) -> usize {
        (from..self.lines.len())
            .find(|at| self.is_blank(*at) || self.is_timing(*at))
            .unwrap_or(self.lines.len())
    }

    /// Reads the cue with its times in this line; gives the line behind it.
    fn cue(&mut self, timing: usize) -> usize {
        let end = (timing + 1..self.lines.len())
            .find(|at| self.is_blank(*at) || self.begins_cue(*at))
            .unwrap_or(self.lines.len());
        let Some(line) = self.lines.get(timing).cloned() else { return end };
        let content = line.text(self.text);
        let (start_ms, end_ms) = times(content);
        if start_ms.is_none() || end_ms.is_none() {
            self.parts.warn(line.number, "the cue's times cannot be read");
        }
        let (first, last) = (self.lines.get(timing + 1), self.lines.get(end - 1));
        let range = match (first, last) {
            (Some(first), Some(last)) if end > timing + 1 => first.content.start..last.content.end,
            _ => line.end..line.end,
        };
        let (encoding, rules) = match self.format {
            DocumentFormat::Vtt => (Encoding::Vtt, Rules::Vtt),
            _ => (Encoding::Entities, Rules::Srt),
        };
        let site = Site { range, encoding, rules };
        let scanned = scan(self.text, &site);
        let mut segment = Segment::plain(self.parts.next_id(), line.number, scanned);
        (segment.start_ms, segment.end_ms) = (start_ms, end_ms);
        let line_end = self.text.get(line.content.end..line.end).unwrap_or("").to_owned();
        let place =
            if end > timing + 1 { Place::Site(site) } else { Place::NoLine { site, line_end } };
        self.parts.push(segment, place);
        end
    }
}

/// The two times of a line `00:00:01,000 --> 00:00:02.000 ...`, milliseconds.
fn times(line: &str) -> (Option<i64>, Option<i64>) {
    let Some((start, end)) = line.split_once("-->") else { return (None, None) };
    let end = end.split_whitespace().next().unwrap_or("");
    (time(start.trim()), time(end))
}

/// `hours:minutes:seconds,fraction`; hours and fraction may be missing.
fn time(text: &str) -> Option<i64> {
    let (whole, fraction) = match text.split_once([',', '.']) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let mut total: i64 = 0;
    let parts: Vec<&str> = whole.split(':').collect();
    if !matches!(parts.len(), 2 | 3) {
        return None;
    }
    for part in parts {
        if part.is_empty() || part.len() > 6 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        total = total.checked_mul(60)?.checked_add(part.parse::<i64>().ok()?)?;
    }
    let milliseconds = match fraction {
        None => 0,
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{digits:0<3}").get(..3)?.parse::<i64>().ok()?
        }
        Some(_) => return None,
    };
    total.checked_mul(1000)?.checked_add(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_leniently() {
        assert_eq!(times("00:00:01,000 --> 01:00:02.500 X1:40"), (Some(1000), Some(3_602_500)));
        assert_eq!(times("0:1,5-->00:03"), (Some(1500), Some(3000)));
        assert_eq!(times("00:00:01;000 --> later"), (None, None));
    }

    #[test]
    fn cues_are_found_without_index_or_blank_line() {
        let text = "1\n00:00:01,000 --> 00:00:02,000\nfoo\n2\n00:00:03,000 --> 00:00:04,000\n\
                    bar\n00:00:05,000 --> 00:00:06,000\nbaz\nqux";
        let parts = parse(text, DocumentFormat::Srt);
        let texts: Vec<String> = parts.segments.iter().map(Segment::text).collect();
        assert_eq!(texts, ["foo", "bar", "baz qux"]);
        assert_eq!(parts.warnings.len(), 1);
    }

    #[test]
    fn what_is_no_cue_is_reported_and_left() {
        let text = "hello\nthere\n\n1\n00:00:01,000 -> 00:00:02,000\nfoo\n\n2\n\
                    00:00:03,000 --> 00:00:04,000\nbar\n\n";
        let parts = parse(text, DocumentFormat::Srt);
        assert_eq!(parts.segments.len(), 1);
        let lines: Vec<usize> = parts.warnings.iter().map(|warning| warning.line).collect();
        assert_eq!(lines, [1, 4]);
    }

    #[test]
    fn blocks_of_web_vtt_without_words_are_skipped() {
        let text = "WEBVTT - a title\nKind: captions\n\nSTYLE\n::cue(b) {}\n\nNOTE foo\nbar\n\n\
                    REGION\nid:fred\n\nintro\n00:01.000 --> 00:02.000 align:start\n<v Ann>R&amp;B\n";
        let parts = parse(text, DocumentFormat::Vtt);
        assert_eq!(parts.warnings, []);
        assert_eq!(parts.segments.len(), 1);
        let cue = &parts.segments[0];
        assert_eq!((cue.text().as_str(), cue.speaker.as_deref()), ("R&B", Some("Ann")));
        assert_eq!((cue.start_ms, cue.end_ms, cue.line), (Some(1000), Some(2000), 14));
    }
}
