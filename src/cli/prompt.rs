//! `gec prompt`: what was typed.

use clap::{Args, Subcommand};

use super::{
    run::{ModelArgs, PromptArgs, SettingsArgs},
    runs::ListFormat,
    transcribe::AsrArgs,
};

/// Prompt templates: look at them, try them, compare them.
#[derive(Debug, Args)]
pub struct PromptVerbArgs {
    /// What to do
    #[command(subcommand)]
    pub command: PromptCommand,
}

/// The verbs of `gec prompt`.
#[derive(Debug, Subcommand)]
pub enum PromptCommand {
    /// List all templates that have a name
    #[command(after_help = "Example:
  gec prompt list --format json")]
    List {
        /// Format of the result
        #[arg(long, value_enum, default_value_t)]
        format: ListFormat,
    },
    /// Print a template as it stands in its file
    #[command(after_help = "Example:
  gec prompt show few-shot > prompts/mine.jinja")]
    Show {
        /// A name or a file
        template: String,
    },
    /// Render the prompt of one utterance, as text and as tokens
    Render(Box<RenderArgs>),
    /// Render templates for every utterance of a corpus and tell what goes wrong
    Check(Box<CheckArgs>),
    /// Correct one utterance and show every decoding step
    Try(Box<TryArgs>),
}

/// Which utterance.
#[derive(Debug, Args)]
pub struct UtteranceArgs {
    /// `sample`, `hp:atis`, or a file of N-best lists
    #[arg(long, short, default_value = "sample", value_name = "SPEC")]
    pub dataset: String,
    /// Split of a known corpus [default: test]
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,
    /// Its id, or its number from 1 [default: the first whose list disagrees]
    #[arg(long, short, value_name = "ID|N")]
    pub utterance: Option<String>,
    /// The recogniser, for corpora of recordings.
    #[command(flatten)]
    pub asr: AsrArgs,
}

/// Renders one prompt.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gec prompt render --template gec-micro
  gec prompt render --template zero-shot --dataset hp:atis --utterance 12 --model qwen.gguf
  gec prompt render --template few-shot --examples 2 --tokens

A chat template is laid out by the model's own chat template; where the model has none, in the
layout ChatML, and a note says so.")]
pub struct RenderArgs {
    /// Which utterance.
    #[command(flatten)]
    pub utterance: UtteranceArgs,
    /// List the tokens too
    #[arg(long)]
    pub tokens: bool,
    /// Format of the result
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
    /// The prompt.
    #[command(flatten)]
    pub prompt: PromptArgs,
    /// Seed of random examples
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// The language model.
    #[command(flatten)]
    pub model: ModelArgs,
}

/// Checks templates.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gec prompt check
  gec prompt check mine.jinja few-shot --dataset hp:atis --examples 4
  gec prompt check --dataset lists.jsonl --model qwen.gguf --format json

For each template: whether it can be read, on how many utterances it fails, how many prompts are
too long for the model, and in how many the reference stands though no hypothesis has it.
Exits with 1 where a template has a fault.")]
pub struct CheckArgs {
    /// Names or files [default: all templates that have a name]
    #[arg(value_name = "TEMPLATE")]
    pub templates: Vec<String>,
    /// `sample`, `hp:atis`, or a file of N-best lists
    #[arg(long, short, default_value = "sample", value_name = "SPEC")]
    pub dataset: String,
    /// Split of a known corpus [default: test]
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,
    /// Only the first N utterances
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Examples shown in the prompts [default: what the template says]
    #[arg(long, value_name = "N")]
    pub examples: Option<usize>,
    /// How examples are chosen: random (the same for all) or nearest
    #[arg(long, default_value = "random", value_name = "HOW")]
    pub example_selection: String,
    /// Seed of random examples
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// Format of the result
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
    /// The language model.
    #[command(flatten)]
    pub model: ModelArgs,
    /// The recogniser, for corpora of recordings.
    #[command(flatten)]
    pub asr: AsrArgs,
}

/// Corrects one utterance under a magnifying glass.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gec prompt try
  gec prompt try --method uadf --utterance 3
  gec prompt try --method generate --template mine.jinja --model qwen.gguf --dataset hp:atis

Each line is one token: the model's own probability of it, its place in the model's order, its
probability after fusion where there is one, and what the model alone preferred. `*` marks the
tokens that the model alone would not have chosen.")]
pub struct TryArgs {
    /// Which utterance.
    #[command(flatten)]
    pub utterance: UtteranceArgs,
    /// The method
    #[arg(long, short, default_value = "uadf", value_name = "NAME")]
    pub method: String,
    /// Format of the result
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
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
