//! Bare files, folders and globs.

use std::path::{Component, Path, PathBuf};

use super::fields::without_extension;
use super::{AudioItem, Found, InputError};

/// Extensions taken for audio in folders and globs.
const EXTENSIONS: &[&str] = &[
    "wav", "wave", "flac", "mp3", "mp2", "mp1", "mpga", "ogg", "oga", "opus", "m4a", "m4b", "mp4",
    "aac", "alac", "caf", "aif", "aiff", "aifc", "mkv", "mka", "webm",
];

type Items = Box<dyn Iterator<Item = Found> + Send>;

/// One file, whatever its extension.
///
/// # Errors
///
/// If it is not there.
pub(super) fn file(path: &Path) -> Result<Items, InputError> {
    // Told here and not only on opening, so that a misspelt name is told at once.
    fs_err::metadata(path).map_err(|source| InputError::Io {
        path: path.to_owned(),
        source: std::io::Error::from(source.kind()),
    })?;
    let base = path.parent().unwrap_or(Path::new(""));
    Ok(Box::new(std::iter::once(Ok(item(base, path.to_owned())))))
}

/// The audio files in a folder and below, by path. Links are followed, hidden files and
/// folders left out.
///
/// # Errors
///
/// If there are none and nothing else went wrong.
pub(super) fn folder(folder: &Path) -> Result<Items, InputError> {
    let base = folder.to_owned();
    let mut found = walkdir::WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| {
            entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
        })
        .filter_map(move |entry| match entry {
            Ok(entry) if entry.file_type().is_file() && is_audio(entry.path()) => {
                Some(Ok(item(&base, entry.into_path())))
            }
            Ok(_) => None,
            Err(error) => Some(Err(InputError::Io {
                path: error.path().unwrap_or(&base).to_owned(),
                source: error.into(),
            })),
        })
        .peekable();
    if found.peek().is_none() {
        return Err(InputError::Nothing { path: folder.to_owned() });
    }
    Ok(Box::new(found))
}

/// Whether a name may be a pattern.
pub(super) fn is_glob(name: &Path) -> bool {
    name.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte))
}

/// The audio files that fit a pattern, by path; `**` stands for any folders.
///
/// # Errors
///
/// If the pattern is malformed, or no audio file fits.
pub(super) fn glob(pattern: &Path) -> Result<Items, InputError> {
    let owned = pattern.to_owned();
    let malformed = |message: String| InputError::Pattern { path: pattern.to_owned(), message };
    let text = pattern.to_str().ok_or_else(|| malformed("not valid UTF-8".to_owned()))?;
    let matches = glob::glob(text).map_err(|error| malformed(error.msg.to_owned()))?;
    // Ids are relative to the part of the pattern that is a plain path.
    let plain: PathBuf =
        pattern.components().take_while(|part| !is_glob(part.as_os_str().as_ref())).collect();
    let mut found = matches
        .filter_map(move |entry| match entry {
            Ok(path) if path.is_file() && is_audio(&path) => Some(Ok(item(&plain, path))),
            Ok(_) => None,
            Err(error) => {
                Some(Err(InputError::Io { path: error.path().to_owned(), source: error.into() }))
            }
        })
        .peekable();
    if found.peek().is_none() {
        return Err(InputError::Nothing { path: owned });
    }
    Ok(Box::new(found))
}

fn is_audio(path: &Path) -> bool {
    path.extension().and_then(|extension| extension.to_str()).is_some_and(|extension| {
        EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension))
    })
}

fn item(base: &Path, path: PathBuf) -> AudioItem {
    let relative = path.strip_prefix(base).unwrap_or(&path);
    let relative: PathBuf =
        relative.components().filter(|part| !matches!(part, Component::CurDir)).collect();
    AudioItem {
        id: without_extension(&relative),
        path,
        reference: None,
        label: None,
        group: None,
        language: None,
        range_ms: None,
    }
}
