//! The table for a terminal, and the cells and notes it shares with Markdown.

use comfy_table::{
    CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle,
};

use super::Report;
use super::terminal::printable;
use crate::score::Row;

/// Fits a wide terminal and a landscape page.
pub(crate) const WIDTH: u16 = 132;

/// One line under the header and none between columns.
pub(crate) const STYLE: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('-'));

pub(super) const HEADER: [&str; 12] = [
    "dataset",
    "method",
    "utts",
    "words",
    "WER [95 %]",
    "mean",
    "CER",
    "S/D/I",
    "o_nb",
    "o_cp",
    "better/worse",
    "vs 1-best [95 %]",
];

/// Columns from this on hold numbers, which are never broken over lines.
pub(super) const FIRST_NUMBER: usize = 2;

pub(super) fn render(report: &Report) -> String {
    let mut table = Table::new();
    table
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH)
        .load_style(STYLE)
        // Two short lines where one long one would widen the column.
        .set_header(HEADER.map(|name| name.replace("better/", "better/\n")));
    for row in &report.rows {
        table.add_row(cells(row).map(|cell| printable(&cell)));
    }
    let widths: u16 = table.column_max_content_widths().iter().sum();
    let gap = if widths + 2 * HEADER.len() as u16 <= WIDTH { 2 } else { 1 };
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, gap));
        if index >= FIRST_NUMBER {
            column.set_cell_alignment(CellAlignment::Right);
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let comparisons = comparisons(report);
    if !comparisons.is_empty() {
        text.push('\n');
    }
    for comparison in comparisons {
        wrap(&printable(&comparison), &mut text);
    }
    text.push('\n');
    for note in notes(report) {
        wrap(&printable(&note), &mut text);
    }
    text
}

/// Breaks a note at spaces so that it is no wider than the table.
pub(crate) fn wrap(note: &str, text: &mut String) {
    let mut column = 0;
    for word in note.split(' ') {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > usize::from(WIDTH) {
            text.push('\n');
            column = 0;
        } else if column > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += width;
    }
    text.push('\n');
}

/// The cells of a row, in the order of [`HEADER`].
pub(super) fn cells(row: &Row) -> [String; HEADER.len()] {
    let data = match (row.dataset.as_str(), row.subset.as_str()) {
        (dataset, "") => dataset.to_owned(),
        ("", subset) => subset.to_owned(),
        (dataset, subset) => format!("{dataset}:{subset}"),
    };
    let scored = row.scored > 0;
    let when_scored = |text: String| if scored { text } else { "-".to_owned() };
    let mark = if row.real { "*" } else { " " };
    [
        data,
        row.method.clone(),
        row.utterances.to_string(),
        when_scored(row.words.to_string()),
        with_interval(row.wer, row.wer_low, row.wer_high, unsigned),
        rate(row.wer_paper),
        rate(row.cer),
        when_scored(format!("{}/{}/{}", row.substitutions, row.deletions, row.insertions)),
        rate(row.o_nb),
        rate(row.o_cp),
        when_scored(format!("{}/{}", row.better, row.worse)),
        format!("{}{mark}", with_interval(row.diff, row.diff_low, row.diff_high, signed)),
    ]
}

/// One line for each row that was compared with a baseline other than the 1-best.
pub(super) fn comparisons(report: &Report) -> Vec<String> {
    let compared = report.rows.iter().filter_map(|row| {
        let (baseline, p_value) = (row.baseline.as_deref()?, row.baseline_p_value);
        let [data, method, ..] = cells(row);
        let difference =
            with_interval(row.baseline_diff, row.baseline_low, row.baseline_high, signed);
        let mark = if row.baseline_real { "*" } else { "" };
        let p_value = p_value.map_or_else(String::new, |p| format!(", p = {p:.3}"));
        Some(format!("{data}: {method} vs {baseline} {difference}{mark}{p_value}"))
    });
    compared.collect()
}

/// What must be said beneath the figures.
pub(super) fn notes(report: &Report) -> Vec<String> {
    let mut notes = vec![
        "WER, CER, o_nb (N-best oracle) and o_cp (compositional oracle) in percent of the references; \
         mean: mean of the utterances' WER; S/D/I: words substituted, deleted, inserted; \
         better/worse: utterances with fewer/more errors than the 1-best; \
         *: the 95 % interval of the difference excludes zero."
            .to_owned(),
    ];
    let mut rules: Vec<&str> = vec![&report.rule];
    for row in &report.rows {
        if !rules.contains(&row.rule.as_str()) {
            rules.push(&row.rule);
        }
    }
    if rules.len() == 1 {
        notes.push(format!("Rule: {}.", report.rule));
    } else {
        for rule in rules {
            let rows: Vec<String> = (1..)
                .zip(&report.rows)
                .filter(|(_, row)| row.rule == rule)
                .map(|(number, _): (usize, _)| number.to_string())
                .collect();
            if !rows.is_empty() {
                notes.push(format!("Rule of row {}: {rule}.", rows.join(", ")));
            }
        }
    }
    // What is said of several rows is said once.
    let mut noted: Vec<(&str, Vec<String>)> = Vec::new();
    for row in &report.rows {
        let Some(note) = row.note.as_deref() else { continue };
        let [data, method, ..] = cells(row);
        let name = format!("{data}, {method}");
        match noted.iter_mut().find(|(known, _)| *known == note) {
            Some((_, names)) => names.push(name),
            None => noted.push((note, vec![name])),
        }
    }
    notes.extend(noted.into_iter().map(|(note, names)| format!("{}: {note}.", names.join("; "))));
    for row in report.rows.iter().filter(|row| row.scored < row.utterances) {
        let [data, method, ..] = cells(row);
        notes.push(format!(
            "{data}, {method}: {} of {} utterances have no reference and are not scored.",
            row.utterances - row.scored,
            row.utterances
        ));
    }
    notes
}

pub(crate) fn rate(rate: Option<f64>) -> String {
    rate.map_or_else(|| "-".to_owned(), unsigned)
}

fn unsigned(rate: f64) -> String {
    format!("{rate:.2}")
}

pub(crate) fn signed(rate: f64) -> String {
    let text = format!("{rate:+.2}");
    // A difference too small to show has no sign.
    if text.ends_with("0.00") && rate.abs() < 0.005 { "0.00".to_owned() } else { text }
}

pub(crate) fn with_interval(
    rate: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    show: fn(f64) -> String,
) -> String {
    match (rate, low, high) {
        (Some(rate), Some(low), Some(high)) => {
            format!("{} [{},{}]", show(rate), show(low), show(high))
        }
        (Some(rate), ..) => show(rate),
        _ => "-".to_owned(),
    }
}
