//! What can go wrong with the recogniser's process.

use std::{path::PathBuf, time::Duration};

use acoustic_protocol::ProtocolError;

/// An error of the recogniser.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecogniserError {
    /// The program is nowhere to be found.
    #[error("`gec-whisper` is not {}", searched.join(", not "))]
    Missing {
        /// Where it was looked for.
        searched: Vec<String>,
    },
    /// The program cannot be started.
    #[error("cannot start `{}`", path.display())]
    Start {
        /// The program.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The program is another one, or of another version.
    #[error("`{}` does not fit this gec", path.display())]
    Handshake {
        /// The program.
        path: PathBuf,
        /// The cause.
        #[source]
        source: ProtocolError,
    },
    /// The model cannot be used.
    #[error("cannot use recogniser model `{}`: {message}", path.display())]
    Model {
        /// The model.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The process ended, or stopped making sense, while it was working.
    #[error("gec-whisper ended while it was working ({how}){}", said(last_words))]
    Crashed {
        /// How it ended.
        how: String,
        /// The last it wrote to stderr.
        last_words: String,
    },
    /// The process did not answer in time and was ended.
    #[error("gec-whisper did not answer within {} s and was ended", limit.as_secs_f32())]
    TimedOut {
        /// The limit.
        limit: Duration,
    },
    /// The process refused a request.
    #[error("gec-whisper refused: {message}")]
    Refused {
        /// What it says.
        message: String,
    },
    /// A file of ours could not be read or written.
    #[error("cannot use `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
}

impl RecogniserError {
    /// Whether every recording would meet it.
    #[must_use]
    pub fn is_setup(&self) -> bool {
        !matches!(self, Self::Crashed { .. } | Self::TimedOut { .. } | Self::Refused { .. })
    }

    /// What to do about it, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Missing { .. } => {
                "`cargo install` puts it beside `gec` unless the feature `asr` is left out; \
                 GEC_WHISPER names it anywhere else"
            }
            Self::Handshake { .. } => {
                "install `gec` and `gec-whisper` of one version; GEC_WHISPER chooses another one"
            }
            Self::Model { .. } | Self::File { .. } => {
                "`--asr-model` takes a Whisper model in whisper.cpp's format (`ggml-*.bin`); \
                 without it the shipped gec-micro-asr is used"
            }
            Self::TimedOut { .. } => "`--asr-timeout` sets the limit for one window of audio",
            Self::Start { .. } | Self::Crashed { .. } | Self::Refused { .. } => {
                return None;
            }
        };
        Some(hint.to_owned())
    }
}

fn said(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}
