//! `gec score`.

use std::path::PathBuf;

use clap::Args;

use super::ScoringArgs;

/// Scores stored corrections again, without a model.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gec score last
  gec score last --normalizer whisper-en --merge-compounds
  gec score 3f9a 77b2 --format csv
  gec score last --glossary names.txt")]
pub struct ScoreArgs {
    /// Runs: ids, beginnings of fingerprints, or `last`
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<String>,
    /// Also tell how many of a glossary's terms that were said are in the 1-best and in the
    /// corrected texts
    #[arg(long, value_name = "FILE")]
    pub glossary: Option<PathBuf>,
    /// How to score.
    #[command(flatten)]
    pub scoring: ScoringArgs,
}
