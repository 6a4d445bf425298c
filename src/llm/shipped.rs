//! The model that comes with the project.

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use super::LlmError;

/// `gec-micro`, a tiny corrector of air-travel requests; see `models/README.md`.
const GEC_MICRO: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/models/gec-micro.gguf"));

/// Writes the embedded model into `cache` unless it is there already, and returns its path.
/// The name carries the content's hash, so that a new version does not meet an old file.
///
/// # Errors
/// [`LlmError::Unreadable`] where the folder or the file cannot be written.
pub fn unpack(cache: &Path) -> Result<PathBuf, LlmError> {
    let hash = blake3::hash(GEC_MICRO).to_hex();
    let path = cache.join(format!("gec-micro-{}.gguf", &hash[..16]));
    let failed = |error: std::io::Error| LlmError::Unreadable {
        path: path.clone(),
        reason: error.to_string(),
    };
    let complete = fs_err::metadata(&path).is_ok_and(|file| file.len() == GEC_MICRO.len() as u64);
    if complete {
        return Ok(path);
    }
    fs_err::create_dir_all(cache).map_err(failed)?;
    // Written aside and renamed: a process that is killed, or another that unpacks at the
    // same time, never leaves half a file under the final name.
    let aside = cache.join(format!(".gec-micro-{}.part", std::process::id()));
    let mut file = fs_err::File::create(&aside).map_err(failed)?;
    file.write_all(GEC_MICRO).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    drop(file);
    fs_err::rename(&aside, &path).map_err(failed)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_copy_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = unpack(folder.path()).unwrap();
        fs_err::write(&path, b"GGUF").unwrap();
        assert_eq!(unpack(folder.path()).unwrap(), path);
        assert_eq!(fs_err::read(&path).unwrap(), GEC_MICRO);
        assert_eq!(fs_err::read_dir(folder.path()).unwrap().count(), 1);
    }
}
