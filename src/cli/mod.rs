//! What can be typed: clap types only, no behaviour.

pub mod backend;
pub mod compare;
pub mod correct;
pub mod dataset;
pub mod db;
pub mod doctor;
pub mod export;
pub mod import;
pub mod prompt;
pub mod report;
pub mod run;
pub mod runs;
pub mod score;
pub mod transcribe;
pub mod tune;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Corrects speech recognisers' N-best lists with a local language model.
#[derive(Debug, Parser)]
#[command(
    name = "gec",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "Examples:
  gec run --dataset sample
      Correct the embedded sample with the shipped model and print the table
  gec run --dataset hp:atis,wsj --method cascade --model qwen.gguf
      Evaluate a method on parts of HyPoradise
  gec correct talks/
      Show what would change in a folder of subtitles
  gec score last --normalizer whisper-en
      Score a stored run again under another rule, without a model"
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Options of every verb.
    #[command(flatten)]
    pub global: Global,
}

/// Options of every verb.
#[derive(Debug, Args)]
pub struct Global {
    /// Database file [default: gec/gec.db in the XDG data folder]
    #[arg(long, global = true, env = "GEC_DB", value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// Folder with corpora, searched before those of GEC_DATA_DIR and the XDG data folder
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Say more on stderr; twice for even more
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Write a log to this file too, at its end; GEC_LOG says of what (e.g. `gec=debug`)
    #[arg(long, global = true, value_name = "FILE")]
    pub log_file: Option<PathBuf>,
    /// Say nothing on stderr but errors
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Correct a corpus and score the result
    Run(Box<run::RunArgs>),
    /// Correct transcript files: show, apply, revert
    Correct(Box<correct::CorrectArgs>),
    /// Edits that were proposed or made: list, search
    Edits(correct::EditsArgs),
    /// Turn recordings into N-best lists
    Transcribe(Box<transcribe::TranscribeArgs>),
    /// Prompt templates: list, render, check, try
    Prompt(prompt::PromptVerbArgs),
    /// Learn a profile from a corpus with references
    Tune(Box<tune::TuneArgs>),
    /// What was learned: list, show, delete
    Profiles(tune::ProfilesArgs),
    /// Score a stored run again, without a model
    Score(score::ScoreArgs),
    /// Put runs side by side: what is better, what is worse, and whether it is real
    Compare(compare::CompareArgs),
    /// Show runs to others: a page for the browser, tables, JUnit; checks for CI
    Report(report::ReportArgs),
    /// Read N-best lists of any recogniser into the database
    Import(import::ImportArgs),
    /// Write a corpus or a run for other programs
    Export(export::ExportArgs),
    /// Known corpora: list, show, verify, pull
    Dataset(dataset::DatasetArgs),
    /// Stored runs: list, show, delete
    Runs(runs::RunsArgs),
    /// The database: path, stats, backup, merge
    Db(db::DbArgs),
    /// Look whether everything is as it should be
    Doctor(Box<doctor::DoctorArgs>),
    /// Print a shell's completion script
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write manual pages into a folder
    #[command(after_help = "Example:\n  gec man ~/.local/share/man/man1")]
    Man {
        /// The folder
        folder: PathBuf,
    },
}

/// Formats of a table of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum TableFormat {
    /// For people
    Table,
    /// An object with `rows`
    Json,
    /// One line a row
    Csv,
    /// A Markdown table
    Md,
}

/// The rule that errors are counted by.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Scoring")]
pub struct RuleArgs {
    /// Text normaliser: none, basic, whisper-en or hp
    #[arg(long, default_value = "none", value_name = "NAME")]
    pub normalizer: String,
    /// Forgive words written together or apart
    #[arg(long)]
    pub merge_compounds: bool,
    /// Bootstrap resamples; 0 for no intervals
    #[arg(long, default_value_t = 1000, value_name = "N")]
    pub resamples: u32,
    /// Seed of the bootstrap
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub bootstrap_seed: u64,
}

/// How results are scored.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Scoring")]
pub struct ScoringArgs {
    /// How errors are counted.
    #[command(flatten)]
    pub rule: RuleArgs,
    /// A method of the table to compare the others with, besides the 1-best
    #[arg(long, value_name = "METHOD")]
    pub baseline: Option<String>,
    /// Format of the result
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    pub format: TableFormat,
}

/// A finite number above 0.
fn positive(text: &str) -> Result<f64, String> {
    match not_negative(text) {
        Ok(0.0) => Err("it must be above 0".into()),
        other => other,
    }
}

/// A finite number, 0 or more.
fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        Ok(_) => Err("it must be a number that is not negative".into()),
        Err(_) => Err("it must be a number".into()),
    }
}
