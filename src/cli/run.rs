//! `gec run`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{
    ScoringArgs, backend::BackendArgs, not_negative, positive, transcribe::AsrArgs,
    tune::TuningArgs,
};
use crate::{
    fusion::Form,
    prompt::{ExampleChoice, PromptError},
};

/// Corrects a corpus and scores the result.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Methods:
  1best, mbr, rover, rewrite, variants, lm-rank, select, generate, closest, constrained, static-fusion,
  uadf, cloze, cascade

Examples:
  gec run --dataset sample
  gec run --dataset hp:atis,wsj --method 1best,cascade
  gec run --dataset lists.jsonl --model qwen.gguf --template few-shot --examples 4
  gec run --dataset hp --method select --model qwen.gguf --limit 200 --format csv
  gec run --dataset hp:atis --method 1best,generate,cascade --profile atis --baseline generate

An interrupted run goes on where it stopped when the same command is given again.")]
pub struct RunArgs {
    /// `sample`, `hp`, `hp:atis,wsj`, or a file or folder of N-best lists
    #[arg(long, short, value_name = "SPEC")]
    pub dataset: String,
    /// Split of a known corpus [default: test]
    #[arg(long, value_name = "NAME")]
    pub split: Option<String>,
    /// Only the first N utterances (of those that pass the filter)
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Only utterances that match, e.g. `id=i0*` or `reference~boston|denver`
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// Methods, separated by commas
    #[arg(long, short, default_value = "cascade", value_delimiter = ',', value_name = "NAME")]
    pub method: Vec<String>,
    /// Settings, rewrite table and rules that `gec tune` has learned: a name or a file. What is
    /// typed beside it counts before it
    #[arg(long, value_name = "NAME|FILE")]
    pub profile: Option<String>,
    /// Use the profile also on the corpus that it was learned from; every table then says so
    #[arg(long, requires = "profile")]
    pub on_tuning_data: bool,
    /// Tune on the corpus itself in K parts: each is corrected by what was learned from the others
    #[arg(long, value_name = "K", conflicts_with = "profile", value_parser = clap::value_parser!(u32).range(2..=20))]
    pub cross_tune: Option<u32>,
    /// Forget what is stored of this run and start again
    #[arg(long)]
    pub fresh: bool,
    /// Try utterances again that failed before
    #[arg(long)]
    pub retry_errors: bool,
    /// A name for the run in `gec runs list`
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,
    /// How to tune, for `--cross-tune`.
    #[command(flatten)]
    pub tuning: TuningArgs,
    /// The language model.
    #[command(flatten)]
    pub model: ModelArgs,
    /// The prompt.
    #[command(flatten)]
    pub prompt: PromptArgs,
    /// The methods' settings.
    #[command(flatten)]
    pub settings: SettingsArgs,
    /// How to score.
    #[command(flatten)]
    pub scoring: ScoringArgs,
    /// The recogniser, for corpora of recordings.
    #[command(flatten)]
    pub asr: AsrArgs,
}

/// The language model and its engine.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Language model")]
pub struct ModelArgs {
    /// A GGUF file [default: the shipped gec-micro], or with --url the name of a server's model
    #[arg(long, env = "GEC_MODEL", value_name = "FILE|NAME")]
    pub model: Option<PathBuf>,
    /// A LoRA adapter in GGUF format
    #[arg(long, value_name = "FILE")]
    pub lora: Option<PathBuf>,
    /// Layers to put on a GPU
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub gpu_layers: u32,
    /// Threads [default: all cores; 1 for a tiny model]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Utterances decoded together
    #[arg(long, default_value_t = 16, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub parallel: u32,
    /// Tokens of a prompt and its answer [default: what the model was trained on, at most 2048]
    #[arg(long, value_name = "N")]
    pub context: Option<usize>,
    /// Tokens decoded in one call
    #[arg(long, default_value_t = 512, value_name = "N")]
    pub batch: usize,
    /// Decode common beginnings of prompts every time
    #[arg(long)]
    pub no_prefix_sharing: bool,
    /// When to guess how a text goes on from what was heard, and decode the guess with it; this
    /// changes no text
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub drafts: DraftsArg,
    /// A server in place of this machine.
    #[command(flatten)]
    pub backend: BackendArgs,
}

/// When guesses are decoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum DraftsArg {
    /// Where guessing saves more time than it takes
    #[default]
    Auto,
    /// At every step
    Always,
    /// Token by token
    Never,
}

/// The prompt and its examples.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Prompt")]
pub struct PromptArgs {
    /// Template: a built-in name or a file [default: what fits model and method]
    #[arg(long, value_name = "NAME|FILE")]
    pub template: Option<String>,
    /// What it shows.
    #[command(flatten)]
    pub shown: ShownArgs,
}

