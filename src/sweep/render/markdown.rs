//! The table for a README or a note.

use super::cells::{LABEL, cells};
use super::notes::notes;
use crate::report::escaped;
use crate::sweep::Ranking;

pub(super) fn render(ranking: &Ranking) -> String {
    let cells = cells(ranking);
    let mut text = String::new();
    line(&mut text, cells.header.iter().map(|&name| name.to_owned()));
    line(
        &mut text,
        (0..cells.header.len()).map(|place| if place == LABEL { "---" } else { "---:" }.to_owned()),
    );
    for row in &cells.rows {
        line(&mut text, row.iter().map(|cell| escaped(cell.trim())));
    }
    for note in notes(ranking) {
        text.push('\n');
        text.push_str(&escaped(&note));
        text.push('\n');
    }
    text
}

fn line(text: &mut String, cells: impl Iterator<Item = String>) {
    text.push_str("| ");
    text.push_str(&cells.collect::<Vec<_>>().join(" | "));
    text.push_str(" |\n");
}
