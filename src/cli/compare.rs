//! `gec compare`.

use clap::{Args, ValueEnum};

use super::RuleArgs;

/// Puts runs over one corpus side by side.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gec compare 1best last
  gec compare 3 4 5 --show 20
  gec compare 3f9a 77b2 --normalizer whisper-en --format md

The first is what the others are compared with: word error rates with paired intervals, the
matched-pairs test of NIST (MAPSSWE; Holm's correction where there are several), which utterances
became right and wrong, which kinds of errors were fixed and made, by length and by group. `1best`
stands for what the recogniser wrote.")]
pub struct CompareArgs {
    /// Runs: ids, beginnings of fingerprints, `last`, or `1best`
    #[arg(required = true, num_args = 2.., value_name = "RUN")]
    pub runs: Vec<String>,
    /// Utterances shown of each kind of change
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub show: usize,
    /// Groups (speakers, where the corpus tells them) shown
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub groups: usize,
    /// Format of the result
    #[arg(long, value_enum, default_value_t)]
    pub format: ComparisonFormat,
    /// How to score.
    #[command(flatten)]
    pub rule: RuleArgs,
}

/// Formats of a comparison.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ComparisonFormat {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
    /// Markdown
    Md,
}
