//! Recordings that are part of the program, as files.

use std::path::{Path, PathBuf};

use super::{DatasetError, manifest::embedded_files};

/// Writes all embedded files of a dataset below `cache`, unless they are there already, and
/// returns the path of `file` among them. `file` is a path below `datasets/`, as
/// [`Source::Embedded`](crate::corpus::Source) has it; all files that begin with its first
/// folder are written. The folder's name carries a hash of their content.
///
/// # Errors
/// When the folder or a file cannot be written.
pub fn unpack(file: &str, cache: &Path) -> Result<PathBuf, DatasetError> {
    let (dataset, rest) = file.split_once('/').unwrap_or((file, ""));
    let files: Vec<(&str, &[u8])> = embedded_files()
        .filter_map(|(path, bytes)| Some((path.strip_prefix(dataset)?.strip_prefix('/')?, bytes)))
        .collect();
    let mut hasher = blake3::Hasher::new();
    for (path, bytes) in &files {
        hasher.update(path.as_bytes()).update(blake3::hash(bytes).as_bytes());
    }
    let folder = cache.join(format!("{dataset}-{}", &hasher.finalize().to_hex()[..16]));
    if folder.is_dir() {
        return Ok(folder.join(rest));
    }
    // Written aside and renamed: what lies under the final name is whole.
    let aside = cache.join(format!(".{dataset}-{}.part", std::process::id()));
    for (path, bytes) in files {
        let path = aside.join(path);
        if let Some(parent) = path.parent() {
            fs_err::create_dir_all(parent)?;
        }
        fs_err::write(path, bytes)?;
    }
    match fs_err::rename(&aside, &folder) {
        Ok(()) => {}
        // Another process was as quick.
        Err(_) if folder.is_dir() => fs_err::remove_dir_all(&aside)?,
        Err(error) => return Err(error.into()),
    }
    Ok(folder.join(rest))
}
