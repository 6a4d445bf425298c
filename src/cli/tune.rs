//! `gec tune` and `gec profiles`.

use clap::{Args, Subcommand};

use super::{
    run::{ModelArgs, PromptArgs, SettingsArgs},
    runs::ListFormat,
    transcribe::AsrArgs,
};

/// Learns a profile from a corpus with references.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  gec tune --dataset hp:atis --split train --save atis
  gec run --dataset hp:atis --method 1best,rewrite,cascade --profile atis
  gec tune --dataset sample --split train --save mine --inner cloze
  gec tune --dataset pairs.jsonl --no-model --save table

What is learned: a table of phrases to rewrite, which method to put between gate and guard (uadf
or lm-rank, unless `--inner` names one) and its settings, when a correction is believed, and how
much may change. All of it by cross-validation in which equal
references never stand on both sides.")]
pub struct TuneArgs {
    /// What to learn from: a corpus with references, as in `gec run`
    #[arg(long, short, value_name = "SPEC")]
    pub dataset: String,
    /// Split of a known corpus [default: train]
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,
    /// Name of the profile, for `--profile`
    #[arg(long, value_name = "NAME")]
    pub save: String,
    /// Only the first N utterances (of those that pass the filter)
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Only utterances that match, e.g. `id=i0*` or `reference~boston|denver`
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// Learn only what needs no language model
    #[arg(long)]
    pub no_model: bool,
    /// Show how well confidences mean what they say, bin by bin
    #[arg(long)]
    pub calibration: bool,
    /// Format of the result; json is the profile itself
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
    /// How to tune.
    #[command(flatten)]
    pub tuning: TuningArgs,
    /// The language model.
    #[command(flatten)]
    pub model: ModelArgs,
    /// The prompt.
    #[command(flatten)]
    pub prompt: PromptArgs,
    /// The settings to begin with.
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// The recogniser, for corpora of recordings.
    #[command(flatten)]
    pub asr: AsrArgs,
}

/// How to tune.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Tuning")]
pub struct TuningArgs {
    /// Folds of every cross-validation while tuning
    #[arg(long, default_value_t = 5, value_name = "K", value_parser = clap::value_parser!(u32).range(2..=20))]
    pub folds: u32,
    /// Seed of the folds
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub tune_seed: u64,
    /// About how many utterances are decoded for each setting that is tried
    #[arg(long, default_value_t = 600, value_name = "N", value_parser = clap::value_parser!(u32).range(20..))]
    pub search: u32,
    /// Learn no rewrite table
    #[arg(long)]
    pub no_rewrite: bool,
    /// Learn no variants (phrases and sentences of the domain)
    #[arg(long)]
    pub no_variants: bool,
    /// References that the language model has not read: a file of lists in any format. Where
    /// the model was trained on the rest, only these say what its opinion is worth
    #[arg(long, value_name = "FILE")]
    pub unseen: Option<std::path::PathBuf>,
}

/// Profiles.
#[derive(Debug, Clone, Args)]
pub struct ProfilesArgs {
    /// What to do
    #[command(subcommand)]
    pub command: ProfilesCommand,
}

/// The verbs of `gec profiles`.
#[derive(Debug, Clone, Subcommand)]
pub enum ProfilesCommand {
    /// List the profiles
    #[command(after_help = "Example:
  gec profiles list --format json")]
    List {
        /// Format of the result
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Show a profile; json can be copied to another machine and given to `--profile`
    #[command(after_help = "Examples:
  gec profiles show atis --calibration
  gec profiles show atis --format json > atis.json")]
    Show {
        /// A profile's name, or a file
        profile: String,
        /// Show how well confidences mean what they say, bin by bin
        #[arg(long)]
        calibration: bool,
        /// Format of the result
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Delete a profile; runs that were made with it stay
    #[command(after_help = "Example:
  gec profiles delete atis")]
    Delete {
        /// A profile's name
        profile: String,
    },
}
