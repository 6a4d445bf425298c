//! NeMo's beams: a table `TEXT<TAB>SCORE` without a header, the beams of one utterance after
//! those of the other, the same number for each; the manifest beside it names them.
//!
//! A manifest is JSONL: `{"audio_filepath": "a.wav", "duration": 1.5, "text": "..."}`, `text`
//! being the reference; `offset` and `duration` are seconds.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::ids::Ids;
use super::records::Records;
use super::source::{Input, Line, Lines, Source};
use super::{CorpusError, Span, Utterance, folder};

/// One utterance of a manifest.
#[derive(Debug, Deserialize)]
struct Entry {
    audio_filepath: String,
    text: Option<String>,
    duration: Option<f64>,
    #[serde(default)]
    offset: f64,
}

/// The manifest of a table: in its folder, with the table's stem or alone.
pub(super) fn manifest(table: &Path) -> Result<PathBuf, CorpusError> {
    let folder = match table.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let is_manifest = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("json" | "jsonl"))
            && entries(path).is_ok_and(|all| !all.is_empty())
    };
    let mut found: Vec<PathBuf> =
        folder::entries(folder)?.into_iter().filter(is_manifest).collect();
    let same_stem = found.iter().position(|path| path.file_stem() == table.file_stem());
    match (same_stem, found.len()) {
        (Some(index), _) => Ok(found.swap_remove(index)),
        (None, 1) => Ok(found.swap_remove(0)),
        (None, count) => {
            Err(CorpusError::NoManifest { path: table.display().to_string(), found: count })
        }
    }
}

fn entries(manifest: &Path) -> Result<Vec<Entry>, CorpusError> {
    let source = Source::File(manifest.to_path_buf());
    let mut lines = Lines::new(source.reader()?, source.name());
    let mut entries = Vec::new();
    while let Some(bytes) = lines.next_bytes()? {
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let entry = serde_json::from_slice::<Entry>(bytes);
        entries.push(entry.map_err(|error| {
            let error = lines.error(error.column() as u64, super::record::message(&error));
            error.into_companion()
        })?);
    }
    Ok(entries)
}

pub(super) struct Reader {
    lines: Lines,
    entries: std::vec::IntoIter<Entry>,
    beams: u64,
    ids: Ids,
}

impl Reader {
    pub(super) fn new(path: &Path, input: Input) -> Result<Self, CorpusError> {
        let name = path.display().to_string();
        let manifest = manifest(path)?;
        let entries = entries(&manifest)?;
        let mut counted = Lines::new(Source::File(path.to_path_buf()).reader()?, name.clone());
        while counted.next_bytes()?.is_some() {}
        let (beams, utterances) = (counted.number(), entries.len() as u64);
        if beams % utterances.max(1) != 0 {
            let manifest = manifest.display().to_string();
            return Err(CorpusError::Uneven { path: name, beams, utterances, manifest });
        }
        Ok(Self {
            lines: Lines::new(input, name),
            entries: entries.into_iter(),
            beams: beams / utterances.max(1),
            ids: Ids::default(),
        })
    }
}

impl Records for Reader {
    fn read(&mut self) -> Result<Option<Utterance>, CorpusError> {
        let Some(entry) = self.entries.next() else { return Ok(None) };
        self.ids.next_record();
        let (mut list, mut fault) = (Vec::new(), None);
        // To the last beam in any case: the next utterance begins behind it.
        for _ in 0..self.beams {
            match self.lines.next_line()? {
                None => break,
                Some(Line::Text(line)) => match beam(&line) {
                    Some((text, score)) => list.push((text.to_owned(), score, None)),
                    None => {
                        let message = "expected a text, a tab and a number";
                        fault = fault.or(Some(self.lines.error(1, message)));
                    }
                },
                Some(Line::Invalid(column)) => {
                    fault = fault.or(Some(self.lines.error(column, "not valid UTF-8")));
                }
            }
        }
        if let Some(fault) = fault {
            return Err(fault);
        }
        let stem = Path::new(&entry.audio_filepath).file_stem();
        let id = stem.map(|stem| stem.to_string_lossy().into_owned());
        let mut utterance = Utterance::from_list(self.ids.assign(id), list);
        utterance.reference = entry.text.map(|text| text.trim().to_owned());
        utterance.span = entry.duration.map(|duration| Span {
            start_ms: super::milliseconds(entry.offset),
            end_ms: super::milliseconds(entry.offset + duration),
        });
        utterance.audio = Some(entry.audio_filepath);
        Ok(Some(utterance))
    }
}

/// Text and score of one line. A score that is no number is none: `nan`, `-inf`.
fn beam(line: &str) -> Option<(&str, Option<f64>)> {
    let (text, score) = line.rsplit_once('\t')?;
    let score: f64 = score.trim().parse().ok()?;
    Some((text, Some(score).filter(|score| score.is_finite())))
}
