//! `gec correct` and `gec edits`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::run::{ModelArgs, PromptArgs, SettingsArgs};
use super::runs::ListFormat;
use crate::{archive::files::Shard, document::DocumentFormat};

/// Corrects transcript files and shows what would change; with `--apply` it changes them.
#[derive(Debug, Args)]
#[command(
    after_help = "Formats: srt, vtt, whisper-json, ctm, trn, jsonl, csv, tsv, hyporadise-json, text

Examples:
  gec correct talks/
      Show what would change in all transcripts of a folder
  gec correct talks/ --apply
      Change them; a copy of each stays beside it, and the database keeps the originals
  gec correct talks/ --revert
      Put every file back as it was, also months later
  gec correct - < lists.jsonl > corrected.jsonl
      One record in, one record out, in the order they came
  gec correct 'talks/*.txt' --input-format text --glossary names.txt --context-window 2
  gec correct talks/ --shard 3/8 --db shard3.db

An interrupted command goes on where it stopped when it is given again."
)]
pub struct CorrectArgs {
    /// Files, folders, patterns, or `-` for records from standard input to standard output
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Change the files. Without it nothing is written
    #[arg(long, conflicts_with = "revert")]
    pub apply: bool,
    /// Correct files again that were corrected before, with another model or glossary
    #[arg(long, conflicts_with = "revert")]
    pub again: bool,
    /// Put the originals back, from the database
    #[arg(long)]
    pub revert: bool,
    /// Revert files also where they have been changed since, and lose those changes
    #[arg(long, requires = "revert")]
    pub force: bool,
    /// Make no copy beside the file; the database keeps the original all the same
    #[arg(long, requires = "apply")]
    pub no_backup: bool,
    /// Format of the files [default: told from name and content; jsonl for `-`]
    #[arg(long, value_name = "FORMAT")]
    pub input_format: Option<DocumentFormat>,
    /// Column or field with the transcript, in tables and JSON lines
    /// [default: text, transcript, sentence or hypothesis]
    #[arg(long, value_name = "NAME")]
    pub column: Option<String>,
    /// Only this part of the files (or records), e.g. 3/8; a file is always in the same part
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// Neighbouring segments shown to the model on each side
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub context_window: usize,
    /// Correct the segments of a sentence together; their words stay in their segments
    #[arg(long)]
    pub join: bool,
    /// Let words of a joined correction come into a neighbouring segment
    #[arg(long, requires = "join")]
    pub reflow: bool,
    /// Names and terms, one a line, with ` = ` and how they are misheard
    #[arg(long, value_name = "FILE")]
    pub glossary: Option<PathBuf>,
    /// Take over case and punctuation of corrections too, not words alone
    #[arg(long)]
    pub surface: bool,
    /// What the model reads: the text as it stands, or words in lower case without punctuation
    /// [default: what the model was made for]
    #[arg(long, value_enum, value_name = "HOW")]
    pub reads: Option<Reads>,
    /// Leave a file alone where a larger share of its words would change
    #[arg(long, default_value_t = 0.3, value_name = "X", value_parser = super::not_negative)]
    pub max_file_change: f64,
    /// Stop where a larger share of all lines would change (from 200 lines on)
    #[arg(long, default_value_t = 0.5, value_name = "X", value_parser = super::not_negative)]
    pub max_corpus_change: f64,
    /// Correction method
    #[arg(long, short, default_value = "cascade", value_name = "NAME")]
    pub method: String,
    /// Settings, rewrite table and rules that `gec tune` has learned: a name or a file
    #[arg(long, value_name = "NAME|FILE")]
    pub profile: Option<String>,
    /// Forget what was answered before and ask again
    #[arg(long)]
    pub fresh: bool,
    /// What is printed
    #[arg(long, value_enum, default_value_t)]
    pub format: DiffFormat,
    /// Progress on standard error
    #[arg(long, value_enum, default_value_t)]
    pub progress: ProgressFormat,
    /// The language model.
    #[command(flatten)]
    pub model: ModelArgs,
    /// The prompt.
    #[command(flatten)]
    pub prompt: PromptArgs,
    /// The methods' settings.
    #[command(flatten)]
    pub settings: SettingsArgs,
}

/// What a model reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Reads {
    /// The text as it stands
    Text,
    /// Words in lower case without punctuation
    Words,
}

/// What `gec correct` prints.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// Changed lines with their edits, and a summary
    #[default]
    Diff,
    /// The summary alone
    Summary,
    /// An object a file, one a line, and the summary last
    Json,
}

/// How progress is told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressFormat {
    /// A bar, on a terminal
    #[default]
    Bar,
    /// One JSON object a line, about every second
    Json,
    /// None
    None,
}

/// Lists recorded edits, the oldest first.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gec edits
  gec edits --text boston --state applied
  gec edits talks/ --unsupported --max-score 0.6 --format json")]
pub struct EditsArgs {
    /// Only edits of files below these
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only edits whose words or line match: words, \"a phrase\", word*, a OR b, NOT c
    #[arg(long, value_name = "QUERY")]
    pub text: Option<String>,
    /// Only edits that came so far
    #[arg(long, value_enum)]
    pub state: Option<EditState>,
    /// Only edits with at least this score
    #[arg(long, value_name = "X")]
    pub min_score: Option<f64>,
    /// Only edits with at most this score
    #[arg(long, value_name = "X")]
    pub max_score: Option<f64>,
    /// Only edits that a hypothesis supports
    #[arg(long, conflicts_with = "unsupported")]
    pub supported: bool,
    /// Only edits that no hypothesis supports
    #[arg(long)]
    pub unsupported: bool,
    /// At most so many
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// Format of the result
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

/// How far an edit came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EditState {
    /// Only proposed
    Proposed,
    /// In the file
    Applied,
    /// Taken back
    Reverted,
}
