//! `gec export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::export::Format;

/// Writes a corpus, or a run with its corrections, for other programs.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gec export --run last --format srt --output talk.srt
  gec export --run last --format vtt --output subtitles/
      One file for each recording
  gec export --run 3 --format trn --text reference --output ref.trn
  gec export ./transcripts.json --format jsonl
      From one format into another, without the database")]
pub struct ExportArgs {
    /// A corpus: a path, or a data set or subset (`sample`, `hp:atis`, an imported name)
    #[arg(required_unless_present = "run", conflicts_with = "run")]
    pub corpus: Option<String>,
    /// A run: its id, the beginning of its fingerprint, or `last`
    #[arg(long)]
    pub run: Option<String>,
    /// The split of the corpus
    #[arg(long, conflicts_with = "run")]
    pub split: Option<String>,
    /// Format: hp-json, jsonl, kaldi, trn, ctm, srt, vtt or txt
    #[arg(long, value_name = "NAME")]
    pub format: Format,
    /// Output file, or a folder for one file for each recording [default: stdout]
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Text to write, where the format holds one [default: corrected for a run, else 1best]
    #[arg(long, value_enum)]
    pub text: Option<ExportText>,
}

/// A text of an utterance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportText {
    /// What the recogniser put first
    #[value(name = "1best")]
    OneBest,
    /// The correction
    Corrected,
    /// What was said
    Reference,
}
