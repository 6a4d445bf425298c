//! `gec prompt`: what was typed.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{
    RuleArgs, TableFormat,
    compare::ComparisonFormat,
    run::{ModelArgs, PromptArgs, SettingsArgs, ShownArgs},
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
  gec prompt show few-shot > mine.jinja")]
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
    /// Ask what utterances are, and not what was said: an intent, a keyword
    Classify(Box<ClassifyArgs>),
    /// Compare templates, models, methods and settings on one corpus
    Sweep(Box<SweepArgs>),
    /// Search for a better template
    Evolve(Box<EvolveArgs>),
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
    /// Examples and hypotheses in them.
    #[command(flatten)]
    pub shown: ShownArgs,
    /// `sample`, `hp:atis`, or a file of N-best lists
    #[arg(long, short, default_value = "sample", value_name = "SPEC")]
    pub dataset: String,
    /// Split of a known corpus [default: test]
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,
    /// Only the first N utterances
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
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

/// Classifies utterances.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gec prompt classify --dataset intents.jsonl --model qwen.gguf
  gec prompt classify --dataset intents.jsonl --template intents.jinja --by answer --output answers.jsonl

Records have a field `label`. A template says `output = \"class\"` and `classes = [\"yes\", \"no\"]`, or
`classes = \"from-data\"`. Each utterance is asked about twice, with its list and with its 1-best
alone: accuracy, F1 and what the list gains are printed. Answers are stored: interrupted, the same
command goes on where it was.")]
pub struct ClassifyArgs {
    /// A file of N-best lists with labels, or a known corpus
    #[arg(long, short, value_name = "SPEC")]
    pub dataset: String,
    /// Split of a known corpus [default: test]
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,
    /// Only the first N utterances
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// What decides [default: probability, or answer where the model gives no probabilities]
    #[arg(long, value_enum, value_name = "HOW")]
    pub by: Option<DecisionArg>,
    /// Write what became of each utterance as JSONL
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Format of the result
    #[arg(long, value_enum, default_value_t)]
    pub format: ComparisonFormat,
    /// The prompt.
    #[command(flatten)]
    pub prompt: PromptArgs,
    /// Seed of random examples
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// The language model.
    #[command(flatten)]
    pub model: ModelArgs,
    /// The recogniser, for corpora of recordings.
    #[command(flatten)]
    pub asr: AsrArgs,
}

/// How a class is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum DecisionArg {
    /// The class that the model would most probably write
    Probability,
    /// The same by the mean over its tokens, for classes of very unequal length
    Mean,
    /// What the model writes, where that is a class or begins with one
    Answer,
}

/// Runs a sweep.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gec prompt sweep sweep.toml
  gec prompt sweep sweep.toml --model qwen.gguf --format md

sweep.toml:
  dataset = \"sample\"
  limit = 300                      # a stratified sample of so many utterances
  [budget]                         # drops bad arms early
  first = 50
  [grid]                           # every combination
  method = [\"generate\", \"uadf\", \"cascade\"]
  beta = [0.5, -1]
  [[arm]]                          # and single ones
  name = \"short\"
  method = \"generate\"
  max_hypotheses = 2

Options of arms are those of `gec run`. Every arm is a stored run: interrupted, the same command
goes on where it was, and `gec compare` takes the runs apart.")]
pub struct SweepArgs {
    /// The file that says what to compare
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Seeds for arms that depend on one, in place of the file's `repeat`
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20))]
    pub repeat: Option<u32>,
    /// Seconds, in place of the file's; bad arms are then dropped early
    #[arg(long, value_name = "S", value_parser = super::positive)]
    pub max_seconds: Option<f64>,
    /// Format of the result
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    pub format: TableFormat,
    /// How to score.
    #[command(flatten)]
    pub rule: RuleArgs,
    /// The language model of arms that name none.
    #[command(flatten)]
    pub model: ModelArgs,
    /// The recogniser, for corpora of recordings.
    #[command(flatten)]
    pub asr: AsrArgs,
}

/// Searches for a better template.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gec prompt evolve zero-shot few-shot --dataset hp:atis --model qwen.gguf --output best.jinja
  gec prompt evolve --dataset sample --limit 100 --generations 5 --output best.jinja

A genetic algorithm: templates are divided into instruction sentences, examples, the presentation of
the list and the form of the answer, which are mixed, reworded, dropped and added, and kept where
they make fewer errors on the development split. The best is looked at once on the test split.
Interrupted, the same command goes on where it was.")]
pub struct EvolveArgs {
    /// Templates to begin with: names or files [default: what fits the model]
    #[arg(value_name = "TEMPLATE")]
    pub templates: Vec<String>,
    /// The corpus
    #[arg(long, short, default_value = "sample", value_name = "SPEC")]
    pub dataset: String,
    /// The split that templates are chosen on [default: train]
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,
    /// The split that the best one is reported on, once [default: test]
    #[arg(long, value_name = "NAME")]
    pub test_split: Option<String>,
    /// The corpus of the test split [default: the same]
    #[arg(long, value_name = "SPEC")]
    pub test_dataset: Option<String>,
    /// Development utterances: a stratified sample of so many
    #[arg(long, default_value_t = 200, value_name = "N")]
    pub limit: usize,
    /// Test utterances: a stratified sample of so many [default: all]
    #[arg(long, value_name = "N")]
    pub test_limit: Option<usize>,
    /// The method that asks the model
    #[arg(long, short, default_value = "generate", value_name = "NAME")]
    pub method: String,
    /// Where the best template is written
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// Templates in each generation
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=200))]
    pub population: u32,
    /// Generations at most
    #[arg(long, default_value_t = 10, value_name = "N")]
    pub generations: usize,
    /// Generations without gain after which it ends
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub patience: u32,
    /// Corrections of one utterance with one template, at most
    #[arg(long, value_name = "N")]
    pub max_evaluations: Option<u64>,
    /// Seconds, at most
    #[arg(long, value_name = "S", value_parser = super::positive)]
    pub max_seconds: Option<f64>,
    /// Numbers of examples to try; they are taken from the development split
    #[arg(long, value_delimiter = ',', default_value = "0,2,5", value_name = "N,N")]
    pub examples: Vec<usize>,
    /// Numbers of hypotheses to show
    #[arg(long, value_delimiter = ',', default_value = "3,5,10", value_name = "N,N")]
    pub hypotheses: Vec<usize>,
    /// Have the model reword instructions (it should be an instruction-tuned one)
    #[arg(long)]
    pub reword: bool,
    /// Seed of the search
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub search_seed: u64,
    /// Format of the result
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
    /// How to score.
    #[command(flatten)]
    pub rule: RuleArgs,
    /// The language model.
    #[command(flatten)]
    pub model: ModelArgs,
    /// The methods' settings.
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// The recogniser, for corpora of recordings.
    #[command(flatten)]
    pub asr: AsrArgs,
}
