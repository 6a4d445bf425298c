//! Edits as people read them: the line with what goes and what comes, marked by colour and by
//! brackets, so that it can be read without colours too.

use crate::document::Segment;
use crate::edits::TokenEdit;
use crate::report::printable;

/// How marks are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    /// `[-gone-]` and `{+new+}`.
    Plain,
    /// The same in red and green.
    Coloured,
}

const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const RESET: &str = "\u{1b}[0m";

/// Isolates text, so that a right-to-left edit does not turn the marks around it.
const ISOLATE: char = '\u{2068}';
const POP_ISOLATE: char = '\u{2069}';

/// A segment with its edits, in one line. Edits are in order and do not overlap. Control
/// characters are replaced: a transcript is not to move a terminal's cursor.
#[must_use]
pub fn line(segment: &Segment, edits: &[TokenEdit], marks: Marks) -> String {
    let mut out = String::new();
    let mut at = 0;
    for edit in edits {
        push(&mut out, &printable(&segment.text_of(at..edit.tokens.start)));
        let parts = [("[-", &edit.original, "-]", RED), ("{+", &edit.replacement, "+}", GREEN)];
        let mut joined = false;
        for (open, text, close, colour) in parts {
            if text.is_empty() {
                continue;
            }
            let text = printable(text);
            let text = if has_right_to_left(&text) {
                format!("{ISOLATE}{text}{POP_ISOLATE}")
            } else {
                text
            };
            let marked = match marks {
                Marks::Plain => format!("{open}{text}{close}"),
                Marks::Coloured => format!("{colour}{open}{text}{close}{RESET}"),
            };
            if joined {
                out.push_str(&marked);
            } else {
                push(&mut out, &marked);
            }
            joined = true;
        }
        at = edit.tokens.end;
    }
    push(&mut out, &printable(&segment.text_of(at..segment.tokens.len())));
    out
}

fn push(out: &mut String, text: &str) {
    if !text.is_empty() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(text);
    }
}

/// Whether a text has letters of a script that is written from right to left.
fn has_right_to_left(text: &str) -> bool {
    text.chars().any(|one| {
        matches!(one, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}')
    })
}
