//! `gec transcribe`.

use std::path::PathBuf;

use clap::Args;

use super::TableFormat;

/// Turns recordings into N-best lists, with what the recogniser believed at each step.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:
  gec transcribe interviews/ --asr-model ggml-base.en.bin
  gec transcribe --name calls 'calls/*.mp3' --channel 1 --asr-model ggml-small.bin --language de
  gec transcribe test.tsv --name cv --nbest 10 --beam 8 --asr-model ggml-base.bin
  gec run --dataset cv --model qwen.gguf
  gec export cv --format srt --output subtitles/

Without --asr-model the shipped gec-micro-asr listens; it knows air-travel requests, digits
and letters of synthetic voices and is there for trying things out.

What was recognised is stored as it comes: an interrupted command goes on where it stopped
when it is given again.")]
pub struct TranscribeArgs {
    /// Audio files, folders, globs, or manifests (JSONL, Kaldi folder, TSV or CSV)
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<String>,
    /// Name of the corpus, for `gec run --dataset` [default: that of the first path]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// What was said, by id: Kaldi text, sclite trn, or JSONL with `id` and `text`
    #[arg(long, value_name = "FILE")]
    pub references: Option<PathBuf>,
    /// The recogniser.
    #[command(flatten)]
    pub asr: AsrArgs,
    /// Try recordings again that failed before
    #[arg(long)]
    pub retry_errors: bool,
    /// Format of the result
    #[arg(long, value_enum, default_value_t = TableFormat::Table)]
    pub format: TableFormat,
}

/// The recogniser and how it searches.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Recogniser (for recordings)")]
pub struct AsrArgs {
    /// A Whisper model in whisper.cpp's format [default: the shipped gec-micro-asr]
    #[arg(long, env = "GEC_ASR_MODEL", value_name = "FILE")]
    pub asr_model: Option<PathBuf>,
    /// Recogniser processes [default: one, or one a core for a tiny model]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub asr_workers: Option<u32>,
    /// Threads of each [default: the cores shared out]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub asr_threads: Option<u32>,
    /// Let the recogniser use a GPU (in a build that has one)
    #[arg(long)]
    pub asr_gpu: bool,
    /// Seconds a window of audio may take
    #[arg(long, default_value_t = 300, value_name = "S", value_parser = clap::value_parser!(u32).range(1..))]
    pub asr_timeout: u32,
    /// A Silero voice activity model in whisper.cpp's format [default: loudness tells pauses]
    #[arg(long, value_name = "FILE")]
    pub voice_model: Option<PathBuf>,
    /// Width of the beam
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=8))]
    pub beam: u32,
    /// Hypotheses of an utterance, distinct after normalisation
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub nbest: u32,
    /// Normaliser that tells which hypotheses are the same: none, basic, whisper-en or hp
    #[arg(long, default_value = "basic", value_name = "NAME")]
    pub distinct: String,
    /// Next-token log-probabilities stored for every prefix
    #[arg(long, default_value_t = 32, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub top_k: u32,
    /// Do not store what the recogniser believed at each step
    #[arg(long)]
    pub no_posteriors: bool,
    /// Language that is spoken, as a code [default: the manifest's, else detected; a model of
    /// one language hears everything in that]
    #[arg(long, value_name = "CODE")]
    pub language: Option<String>,
    /// Text that stood before: names, style
    #[arg(long, value_name = "TEXT")]
    pub initial_prompt: Option<String>,
    /// Tokens that match this regular expression are never written
    #[arg(long, value_name = "REGEX")]
    pub suppress: Option<String>,
    /// Never write brackets, notes and other symbols that are seldom spoken
    #[arg(long)]
    pub suppress_non_speech: bool,
    /// Above 0: draw hypotheses at this temperature instead of searching for the best
    #[arg(long, default_value_t = 0.0, value_name = "X")]
    pub asr_temperature: f32,
    /// Tokens of a window at most [default: the model's limit]
    #[arg(long, value_name = "N")]
    pub max_tokens: Option<u32>,
    /// Windows that are silence with more than this probability hold no text, if their
    /// tokens also average below --min-heard
    #[arg(long, default_value_t = 0.6, value_name = "P")]
    pub max_no_speech: f32,
    /// See --max-no-speech (nats per token)
    #[arg(long, default_value_t = -1.0, value_name = "X", allow_hyphen_values = true)]
    pub min_heard: f64,
    /// Channel: `mix`, or a number from 0
    #[arg(long, default_value = "mix", value_name = "WHICH")]
    pub channel: String,
    /// What becomes an utterance: the recording where it has a reference and else each
    /// window (auto), the recording, or each window
    #[arg(long, default_value = "auto", value_name = "WHAT", value_parser = ["auto", "recording", "window"])]
    pub utterances: String,
    /// Longest window in seconds [default: the model's]
    #[arg(long, value_name = "S", value_parser = clap::value_parser!(u32).range(1..=30))]
    pub max_window: Option<u32>,
}
