//! Rows of results as text: for a terminal, a paper, a script.

mod blocks;
mod conditions;
mod csv;
pub mod html;
mod junit;
mod markdown;
mod table;
mod terminal;

use serde::{Deserialize, Serialize};

pub(crate) use blocks::{Block, markdown as blocks_as_markdown, terminal as blocks_as_table};
pub use conditions::{Condition, ConditionError, Violation, violations};
pub use junit::junit;
pub(crate) use markdown::escaped;
pub(crate) use table::{rate, signed, with_interval};
pub use terminal::{is_unprintable, printable};

use crate::score::{Row, Rule};

/// The version of the JSON and CSV forms. It changes when a field is renamed, removed or
/// given another unit, not when one is added.
pub const FORMAT_VERSION: u32 = 1;

/// Rows and the rule they were scored by.
///
/// As JSON: `{"format_version": 1, "rule": "...", "rows": [{...}, ...]}`, the fields of a
/// row being those of [`Row`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// See [`FORMAT_VERSION`].
    pub format_version: u32,
    /// The rule in one line; each row repeats its own.
    pub rule: String,
    /// One for each method and data set, in the order they are to be shown.
    pub rows: Vec<Row>,
}

impl Report {
    /// A report of rows that were scored by this rule.
    #[must_use]
    pub fn new(rule: &Rule, rows: Vec<Row>) -> Self {
        Self { format_version: FORMAT_VERSION, rule: rule.to_string(), rows }
    }
}

/// How a report is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// Aligned columns with the rule beneath, at most 132 columns wide.
    #[default]
    Table,
    /// One JSON object.
    Json,
    /// All fields of all rows, with a header line.
    Csv,
    /// A Markdown table with the rule beneath.
    Markdown,
}

/// The report as text that ends with a line feed. Never coloured.
///
/// A report without rows gives a header or an empty list, according to the format.
#[must_use]
pub fn render(report: &Report, format: Format) -> String {
    match format {
        Format::Table => table::render(report),
        Format::Json => json(report),
        Format::Csv => csv::render(report),
        Format::Markdown => markdown::render(report),
    }
}

fn json(report: &Report) -> String {
    // Rows hold numbers and texts only, and no NaN, so this cannot fail.
    let mut text = serde_json::to_string_pretty(report).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests;
