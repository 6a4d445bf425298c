//! The table for a README or a note.

use super::Report;
use super::table::{FIRST_NUMBER, HEADER, cells, comparisons, notes};
use super::terminal::is_unprintable;

pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    line(&mut text, HEADER.map(str::to_owned));
    let mut column = 0;
    line(
        &mut text,
        HEADER.map(|_| {
            column += 1;
            if column > FIRST_NUMBER { "---:" } else { "---" }.to_owned()
        }),
    );
    for row in &report.rows {
        line(&mut text, cells(row).map(|cell| escaped(cell.trim())));
    }
    for comparison in comparisons(report) {
        text.push_str(&format!("\n{}\n", escaped(&comparison)));
    }
    text.push('\n');
    text.push_str(&escaped(&notes(report).join(" ")));
    text.push('\n');
    text
}

fn line(text: &mut String, cells: [String; HEADER.len()]) {
    text.push_str("| ");
    text.push_str(&cells.join(" | "));
    text.push_str(" |\n");
}

/// Keeps a label from ending its cell or its line, or becoming markup.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '|' | '\\' | '`' | '*' | '<' | '_' | '~' | '&' => out.extend(['\\', character]),
            // A link or a picture; intervals stay as they are.
            ']' if matches!(characters.peek(), Some('(' | '[' | ':')) => {
                out.extend(['\\', character]);
            }
            _ if is_unprintable(character) => out.push(' '),
            _ => out.push(character),
        }
    }
    out
}
