//! All figures of all arms, for spreadsheets and scripts.

use serde::Serialize;

use crate::report::is_unprintable;
use crate::sweep::{Fate, Ranked, Ranking};

/// A spreadsheet takes a text that begins with one of these for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// One line. Texts are made harmless, numbers stay as they are.
#[derive(Serialize)]
struct Line {
    rank: Option<u32>,
    arm: String,
    method: String,
    options: String,
    key: String,
    baseline: bool,
    state: &'static str,
    reason: &'static str,
    utterances: usize,
    errors: u64,
    wer: Option<f64>,
    wer_low: Option<f64>,
    wer_high: Option<f64>,
    diff: Option<f64>,
    diff_low: Option<f64>,
    diff_high: Option<f64>,
    p_value: Option<f64>,
    p_corrected: Option<f64>,
    real: bool,
    better: u64,
    worse: u64,
    changed: Option<f64>,
    failed: u64,
    prompt_tokens: Option<f64>,
    output_tokens: Option<f64>,
    seconds: Option<f64>,
    seeds: usize,
    seeds_mean: Option<f64>,
    seeds_deviation: Option<f64>,
    data: String,
    rule: String,
}

const HEADER: [&str; 31] = [
    "rank",
    "arm",
    "method",
    "options",
    "key",
    "baseline",
    "state",
    "reason",
    "utterances",
    "errors",
    "wer",
    "wer_low",
    "wer_high",
    "diff",
    "diff_low",
    "diff_high",
    "p_value",
    "p_corrected",
    "real",
    "better",
    "worse",
    "changed",
    "failed",
    "prompt_tokens",
    "output_tokens",
    "seconds",
    "seeds",
    "seeds_mean",
    "seeds_deviation",
    "data",
    "rule",
];

pub(super) fn render(ranking: &Ranking) -> String {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    // Writing numbers and texts to memory cannot fail.
    let mut written = writer.write_record(HEADER).is_ok();
    for row in &ranking.rows {
        written &= writer.serialize(line(row, ranking)).is_ok();
    }
    debug_assert!(written, "a line has as many fields as the header");
    String::from_utf8_lossy(&writer.into_inner().unwrap_or_default()).into_owned()
}

fn line(row: &Ranked, ranking: &Ranking) -> Line {
    let options: Vec<String> =
        row.arm.options.iter().map(|(name, value)| format!("{name}={value}")).collect();
    Line {
        rank: row.rank,
        arm: harmless(&row.arm.label),
        method: harmless(&row.arm.method),
        options: harmless(&options.join(" ")),
        key: harmless(&row.arm.key),
        baseline: row.baseline,
        state: match row.fate {
            Fate::Running => "running",
            Fate::Finished => "finished",
            Fate::Dropped { .. } => "dropped",
            Fate::Stopped { .. } => "stopped",
        },
        reason: match row.fate {
            Fate::Dropped { reason: crate::sweep::Reason::Worse, .. } => "worse",
            Fate::Dropped { reason: crate::sweep::Reason::Rank, .. } => "rank",
            _ => "",
        },
        utterances: row.utterances,
        errors: row.errors,
        wer: row.wer,
        wer_low: row.wer_low,
        wer_high: row.wer_high,
        diff: row.diff,
        diff_low: row.diff_low,
        diff_high: row.diff_high,
        p_value: row.p_value,
        p_corrected: row.p_corrected,
        real: row.real,
        better: row.better,
        worse: row.worse,
        changed: row.changed,
        failed: row.failed,
        prompt_tokens: row.prompt_tokens,
        output_tokens: row.output_tokens,
        seconds: row.seconds,
        seeds: row.seeds,
        seeds_mean: row.seeds_mean,
        seeds_deviation: row.seeds_deviation,
        data: harmless(&ranking.data),
        rule: harmless(&ranking.rule),
    }
}

/// A text that no spreadsheet takes for a formula and that moves no cursor.
fn harmless(text: &str) -> String {
    let mark =
        if text.starts_with(FORMULA) || text.starts_with(char::is_control) { "'" } else { "" };
    let kept = text.chars().map(|one| if is_unprintable(one) { '\u{fffd}' } else { one });
    mark.chars().chain(kept).collect()
}
