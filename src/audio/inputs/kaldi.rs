//! Kaldi data folders: `wav.scp`, and beside it `segments`, `text` and `utt2spk`.

use std::collections::{HashMap, hash_map::Entry};
use std::path::{Path, PathBuf};

use super::lines::Lines;
use super::{AudioItem, Found, InputError, fields};

type Items = Box<dyn Iterator<Item = Found> + Send>;
type Table = HashMap<String, String>;

/// # Errors
///
/// If `wav.scp` or a file beside it that is there cannot be opened.
pub(super) fn read(scp: &Path) -> Result<Items, InputError> {
    let folder = scp.parent().unwrap_or(Path::new("")).to_owned();
    let mut faults = Vec::new();
    let texts = table(&folder.join("text"), &mut faults)?;
    let speakers = table(&folder.join("utt2spk"), &mut faults)?;
    let segments = folder.join("segments");
    let has_segments = segments.is_file();
    let mut lines = Lines::open(if has_segments { &segments } else { scp })?;
    let mut recordings = HashMap::new();
    if has_segments {
        let mut scp = Lines::open(scp)?;
        while let Some(line) = scp.next() {
            match line.map(|line| recording(&folder, line)) {
                Ok(Ok((id, path))) => drop(recordings.insert(id, path)),
                Ok(Err(message)) => faults.push(scp.error(message)),
                Err(error) => faults.push(error),
            }
        }
    }
    let items = std::iter::from_fn(move || {
        let item = match lines.next()? {
            Err(error) => return Some(Err(error)),
            Ok(line) if has_segments => segment(&recordings, line),
            Ok(line) => recording(&folder, line).map(|(id, path)| (id, path, None)),
        };
        let item = item.map(|(id, path, range_ms)| AudioItem {
            reference: texts.get(&id).cloned(),
            label: None,
            group: speakers.get(&id).cloned(),
            language: None,
            id,
            path,
            range_ms,
        });
        Some(item.map_err(|message| lines.error(message)))
    });
    Ok(Box::new(faults.into_iter().map(Err).chain(items)))
}

/// A file with a key and a value in each line; none is an empty one. Of a repeated key the
/// first value counts.
fn table(path: &Path, faults: &mut Vec<InputError>) -> Result<Table, InputError> {
    let mut table = Table::new();
    if !path.is_file() {
        return Ok(table);
    }
    let mut lines = Lines::open(path)?;
    while let Some(line) = lines.next() {
        let (key, value) = match line.map(split) {
            Ok((key, value)) => (key.to_owned(), value.to_owned()),
            Err(error) => {
                faults.push(error);
                continue;
            }
        };
        match table.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(value);
            }
            Entry::Occupied(entry) => {
                let key = entry.key();
                faults.push(lines.error(format!("`{key}` is there twice, the first counts")));
            }
        }
    }
    Ok(table)
}

/// A line of `wav.scp`.
fn recording(folder: &Path, line: &str) -> Result<(String, PathBuf), String> {
    let (id, path) = split(line);
    if path.is_empty() {
        return Err(format!("no path after `{id}`"));
    }
    if path.ends_with('|') || path.starts_with('|') {
        return Err(format!("`{id}` is the output of a command, which is never run"));
    }
    let in_archive = path.rsplit_once(':').is_some_and(|(file, offset)| {
        file.ends_with(".ark") && offset.bytes().all(|byte| byte.is_ascii_digit())
    });
    if in_archive || path == "-" {
        return Err(format!("`{id}` is not in a file of its own: `{path}`"));
    }
    Ok((id.to_owned(), fields::locate(folder, path)?))
}

type Part = (String, PathBuf, Option<(i64, Option<i64>)>);

/// A line of `segments`: utterance, recording, start, end; an end of -1 is that of the file.
fn segment(recordings: &HashMap<String, PathBuf>, line: &str) -> Result<Part, String> {
    let columns: Vec<&str> = line.split_ascii_whitespace().collect();
    let &[id, recording, start, end] = columns.as_slice() else {
        return Err(format!(
            "{} columns, expected 4: utterance, recording, start and end in seconds",
            columns.len()
        ));
    };
    let path = recordings
        .get(recording)
        .ok_or_else(|| format!("recording `{recording}` cannot be used or is not in `wav.scp`"))?;
    let start = fields::seconds("start", start)?;
    let end = match end.parse::<f64>() {
        Ok(-1.0) => None,
        _ => Some(fields::seconds("end", end)?),
    };
    Ok((id.to_owned(), path.clone(), fields::range(Some(start), end, None)?))
}

/// The first word of a line, and the rest.
fn split(line: &str) -> (&str, &str) {
    let line = line.trim();
    line.split_once(|byte: char| byte.is_ascii_whitespace())
        .map_or((line, ""), |(key, value)| (key, value.trim_start()))
}
