//! What can go wrong with files.

use std::io;
use std::path::PathBuf;

/// An error about one name, folder or file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// A file or folder cannot be read or written.
    #[error("`{}`: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Nothing fits a name.
    #[error("`{}`: no transcripts there", path.display())]
    Nothing {
        /// The folder or pattern.
        path: PathBuf,
    },
    /// The name is no valid pattern.
    #[error("`{}` is no file and no valid pattern: {message}", path.display())]
    Pattern {
        /// The name.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Another process writes the same file.
    #[error("`{}` is being written by another process", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// It is no longer what was corrected.
    #[error("`{}` was changed while it was being corrected; nothing was written", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// It is no longer what was written to it.
    #[error("`{}` was changed after it was corrected; it was left alone", path.display())]
    Edited {
        /// The file.
        path: PathBuf,
    },
}

impl ArchiveError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Nothing { .. } => Some(format!(
                "in folders files ending in {} are taken; name others one by one or with a \
                 pattern such as 'talks/*.txt'",
                super::files::EXTENSIONS.join(", ")
            )),
            Self::Pattern { .. } => Some("quote a `[` as `[[]`".into()),
            Self::Changed { .. } => Some("run the same command again".into()),
            Self::Edited { .. } => {
                Some("`--force` puts the original back all the same and loses those changes".into())
            }
            Self::Busy { .. } => Some("wait for it to end, and try again".into()),
            Self::Io { .. } => None,
        }
    }
}
