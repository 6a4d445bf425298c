//! What can be wrong with a glossary.

use std::path::PathBuf;

/// An error in a glossary file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GlossaryError {
    /// It cannot be read.
    #[error("glossary `{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// It is not UTF-8.
    #[error("glossary `{}`, line {line}: not UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Line from 1.
        line: usize,
    },
    /// A line is none of the format's.
    #[error("glossary `{}`, line {line}: {message}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Line from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
}

impl GlossaryError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io { .. } => None,
            Self::NotUtf8 { .. } => Some("save the file as UTF-8".into()),
            Self::Line { .. } => Some(
                "one term a line, and behind ` = ` how it is misheard: \
                 `Kubernetes = cooper netties, kuber net is`"
                    .into(),
            ),
        }
    }
}
