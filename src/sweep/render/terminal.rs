//! The table for a terminal.

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle,
};

use super::cells::{LABEL, cells};
use super::notes::notes;
use crate::report::printable;
use crate::sweep::Ranking;

/// Fits a wide terminal and a landscape page.
const WIDTH: u16 = 132;

/// One line under the header and none between columns.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('-'));

pub(super) fn render(ranking: &Ranking) -> String {
    let cells = cells(ranking);
    let mut table = Table::new();
    table
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH)
        .load_style(STYLE)
        .set_header(cells.header.iter().map(|name| name.replace("better/", "better/\n")));
    for row in &cells.rows {
        table.add_row(row.iter().map(|cell| printable(cell)));
    }
    for (place, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 1));
        if place != LABEL {
            column.set_cell_alignment(CellAlignment::Right);
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text.push('\n');
    for note in notes(ranking) {
        wrap(&printable(&note), &mut text);
    }
    text
}

/// Breaks a note at spaces so that it is no wider than the table; what has none is broken
/// anywhere.
fn wrap(note: &str, text: &mut String) {
    let width = usize::from(WIDTH);
    let mut column = 0;
    for word in note.split(' ') {
        let mut letters: Vec<char> = word.chars().collect();
        if column > 0 && column + 1 + letters.len() > width {
            text.push('\n');
            column = 0;
        } else if column > 0 {
            text.push(' ');
            column += 1;
        }
        while letters.len() > width {
            text.extend(letters.drain(..width));
            text.push('\n');
        }
        column += letters.len();
        text.extend(letters);
    }
    text.push('\n');
}
