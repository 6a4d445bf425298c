//! `gec import`.

use std::path::PathBuf;

use clap::Args;

use crate::corpus::Format;

/// Reads N-best lists into the database.
///
/// A folder is read as a whole where Kaldi, ESPnet or Whisper has filled it; of any other
/// every corpus file is read. `gec run --dataset NAME` then finds them by name.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gec import lists.jsonl --name calls
      Then: gec run --dataset calls, or calls:lists
  gec import exp/decode_test --format espnet-nbest --references data/test/text --name librispeech
  gec import transcripts/ --name podcasts
      A folder of Whisper's JSON files, one for each recording")]
pub struct ImportArgs {
    /// Files and folders
    #[arg(required = true, value_name = "FILE|FOLDER")]
    pub paths: Vec<PathBuf>,
    /// Format: hp-json, hp-csv, jsonl, list, whisper-json, kaldi-nbest, espnet-nbest or
    /// nemo-beams [default: told from name and content]
    #[arg(long, value_name = "NAME")]
    pub format: Option<Format>,
    /// Name of the data set; each file is a subset of it, called as the file
    #[arg(long, value_name = "DATASET", default_value = "file")]
    pub name: String,
    /// What was said, joined by id: `id words`, `words (id)`, or JSONL with `id` and `text`
    #[arg(long, value_name = "FILE")]
    pub references: Option<PathBuf>,
}
