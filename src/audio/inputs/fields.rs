//! From named values to an item: the same names in every kind of manifest.

use std::path::{Path, PathBuf};

use super::AudioItem;

const PATH: &[&str] = &["audio_filepath", "audio", "path", "wav", "file", "filename"];
const ID: &[&str] = &["id", "utt_id"];
const REFERENCE: &[&str] = &["text", "reference", "transcript", "sentence", "ref"];
const LABEL: &[&str] = &["label", "intent"];
const GROUP: &[&str] = &["group", "speaker", "speaker_id", "client_id", "set"];
const LANGUAGE: &[&str] = &["lang", "language", "locale"];
const START: &[&str] = &["start", "offset"];

/// Whether one of these names holds the path of the audio.
pub(super) fn names_audio<'a>(mut names: impl Iterator<Item = &'a str>) -> bool {
    names.any(|name| PATH.contains(&name))
}

/// The item of a manifest in `folder`, from a look-up of values by name.
///
/// # Errors
///
/// A message about what is missing or makes no sense.
pub(super) fn item(
    folder: &Path,
    get: impl Fn(&str) -> Option<String>,
) -> Result<AudioItem, String> {
    let first = |names: &[&str]| names.iter().find_map(|name| get(name));
    let filled = |names: &[&str]| names.iter().find_map(|name| get(name).filter(|v| !v.is_empty()));
    let path =
        filled(PATH).ok_or_else(|| format!("no audio file: expected one of {}", list(PATH)))?;
    let range_ms = range(
        filled(START).as_deref().map(|text| seconds("start", text)).transpose()?,
        get("end").as_deref().map(|text| seconds("end", text)).transpose()?,
        get("duration").as_deref().map(|text| seconds("duration", text)).transpose()?,
    )?;
    Ok(AudioItem {
        id: filled(ID).unwrap_or_else(|| without_extension(Path::new(&path))),
        path: locate(folder, &path)?,
        reference: first(REFERENCE),
        label: filled(LABEL),
        group: filled(GROUP),
        language: filled(LANGUAGE),
        range_ms,
    })
}

/// Where a path of a manifest leads. A file that is nowhere is looked for in the manifest's
/// folder: the error when it is opened then names that.
///
/// # Errors
///
/// A message where it is no path of a file.
pub(super) fn locate(folder: &Path, path: &str) -> Result<PathBuf, String> {
    if path.contains("://") {
        return Err(format!("`{path}` is not a file on this machine"));
    }
    let beside = folder.join(path);
    let places = [folder.join("clips").join(path), PathBuf::from(path)];
    if beside.exists() {
        return Ok(beside);
    }
    Ok(places.into_iter().find(|place| place.exists()).unwrap_or(beside))
}

/// The id of a path: without extension, with `/` between its parts on every system.
pub(super) fn without_extension(path: &Path) -> String {
    let stem = path.with_extension("");
    let parts: Vec<_> = stem
        .components()
        .filter_map(|part| match part {
            std::path::Component::Normal(name) => Some(name.to_string_lossy()),
            _ => None,
        })
        .collect();
    parts.join("/")
}

/// Milliseconds of a number of seconds.
///
/// # Errors
///
/// A message where it is no number, or negative, or longer than a year.
pub(super) fn seconds(name: &str, text: &str) -> Result<i64, String> {
    let value: f64 = text
        .trim()
        .parse()
        .map_err(|_| format!("`{name}` is not a number of seconds: `{text}`"))?;
    if !(0.0..=31_536_000.0).contains(&value) {
        return Err(format!("`{name}` is not a time in seconds: `{text}`"));
    }
    Ok((value * 1000.0).round() as i64)
}

/// # Errors
///
/// A message where nothing lies between start and end.
pub(super) fn range(
    start: Option<i64>,
    end: Option<i64>,
    duration: Option<i64>,
) -> Result<Option<(i64, Option<i64>)>, String> {
    let (start, end) = match (start, end, duration) {
        (None, None, _) => return Ok(None),
        (start, Some(end), _) => (start.unwrap_or(0), Some(end)),
        (Some(start), None, duration) => (start, duration.map(|duration| start + duration)),
    };
    if end.is_some_and(|end| end <= start) {
        return Err(format!("the range ends at {} ms and starts at {start} ms", end.unwrap_or(0)));
    }
    Ok(Some((start, end)))
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
