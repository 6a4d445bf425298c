//! A ranking as text: for a terminal, a note, a spreadsheet, a script.

mod cells;
mod csv;
mod markdown;
mod notes;
mod terminal;

use super::Ranking;
use crate::report::Format;

/// The ranking as text that ends with a line feed. Never coloured; no label can move a cursor,
/// break a table or become a formula.
///
/// A ranking without rows gives a header or an empty list, according to the format.
#[must_use]
pub fn render(ranking: &Ranking, format: Format) -> String {
    match format {
        Format::Table => terminal::render(ranking),
        Format::Json => ranking.to_json(),
        Format::Csv => csv::render(ranking),
        Format::Markdown => markdown::render(ranking),
    }
}
