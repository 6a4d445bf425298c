//! What is printed of files: their edits, and a summary.

use std::io::{IsTerminal as _, Write};
use std::time::Duration;

use serde_json::json;

use super::counts::{Counters, Counts};
use super::one_file::{Change, Done, State};
use crate::{
    archive::diff::{self, Marks},
    cli::correct::DiffFormat,
    report::printable,
};

/// One file.
pub(super) fn file(
    done: &Done,
    error: Option<&str>,
    format: DiffFormat,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    match format {
        DiffFormat::Summary => {}
        DiffFormat::Json => {
            let warnings: Vec<_> = done
                .warnings
                .iter()
                .map(|warning| json!({ "line": warning.line, "message": warning.message }))
                .collect();
            let reason = match &done.state {
                State::Refused(reason) => Some(reason.as_str()),
                _ => error,
            };
            let line = json!({
                "path": done.path.to_string_lossy(),
                "state": state(&done.state),
                "reason": reason,
                "segments": done.segments,
                "changed": done.changed,
                "words": done.words,
                "edits": done.edits,
                "warnings": warnings,
            });
            writeln!(out, "{line}")?;
        }
        DiffFormat::Diff => {
            let path = printable(&done.path.to_string_lossy());
            for warning in &done.warnings {
                writeln!(out, "{path}:{}: warning: {}", warning.line, printable(&warning.message))?;
            }
            if let State::Refused(reason) = &done.state {
                writeln!(out, "{path}: left alone: {}", printable(reason))?;
            }
            for change in &done.changes {
                writeln!(out, "{}", changed(&path, change, marks()))?;
            }
        }
    }
    Ok(())
}

fn changed(path: &str, change: &Change, marks: Marks) -> String {
    let time = change.segment.start_ms.map(|start| format!(" [{}]", time(start)));
    let line = diff::line(&change.segment, &change.edits, marks);
    format!("{path}:{}{}: {line}", change.segment.line, time.unwrap_or_default())
}

/// Hours, minutes, seconds and milliseconds.
fn time(milliseconds: i64) -> String {
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    format!("{:02}:{:02}:{:02}.{rest:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn marks() -> Marks {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|set| !set.is_empty())
        || !std::io::stdout().is_terminal();
    if plain { Marks::Plain } else { Marks::Coloured }
}

fn state(state: &State) -> &'static str {
    match state {
        State::Unchanged => "unchanged",
        State::Proposed => "proposed",
        State::Applied => "applied",
        State::Already => "already applied",
        State::Refused(_) => "refused",
        State::Failed => "failed",
    }
}

/// What came of a command.
pub(super) struct Summary<'a> {
    pub(super) counts: &'a Counts,
    pub(super) counters: &'a Counters,
    pub(super) seconds: Duration,
    /// Whether files were to be changed.
    pub(super) applied: bool,
    /// Terms of the glossary before and after.
    pub(super) terms: Option<(u64, u64)>,
    /// Why it ended before its end.
    pub(super) stopped: Option<&'static str>,
}

/// The summary, after all files.
pub(super) fn summary(
    summary: &Summary<'_>,
    format: DiffFormat,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Summary { counts, counters, seconds, applied, terms, stopped } = summary;
    let texts = counters.snapshot();
    let seconds = seconds.as_secs_f64();
    if format == DiffFormat::Json {
        let line = json!({ "summary": {
            "files": counts,
            "texts": texts,
            "seconds": seconds,
            "applied": applied,
            "terms": terms.map(|(before, after)| json!({ "before": before, "after": after })),
            "stopped": stopped,
        }});
        writeln!(out, "{line}")?;
        return Ok(());
    }
    let share = 100.0 * counts.changed as f64 / counts.segments.max(1) as f64;
    let verb = if *applied { "changed" } else { "would change" };
    let touched = if *applied { counts.applied } else { counts.proposed };
    writeln!(
        out,
        "{touched} of {} files {verb}: {} edits in {} of {} lines ({share:.1} %), {} words",
        counts.files, counts.edits, counts.changed, counts.segments, counts.words
    )?;
    for (count, what) in [
        (counts.already, "files were corrected before"),
        (counts.refused, "files were left alone"),
        (counts.failed, "files failed"),
        (counts.warnings, "warnings"),
    ] {
        if count > 0 {
            writeln!(out, "{count} {what}")?;
        }
    }
    let parts = [
        (texts.corrected, "corrected"),
        (texts.kept, "kept"),
        (texts.gated, "gated"),
        (texts.abstained, "abstained"),
        (texts.refused, "refused"),
        (texts.failed, "failed"),
        (texts.remembered, "known from before"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if !parts.is_empty() {
        writeln!(out, "lines: {}", parts.join(", "))?;
    }
    if let Some((before, after)) = terms {
        writeln!(out, "terms of the glossary: {before} before, {after} after")?;
    }
    writeln!(
        out,
        "{seconds:.1} s, {:.0} lines a second",
        counts.segments as f64 / seconds.max(1e-9)
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_subtitles() {
        assert_eq!(time(0), "00:00:00.000");
        assert_eq!(time(3_723_045), "01:02:03.045");
    }
}
