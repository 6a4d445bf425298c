//! The recogniser that comes with the project.

use std::path::{Path, PathBuf};

use super::RecogniserError;

/// `gec-micro-asr`, a tiny recogniser of synthetic voices; see `models/README.md`.
const GEC_MICRO_ASR: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/models/gec-micro-asr.bin"));

/// Writes the embedded model into `cache` unless it is there already, and returns its path.
///
/// # Errors
/// [`RecogniserError::File`] where the folder or the file cannot be written.
pub fn unpack(cache: &Path) -> Result<PathBuf, RecogniserError> {
    crate::shipped::unpack(cache, "gec-micro-asr", "bin", GEC_MICRO_ASR)
        .map_err(|(path, source)| RecogniserError::File { path, source })
}
