//! All fields of all rows, for spreadsheets and scripts.

use super::Report;

/// A spreadsheet takes a text that begins with one of these for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

pub(super) fn render(report: &Report) -> String {
    let mut writer = csv::WriterBuilder::new().has_headers(true).from_writer(Vec::new());
    for row in &report.rows {
        let mut row = row.clone();
        for text in [&mut row.dataset, &mut row.subset, &mut row.method, &mut row.rule] {
            if text.starts_with(FORMULA) {
                text.insert(0, '\'');
            }
            // A name is no place for what moves a terminal's cursor.
            if text.contains(char::is_control) {
                *text = text.replace(char::is_control, "\u{fffd}");
            }
        }
        // Writing numbers and texts to memory cannot fail.
        if writer.serialize(row).is_err() {
            break;
        }
    }
    let bytes = writer.into_inner().unwrap_or_default();
    if bytes.is_empty() { header() } else { String::from_utf8_lossy(&bytes).into_owned() }
}

/// The header line alone: the writer gives none before a row.
fn header() -> String {
    let row = crate::score::Scorer::new(crate::score::Rule::default()).finish(Default::default());
    let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
    let written = writer.serialize(row).is_ok();
    let bytes = writer.into_inner().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let line = if written { text.lines().next().unwrap_or_default() } else { "" };
    format!("{line}\n")
}
