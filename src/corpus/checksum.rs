//! Telling by its content whether a corpus is the one that is known.

use std::fmt::Write as _;
use std::io::Read as _;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::source::{BUFFER_BYTES, Source};
use super::{CorpusError, Format, espnet, kaldi, nemo, whisper};

/// The SHA-256 of a corpus as 64 lower-case hexadecimal digits, read in pieces.
///
/// Where a corpus is several files, it covers all that are read, in their order: of each the
/// name below the folder, its length as 8 bytes, the lowest first, and its content.
///
/// # Errors
/// When the source cannot be opened or read, or is not of the format.
pub fn checksum(source: &Source, format: Option<Format>) -> Result<String, CorpusError> {
    let mut hash = Sha256::new();
    match files(source, format)? {
        None => add(source, &mut hash)?,
        Some(files) => {
            let parent = if matches!(source, Source::Folder(_)) {
                Some(source.path())
            } else {
                source.path().parent()
            };
            for file in files {
                let name = parent.and_then(|parent| file.strip_prefix(parent).ok());
                let name = name.unwrap_or(&file).to_string_lossy().into_owned();
                let bytes = fs_err::metadata(&file).map_or(0, |metadata| metadata.len());
                hash.update(name.as_bytes());
                hash.update(bytes.to_le_bytes());
                add(&Source::File(file), &mut hash)?;
            }
        }
    }
    Ok(hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

fn add(source: &Source, hash: &mut Sha256) -> Result<(), CorpusError> {
    let mut reader = source.reader()?;
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let read = reader
            .read(&mut buffer)
            .map_err(|error| CorpusError::Io { path: source.name(), source: error })?;
        match buffer.get(..read) {
            None | Some([]) => return Ok(()),
            Some(bytes) => hash.update(bytes),
        }
    }
}

/// The files of a corpus that is more than one; `None` for one that is a single file.
fn files(source: &Source, format: Option<Format>) -> Result<Option<Vec<PathBuf>>, CorpusError> {
    let format = match format {
        Some(format) => Some(format),
        None => source.detect()?,
    };
    match (source, format) {
        (Source::Folder(path), Some(format)) => folder_files(path, format).map(Some),
        (Source::Folder(_), None) => Err(CorpusError::UnknownFolder { path: source.name() }),
        (Source::File(path), Some(Format::NemoBeams)) => {
            Ok(Some(vec![path.clone(), nemo::manifest(path)?]))
        }
        _ => Ok(None),
    }
}

/// The files of a folder in this format; an error where it is not of this kind.
pub(super) fn folder_files(
    path: &std::path::Path,
    format: Format,
) -> Result<Vec<PathBuf>, CorpusError> {
    let shown = || path.display().to_string();
    let files = match format {
        Format::EspnetNbest => espnet::files(path)?,
        Format::KaldiNbest => kaldi::files(path)?,
        Format::WhisperJson => whisper::files(path, true)?,
        _ => return Err(CorpusError::NotAFile { path: shown(), format }),
    };
    if files.is_empty() {
        return Err(CorpusError::NotThatFolder { path: shown(), format });
    }
    Ok(files)
}
