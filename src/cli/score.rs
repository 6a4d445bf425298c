//! `gec score`.

use clap::Args;

use super::ScoringArgs;

/// Scores stored corrections again, without a model.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gec score last
  gec score last --normalizer whisper-en --merge-compounds
  gec score 3f9a 77b2 --format csv")]
pub struct ScoreArgs {
    /// Runs: ids, beginnings of fingerprints, or `last`
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<String>,
    /// How to score.
    #[command(flatten)]
    pub scoring: ScoringArgs,
}
