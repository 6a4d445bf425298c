//! From what was named to what is to be heard: files, folders, globs and manifests.
//!
//! | named | read as |
//! |---|---|
//! | a folder with `wav.scp`, or `*.scp` | Kaldi data: `wav.scp`, and beside it `segments`, `text`, `utt2spk` |
//! | another folder | the audio files in it and below, sorted by path |
//! | `*.jsonl`, `*.ndjson`, `*.json`, `*.manifest` | one JSON object a line, as NeMo and others write |
//! | `*.tsv`, `*.csv` | a table with a header, as Common Voice ships |
//! | a name with `*`, `?` or `[` that is no file | a glob, sorted |
//! | anything else | an audio file |
//!
//! Fields of JSON objects and columns of tables, the first that is there:
//!
//! - audio: `audio_filepath`, `audio`, `path`, `wav`, `file`, `filename`
//! - id: `id`, `utt_id`; else the path without its extension
//! - reference: `text`, `reference`, `transcript`, `sentence`, `ref`
//! - label: `label`, `intent`
//! - group: `group`, `speaker`, `speaker_id`, `client_id`, `set`
//! - language: `lang`, `language`, `locale`
//! - range in seconds: `start` or `offset`, with `end` or `duration`; a `duration` alone tells
//!   the length of the file and is no range
//!
//! Paths in a manifest are relative to its folder, to `clips/` there, or else to the working
//! folder.

mod error;
mod fields;
mod files;
mod jsonl;
mod kaldi;
mod lines;
mod table;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use error::InputError;

use crate::corpus::ids::Ids;

/// One thing to be heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioItem {
    /// Unique among all inputs; a repeat has `#2`, `#3` and so on at its end.
    pub id: String,
    /// The audio file. Whether it is there is found out when it is opened.
    pub path: PathBuf,
    /// What was said, where that is known. Empty where nothing was said.
    pub reference: Option<String>,
    /// The class it belongs to, where that is known.
    pub label: Option<String>,
    /// Speaker, session or set, where that is known.
    pub group: Option<String>,
    /// Language tag as written, where that is known.
    pub language: Option<String>,
    /// The part of the file to hear, from and up to milliseconds from its start; without an
    /// end up to the end of the file. Absent: all of it.
    pub range_ms: Option<(i64, Option<i64>)>,
}

/// An item whose id is not yet unique.
type Found = Result<AudioItem, InputError>;

/// The items of several inputs, in the order they were named. Manifests are read as the
/// items are asked for. An error is about one line, file or input; what follows can be read.
/// No inputs give no items.
pub struct Inputs {
    names: std::vec::IntoIter<PathBuf>,
    current: Box<dyn Iterator<Item = Found> + Send>,
    ids: Ids,
}

/// Reads what `names` name.
///
/// ```no_run
/// for item in gec::audio::inputs::open(["calls/".into(), "test.jsonl".into()]) {
///     match item {
///         Ok(item) => assert!(!item.id.is_empty()),
///         Err(error) => assert!(!error.to_string().is_empty()),
///     }
/// }
/// ```
pub fn open(names: impl IntoIterator<Item = PathBuf>) -> Inputs {
    let names: Vec<PathBuf> = names.into_iter().collect();
    Inputs { names: names.into_iter(), current: Box::new(std::iter::empty()), ids: Ids::default() }
}

fn open_one(name: &Path) -> Box<dyn Iterator<Item = Found> + Send> {
    let extension = name.extension().and_then(|extension| extension.to_str()).unwrap_or("");
    let opened: Result<Box<dyn Iterator<Item = Found> + Send>, InputError> = if name.is_dir() {
        if name.join("wav.scp").is_file() {
            kaldi::read(&name.join("wav.scp"))
        } else {
            files::folder(name)
        }
    } else if !name.exists() && files::is_glob(name) {
        files::glob(name)
    } else {
        match extension.to_ascii_lowercase().as_str() {
            "jsonl" | "ndjson" | "json" | "manifest" => jsonl::read(name),
            "tsv" => table::read(name, b'\t'),
            "csv" => table::read(name, b','),
            "scp" => kaldi::read(name),
            _ => files::file(name),
        }
    };
    opened.unwrap_or_else(|error| Box::new(std::iter::once(Err(error))))
}

impl Iterator for Inputs {
    type Item = Result<AudioItem, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(found) = self.current.next() {
                self.ids.next_record();
                return Some(found.map(|mut item| {
                    item.id = self.ids.assign(Some(std::mem::take(&mut item.id)));
                    item
                }));
            }
            self.current = open_one(&self.names.next()?);
        }
    }
}

impl std::fmt::Debug for Inputs {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Inputs").field("names", &self.names).finish_non_exhaustive()
    }
}
