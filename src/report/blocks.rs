//! Titled tables of any columns, with notes beneath: for a terminal, for a README.

use comfy_table::{CellAlignment, ContentArrangement, Table};

use super::markdown::escaped;
use super::printable;
use super::table::{STYLE, WIDTH, wrap};

/// A table with a line above it.
pub(crate) struct Block {
    pub(crate) title: String,
    pub(crate) header: Vec<String>,
    /// Columns from this on hold numbers.
    pub(crate) first_number: usize,
    pub(crate) rows: Vec<Vec<String>>,
}

/// Aligned columns, 132 wide at most, with notes beneath. Ends with a line feed. Nothing in
/// it moves a cursor, whatever names and texts hold.
pub(crate) fn terminal(blocks: &[Block], notes: &[String]) -> String {
    let mut text = String::new();
    for block in blocks {
        wrap(&printable(&block.title), &mut text);
        let mut table = Table::new();
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(WIDTH)
            .load_style(STYLE)
            .set_header(block.header.iter().map(|cell| printable(cell)));
        for row in &block.rows {
            table.add_row(row.iter().map(|cell| printable(cell)));
        }
        for (place, column) in table.column_iter_mut().enumerate() {
            column.set_padding((0, 2));
            if place >= block.first_number {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        for line in table.lines() {
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text.push('\n');
    }
    for note in notes {
        wrap(&printable(note), &mut text);
    }
    text
}

/// Markdown tables, with notes beneath. Ends with a line feed. Names and texts cannot become
/// markup.
pub(crate) fn markdown(blocks: &[Block], notes: &[String]) -> String {
    let mut text = String::new();
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escaped(printable(cell).trim())).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    for block in blocks {
        text.push_str(&format!("{}\n\n", escaped(&printable(&block.title))));
        text.push_str(&line(&block.header));
        let rules: Vec<&str> = (0..block.header.len())
            .map(|place| if place >= block.first_number { "---:" } else { "---" })
            .collect();
        text.push_str(&format!("| {} |\n", rules.join(" | ")));
        block.rows.iter().for_each(|row| text.push_str(&line(row)));
        text.push('\n');
    }
    text.push_str(&escaped(&printable(&notes.join(" "))));
    text.push('\n');
    text
}
