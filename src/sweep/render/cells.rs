//! The columns that the terminal's table and Markdown share.

use crate::sweep::{Fate, Ranked, Ranking};

/// The place of the label among the columns, the only one that may be broken over lines.
pub(super) const LABEL: usize = 1;

/// Header and rows. The column of seeds is left out where every arm was run with one.
pub(super) struct Cells {
    pub(super) header: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
}

pub(super) fn cells(ranking: &Ranking) -> Cells {
    let seeds = ranking.rows.iter().any(|row| row.seeds > 1);
    let mut header = vec![
        "#",
        "arm",
        "utts",
        "WER [95 %]",
        "vs baseline [95 %]",
        "p",
        "better/worse",
        "chg %",
        "tokens",
        "s/utt",
    ];
    if seeds {
        header.push("seeds");
    }
    let rows = ranking.rows.iter().map(|row| {
        let mut cells = of(row);
        if seeds {
            cells.push(of_seeds(row));
        }
        cells
    });
    Cells { rows: rows.collect(), header }
}

fn of(row: &Ranked) -> Vec<String> {
    let mark = if row.real { "*" } else { " " };
    let counted = row.wer.is_some() && !row.baseline;
    vec![
        row.rank.map_or_else(|| "-".to_owned(), |rank| rank.to_string()),
        row.arm.label.clone(),
        row.utterances.to_string(),
        with_interval(row.wer, row.wer_low, row.wer_high, unsigned),
        if row.baseline {
            "baseline ".to_owned()
        } else {
            format!("{}{mark}", with_interval(row.diff, row.diff_low, row.diff_high, signed))
        },
        row.p_corrected.map_or_else(|| "-".to_owned(), probability),
        if counted { format!("{}/{}", row.better, row.worse) } else { "-".to_owned() },
        row.changed.map_or_else(|| "-".to_owned(), |share| format!("{share:.1}")),
        match (row.prompt_tokens, row.output_tokens) {
            (Some(prompt), Some(output)) if prompt + output > 0.0 => {
                format!("{prompt:.0}+{output:.0}")
            }
            _ => "-".to_owned(),
        },
        row.seconds.map_or_else(|| "-".to_owned(), seconds),
    ]
}

fn of_seeds(row: &Ranked) -> String {
    match (row.seeds_mean, row.seeds_deviation) {
        (Some(mean), Some(deviation)) => format!("{mean:.2}±{deviation:.2}"),
        _ => "-".to_owned(),
    }
}

/// Where an arm is that did not get to the end, in words.
pub(super) fn left_behind(fate: Fate) -> Option<String> {
    match fate {
        Fate::Finished => None,
        Fate::Running => Some("Not finished".to_owned()),
        Fate::Dropped { after, .. } => Some(format!("Dropped after {after} utterances")),
        Fate::Stopped { after: 0 } => Some("Not run, for want of time".to_owned()),
        Fate::Stopped { after } => {
            Some(format!("Stopped after {after} utterances, for want of time"))
        }
    }
}

pub(super) fn unsigned(rate: f64) -> String {
    format!("{rate:.2}")
}

pub(super) fn signed(rate: f64) -> String {
    // A difference too small to show has no sign.
    if rate.abs() < 0.005 { "0.00".to_owned() } else { format!("{rate:+.2}") }
}

fn probability(p: f64) -> String {
    if p < 0.001 { "<0.001".to_owned() } else { format!("{p:.3}") }
}

fn seconds(seconds: f64) -> String {
    if seconds < 9.995 { format!("{seconds:.2}") } else { format!("{seconds:.0}") }
}

fn with_interval(
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
