//! The language model that comes with the project.

use std::path::{Path, PathBuf};

use super::LlmError;

/// `gec-micro`, a tiny corrector of air-travel requests; see `models/README.md`.
const GEC_MICRO: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/models/gec-micro.gguf"));

/// Writes the embedded model into `cache` unless it is there already, and returns its path.
///
/// # Errors
/// [`LlmError::Unreadable`] where the folder or the file cannot be written.
pub fn unpack(cache: &Path) -> Result<PathBuf, LlmError> {
    crate::shipped::unpack(cache, "gec-micro", "gguf", GEC_MICRO)
        .map_err(|(path, error)| LlmError::Unreadable { path, reason: error.to_string() })
}
