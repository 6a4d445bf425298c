//! A report as one HTML file: figures, plots, and every utterance with its words aligned.
//!
//! The file works from a disk and asks for nothing else but recordings. It is written in
//! one pass: the overview, then the utterances as blocks of JSON, then what was summed up
//! on the way (plots, confusions), then the program that shows the list. Memory does not
//! grow with the corpus.
//!
//! | file | what it is |
//! |---|---|
//! | `entry` | one utterance with its answers and alignments: what the list shows |
//! | `escape` | texts that become markup or JSON without becoming a part of either |
//! | `gathered`, `confusions` | sums over the entries |
//! | `overview`, `document` | the parts of the page; `policy` forbids everything else |
//! | `plots` | sums as SVG |
//! | `assets` | the page's own style and program, no framework |
//!
//! Transcripts are hostile. Markup is escaped, JSON holds no character that HTML reads, the
//! program never makes markup from text, and a Content-Security-Policy with the hashes of
//! our own scripts keeps any other script from running.

mod confusions;
mod document;
mod entry;
mod escape;
mod gathered;
mod overview;
mod plots;
mod policy;

use std::io;

use serde::{Deserialize, Serialize};

pub use self::entry::{Answer, Entry, Heard, Written, operations};
use self::gathered::Gathered;
use super::Report;

/// What the page says besides the utterances.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// The heading, and the title of the window.
    pub title: String,
    /// When the report was made, as it is to be shown.
    pub date: String,
    /// The version of the program.
    pub version: String,
    /// Rows and the rule they were scored by. May have no row.
    pub report: Report,
    /// The runs that [`Answer::run`] counts, from 0. May be empty.
    pub runs: Vec<Run>,
    /// What must be said about the whole report, one sentence or more each.
    pub notes: Vec<String>,
}

/// One run: a method on a corpus.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The corpus, named as the rows do: `hp:atis`.
    pub data: String,
    /// How tables and plots call the method, such as `cascade (atis)`. Runs of the same name
    /// are pooled in plots, so two runs on one corpus need two names.
    pub method: String,
    /// The language model, where one was used.
    pub model: Option<String>,
    /// The prompt template, where one was used.
    pub template: Option<String>,
    /// The profile, where one was used.
    pub profile: Option<String>,
    /// All settings. `null` where there is none.
    pub settings: serde_json::Value,
    /// Whatever else is worth knowing, as name and value.
    pub facts: Vec<(String, String)>,
}

/// Names of the methods in the order of the rows, then of the runs. What a plot calls a
/// series, and the list of utterances a choice.
fn methods(page: &Page) -> Vec<&str> {
    let rows = page.report.rows.iter().map(|row| row.method.as_str());
    let mut methods: Vec<&str> = Vec::new();
    for method in rows.chain(page.runs.iter().map(|run| run.method.as_str())) {
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    methods
}

/// Writes the page. Entries are taken one by one and never kept.
///
/// A page without rows, runs or entries is whole, and says what it lacks. Answers of a run
/// that [`Page::runs`] does not hold are left out of plots and of the list.
///
/// # Errors
/// Those of `out`.
pub fn write(
    page: &Page,
    utterances: impl Iterator<Item = Entry>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let methods = methods(page);
    let mut gathered = Gathered::new(page, &methods);
    document::head(page, out)?;
    overview::write(page, out)?;
    document::entries(utterances.inspect(|entry| gathered.add(entry)), out)?;
    plots::write(page, &methods, &gathered, out)?;
    confusions::write(&methods, &gathered, out)?;
    document::list(page, &methods, out)?;
    document::end(out)
}

#[cfg(test)]
mod tests;
