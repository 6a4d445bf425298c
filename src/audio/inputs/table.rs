//! Tables with a header, as Common Voice ships them.

use std::collections::HashMap;
use std::path::Path;

use super::{Found, InputError, fields};

/// # Errors
///
/// If the table cannot be opened, or none of its columns names audio.
pub(super) fn read(
    path: &Path,
    delimiter: u8,
) -> Result<Box<dyn Iterator<Item = Found> + Send>, InputError> {
    let file = fs_err::File::open(path).map_err(|source| InputError::Io {
        path: path.to_owned(),
        source: std::io::Error::from(source.kind()),
    })?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        // Sentences in these files have quotes that mean themselves.
        .quoting(delimiter != b'\t')
        .flexible(true)
        .has_headers(true)
        .from_reader(file);
    let path = path.to_owned();
    let header = reader.headers().map_err(|error| failure(&path, error))?.clone();
    let columns: HashMap<String, usize> = header
        .iter()
        .enumerate()
        .map(|(index, name)| {
            (name.trim().trim_start_matches('\u{feff}').to_ascii_lowercase(), index)
        })
        .collect();
    if header.is_empty() {
        return Ok(Box::new(std::iter::empty()));
    }
    if !fields::names_audio(columns.keys().map(String::as_str)) {
        let message = "the header has no column `path` with the audio files".to_owned();
        return Err(InputError::Line { path, line: 1, message });
    }
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let width = header.len();
    let mut ended = false;
    Ok(Box::new(std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let mut record = csv::StringRecord::new();
        match reader.read_record(&mut record) {
            Ok(false) => return None,
            Ok(true) => {}
            Err(error) => {
                ended = matches!(error.kind(), csv::ErrorKind::Io(_));
                return Some(Err(failure(&path, error)));
            }
        }
        let line = record.position().map_or(0, csv::Position::line);
        let item = if record.len() > width {
            // A stray delimiter shifts the columns: the reference would be another's.
            Err(format!("{} columns, the header has {width}", record.len()))
        } else {
            fields::item(&folder, |name| record.get(*columns.get(name)?).map(str::to_owned))
        };
        Some(item.map_err(|message| InputError::Line { path: path.clone(), line, message }))
    })))
}

fn failure(path: &Path, error: csv::Error) -> InputError {
    let path = path.to_owned();
    let line = error.position().map_or(0, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(source) => InputError::Io { path, source },
        csv::ErrorKind::Utf8 { .. } => {
            InputError::Line { path, line, message: "not valid UTF-8".to_owned() }
        }
        other => InputError::Line { path, line, message: format!("{other:?}") },
    }
}
