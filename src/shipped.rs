//! What comes inside the program and must lie in a file before a library can open it.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// Writes `bytes` into `cache` as `STEM-HASH.EXTENSION` unless it is there already, and
/// returns the path. The hash of the content is part of the name, so that a new version
/// does not meet an old file.
///
/// # Errors
/// Where the folder or the file cannot be written; the path is where it should be.
pub(crate) fn unpack(
    cache: &Path,
    stem: &str,
    extension: &str,
    bytes: &[u8],
) -> Result<PathBuf, (PathBuf, std::io::Error)> {
    let hash = blake3::hash(bytes).to_hex();
    let path = cache.join(format!("{stem}-{}.{extension}", &hash[..16]));
    match write(cache, stem, &path, bytes) {
        Ok(()) => Ok(path),
        Err(error) => Err((path, error)),
    }
}

fn write(cache: &Path, stem: &str, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if fs_err::metadata(path).is_ok_and(|file| file.len() == bytes.len() as u64) {
        return Ok(());
    }
    fs_err::create_dir_all(cache)?;
    // Written aside and renamed: a process that is killed, or another that unpacks at the
    // same time, never leaves half a file under the final name.
    let aside = cache.join(format!(".{stem}-{}.part", std::process::id()));
    let mut file = fs_err::File::create(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs_err::rename(&aside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_copy_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = unpack(folder.path(), "model", "bin", b"content").unwrap();
        fs_err::write(&path, b"cont").unwrap();
        assert_eq!(unpack(folder.path(), "model", "bin", b"content").unwrap(), path);
        assert_eq!(fs_err::read(&path).unwrap(), b"content");
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
    }
}
