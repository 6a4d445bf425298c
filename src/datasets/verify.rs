//! Whether a dataset's files are what its manifest says.

use serde::Serialize;

use super::{DataDirs, DataFile, Expected, Manifest};
use crate::corpus::{self, CorpusError, Source};

/// What a corpus file holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Utterances that can be used.
    pub utterances: u64,
    /// Words (separated by white space) in their references.
    pub words: u64,
    /// Records that cannot be used.
    pub bad: u64,
}

/// What became of checking one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "status", content = "detail")]
pub enum Status {
    /// It is what the manifest says.
    Good,
    /// It is there and readable; the manifest does not say what it must hold.
    Unknown,
    /// It is not there.
    Absent,
    /// It differs from the manifest, in these ways.
    Differs(Vec<String>),
    /// It cannot be read.
    Unreadable(String),
}

/// One file of a dataset, as found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// The dataset.
    pub dataset: String,
    /// The subset.
    pub subset: String,
    /// The split.
    pub split: String,
    /// The file's path as in the manifest.
    pub file: String,
    /// Where it was found.
    pub found: Option<String>,
    /// What it holds, where it could be read.
    pub counts: Option<Counts>,
    /// The verdict.
    #[serde(flatten)]
    pub status: Status,
}

impl FileReport {
    /// Whether the file is there and wrong.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        matches!(self.status, Status::Differs(_) | Status::Unreadable(_))
    }
}

/// Reads a corpus through and counts.
///
/// # Errors
/// When it cannot be read to its end.
pub fn count(source: &Source) -> Result<Counts, CorpusError> {
    let mut counts = Counts::default();
    for item in corpus::open(source, None)? {
        match item {
            Ok(utterance) => {
                counts.utterances += 1;
                let reference = utterance.reference.as_deref().unwrap_or("");
                counts.words += reference.split_whitespace().count() as u64;
            }
            Err(error) if error.is_fatal() => return Err(error),
            Err(_) => counts.bad += 1,
        }
    }
    Ok(counts)
}

/// Reads a manifest of recordings, a JSONL file, through and counts.
fn count_recordings(source: &Source) -> Result<Counts, CorpusError> {
    let bytes = match source {
        Source::Embedded { bytes, .. } => bytes.to_vec(),
        source => fs_err::read(source.path()).map_err(|error| CorpusError::Io {
            path: source.path().display().to_string(),
            source: error,
        })?,
    };
    let mut counts = Counts::default();
    for line in bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        match serde_json::from_slice::<serde_json::Value>(line) {
            Ok(record) if record.is_object() => {
                counts.utterances += 1;
                let text = record.get("text").and_then(serde_json::Value::as_str).unwrap_or("");
                counts.words += text.split_whitespace().count() as u64;
            }
            _ => counts.bad += 1,
        }
    }
    Ok(counts)
}

/// Checks every file of a dataset: checksum and counts.
#[must_use]
pub fn verify(manifest: &Manifest, dirs: &DataDirs) -> Vec<FileReport> {
    let files = manifest
        .subsets
        .iter()
        .flat_map(|subset| subset.files.iter().map(move |file| (subset, file)));
    files
        .map(|(subset, file)| {
            let source = manifest.locate(file, dirs);
            let (counts, status) = match &source {
                None => (None, Status::Absent),
                Some(source) => check(file, source, manifest.audio),
            };
            FileReport {
                dataset: manifest.name.clone(),
                subset: subset.name.clone(),
                split: file.split.clone(),
                file: file.path.display().to_string(),
                found: source.map(|source| source.to_string()),
                counts,
                status,
            }
        })
        .collect()
}

fn check(file: &DataFile, source: &Source, audio: bool) -> (Option<Counts>, Status) {
    let counted = if audio { count_recordings(source) } else { count(source) };
    let read = counted
        .and_then(|counts| corpus::checksum(source, None).map(|sha256| (counts, sha256)))
        .map_err(|error| Status::Unreadable(error.to_string()));
    match (read, &file.expected) {
        (Err(status), _) => (None, status),
        (Ok((counts, _)), None) => (Some(counts), Status::Unknown),
        (Ok((counts, sha256)), Some(expected)) => {
            let differences = differences(counts, &sha256, expected);
            let status =
                if differences.is_empty() { Status::Good } else { Status::Differs(differences) };
            (Some(counts), status)
        }
    }
}

/// In which ways a file differs from what is expected; empty for none.
pub(super) fn differences(counts: Counts, sha256: &str, expected: &Expected) -> Vec<String> {
    let numbers = [
        ("utterances", counts.utterances, expected.utterances),
        ("words", counts.words, expected.words),
        ("unusable records", counts.bad, 0),
    ];
    let mut differences: Vec<String> = numbers
        .into_iter()
        .filter(|(_, found, expected)| found != expected)
        .map(|(what, found, expected)| format!("{found} {what}, expected {expected}"))
        .collect();
    if !sha256.eq_ignore_ascii_case(&expected.sha256) {
        differences.push(format!("SHA-256 {sha256}, expected {}", expected.sha256));
    }
    differences
}