/// What a template is given to show.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Prompt")]
pub struct ShownArgs {
    /// Examples shown in the prompt [default: what the template says]
    #[arg(long, value_name = "N")]
    pub examples: Option<usize>,
    /// How examples are chosen: random (the same for all), nearest (in their texts), errors (in
    /// the words that hypotheses disagree about), vectors (in their meaning; needs --embeddings),
    /// diverse; see docs/prompts.md
    #[arg(long, default_value = "random", value_name = "HOW", value_parser = example_choice)]
    pub example_selection: ExampleChoice,
    /// Where examples are taken from: N-best lists with references (with labels, to classify)
    /// [default: the corpus's training split]
    #[arg(long, value_name = "FILE")]
    pub examples_from: Option<PathBuf>,
    /// Embedding model (GGUF) for `--example-selection vectors`: examples whose 1-best means
    /// the same
    #[arg(long, value_name = "FILE")]
    pub embeddings: Option<PathBuf>,
    /// Hypotheses shown in the prompt [default: what the template says]
    #[arg(long, value_name = "N")]
    pub max_hypotheses: Option<usize>,
}

/// Settings of the methods.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Method settings")]
pub struct SettingsArgs {
    /// Sampling temperature; 0 decodes greedily
    #[arg(long, value_name = "X", value_parser = not_negative)]
    pub temperature: Option<f64>,
    /// Nucleus of sampling
    #[arg(long, value_name = "P")]
    pub top_p: Option<f64>,
    /// Seed of sampling and of random examples
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
    /// uadf, static-fusion, cloze: temperature of the language model
    #[arg(long, value_name = "X", value_parser = positive)]
    pub tau_llm: Option<f64>,
    /// uadf, cloze: subtracted from sigmoid(uncertainty) [default: 0.5; -1 with recorded beliefs]
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub beta: Option<f64>,
    /// static-fusion: the recogniser's weight
    #[arg(long, value_name = "X", value_parser = not_negative)]
    pub static_weight: Option<f64>,
    /// uadf, static-fusion: what is added up [default: probability]
    #[arg(long, value_name = "WHAT", value_parser = Form::NAMES)]
    pub fusion_form: Option<String>,
    /// uadf, static-fusion: least probability of what was not heard, for log-probability
    #[arg(long, value_name = "P", value_parser = positive)]
    pub asr_floor: Option<f64>,
    /// uadf, static-fusion: the recogniser falls silent after a word that it did not hear
    #[arg(long)]
    pub no_reentry: bool,
    /// uadf, static-fusion: temperature of the recogniser's recorded beliefs
    #[arg(long, value_name = "X", value_parser = positive)]
    pub tau_asr: Option<f64>,
    /// uadf, static-fusion: how much the recogniser's probability counts that its search left
    /// behind, above 0 and at most 1
    #[arg(long, value_name = "X", value_parser = positive)]
    pub unfinished: Option<f64>,
    /// uadf, static-fusion: the bare list counts, also where beliefs were recorded
    #[arg(long)]
    pub list_only: bool,
    /// Temperature of the list's scores
    #[arg(long, value_name = "X", value_parser = positive)]
    pub score_temperature: Option<f64>,
    /// Temperature of scores that are sums of their token scores, as of `gec transcribe`
    #[arg(long, value_name = "X", value_parser = positive)]
    pub sum_temperature: Option<f64>,
    /// Nats that each rank costs in lists without scores
    #[arg(long, value_name = "X", value_parser = not_negative)]
    pub rank_cost: Option<f64>,
    /// Repeats in a list are evidence (sampled lists), not padding
    #[arg(long)]
    pub count_repeats: bool,
    /// lm-rank: weight of the list's posterior
    #[arg(long, value_name = "X")]
    pub list_weight: Option<f64>,
    /// rover: how much the weight of no word counts beside that of words
    #[arg(long, value_name = "X", value_parser = not_negative)]
    pub null_share: Option<f64>,
    /// cascade: the method between gate and guard
    #[arg(long, value_name = "NAME")]
    pub inner: Option<String>,
    /// cascade: skip lists with fewer distinct hypotheses (2: skip when all agree)
    #[arg(long, value_name = "N")]
    pub min_distinct: Option<usize>,
    /// cascade: skip lists whose posterior has less entropy (nats)
    #[arg(long, value_name = "X")]
    pub min_entropy: Option<f64>,
    /// cascade: skip lists whose best hypothesis leads by more
    #[arg(long, value_name = "X")]
    pub max_margin: Option<f64>,
    /// cascade: abstain where all hypotheses take more tokens a word [default: what the model
    /// says of itself]; `inf` for never
    #[arg(long, value_name = "X")]
    pub max_tokens_per_word: Option<f64>,
    /// cascade: abstain where the model gives the 1-best less per token (nats); `-inf` for never
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub min_logprob: Option<f64>,
    /// cascade: refuse corrections that change a larger share of words
    #[arg(long, value_name = "X")]
    pub max_change: Option<f64>,
    /// cascade: refuse corrections that gain less over the 1-best (nats); `-inf` for never
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    pub min_gain: Option<f64>,
    /// cascade: refuse corrections that repeat words more often in a row
    #[arg(long, value_name = "N")]
    pub max_repeats: Option<usize>,
}

/// How examples are chosen.
fn example_choice(text: &str) -> Result<ExampleChoice, String> {
    let told = |error: PromptError| match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    };
    text.parse().map_err(told)
}
