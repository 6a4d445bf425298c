//! What can go wrong when writing.

use std::io;

use thiserror::Error;

use super::Format;

/// An error while writing a corpus or corrections.
#[derive(Debug, Error)]
pub enum ExportError {
    /// The output cannot be written.
    #[error("cannot write the output")]
    Io(#[from] io::Error),
    /// An utterance cannot be told as JSON.
    #[error("cannot write utterance `{id}` as JSON")]
    Json {
        /// The utterance.
        id: String,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// The format needs times, and it is not known when this was said.
    #[error("it is not known when utterance `{id}` was said, which `{format}` needs")]
    NoTimes {
        /// The utterance.
        id: String,
        /// The format.
        format: Format,
    },
    /// Subtitles are those of one recording.
    #[error("`{second}` is another recording than `{first}`, and `{format}` holds one")]
    AnotherRecording {
        /// The recording begun with.
        first: String,
        /// The recording met in its place.
        second: String,
        /// The format.
        format: Format,
    },
}

impl ExportError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoTimes { .. } => {
                "import lists with times (`whisper-json`, or JSONL with `start_ms` and `end_ms`), \
                 or export `txt` or `trn`, which need none"
            }
            Self::AnotherRecording { .. } => {
                "name a folder, `--output subtitles/`, to get one file for each recording"
            }
            Self::Io(_) | Self::Json { .. } => return None,
        };
        Some(hint.to_owned())
    }
}
