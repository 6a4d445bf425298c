//! `gec report`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::RuleArgs;
use crate::report::Condition;

/// Shows stored runs to others.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gec report --format html --output report.html
  gec report 3 4 --format md
  gec report last --fail-if 'wer>50' --fail-if 'worse>10%'
  gec report last --format junit --fail-if 'cascade@sample: diff>0' --output report.xml

The page is one file that works from a disk and asks for nothing else: figures, plots, confusions,
and every utterance with its words aligned, to filter and to search.

Conditions are FIELD OP NUMBER over the fields of `--format json`, with `%` for a share of the
utterances; before a colon they can name METHOD@DATASET. Where one holds, the exit code is 1.")]
pub struct ReportArgs {
    /// Runs: ids, beginnings of fingerprints, or `last`
    #[arg(default_value = "last", value_name = "RUN")]
    pub runs: Vec<String>,
    /// Format of the result
    #[arg(long, value_enum, default_value_t)]
    pub format: ReportFormat,
    /// File to write [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Heading of the page
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// A method of the table to compare the others with, besides the 1-best
    #[arg(long, value_name = "METHOD")]
    pub baseline: Option<String>,
    /// Exit with 1 where this holds of a row
    #[arg(long, value_name = "CONDITION")]
    pub fail_if: Vec<Condition>,
    /// How to score.
    #[command(flatten)]
    pub rule: RuleArgs,
}

/// Formats of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people, in a terminal
    #[default]
    Table,
    /// One page for the browser
    Html,
    /// A Markdown table
    Md,
    /// One line a row
    Csv,
    /// An object with `rows`
    Json,
    /// JUnit XML: a test for each row and condition
    Junit,
    /// Corrected transcripts as NIST trn (one run)
    Trn,
}
