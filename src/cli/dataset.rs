//! `gec dataset`: what was typed.

use clap::{Args, Subcommand, ValueEnum};

/// List, describe, check and fetch known corpora.
///
/// Data is looked for in --data-dir, in the folders of GEC_DATA_DIR, in `gec` in the XDG
/// data folder, in ./datasets, and in the hub cache.
#[derive(Debug, Clone, Args)]
pub struct DatasetArgs {
    /// What to do.
    #[command(subcommand)]
    pub verb: DatasetVerb,
}

/// The verbs of `gec dataset`.
#[derive(Debug, Clone, Subcommand)]
pub enum DatasetVerb {
    /// List all datasets, their subsets, and what of them is there.
    #[command(after_help = "Example:\n  gec dataset list --format json")]
    List(ListArgs),
    /// Describe a dataset: what it is, its licence, its files and how to get them.
    #[command(after_help = "Example:\n  gec dataset show hp")]
    Show(ShowArgs),
    /// Check the checksums and counts of a dataset's files; exits 1 if one is wrong.
    #[command(after_help = "Example:\n  gec dataset verify hp --data-dir ~/corpora")]
    Verify(VerifyArgs),
    /// Fetch a dataset's files from a hub into the hub cache, and check them.
    ///
    /// HF_HOME (or HF_HUB_CACHE) says where the cache is, HF_ENDPOINT which hub, HF_TOKEN
    /// the access token; HF_HUB_OFFLINE=1 forbids fetching.
    #[command(
        after_help = "Examples:\n  gec dataset pull hp\n  gec dataset pull hp:atis,wsj --split test"
    )]
    Pull(PullArgs),
}

/// Arguments of `gec dataset list`.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub format: DatasetFormat,
}

/// Arguments of `gec dataset show`.
#[derive(Debug, Clone, Args)]
pub struct ShowArgs {
    /// The dataset.
    pub name: String,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub format: DatasetFormat,
}

/// Arguments of `gec dataset verify`.
#[derive(Debug, Clone, Args)]
pub struct VerifyArgs {
    /// The dataset, or some of its subsets: `hp`, `hp:atis,wsj`.
    pub name: String,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub format: DatasetFormat,
}

/// Arguments of `gec dataset pull`.
#[derive(Debug, Clone, Args)]
pub struct PullArgs {
    /// The dataset, or some of its subsets: `hp`, `hp:atis,wsj`.
    pub name: String,
    /// Fetch this split only.
    #[arg(long)]
    pub split: Option<String>,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum DatasetFormat {
    /// For reading.
    #[default]
    Text,
    /// For programs.
    Json,
}
