//! What can be wrong with inputs and manifests.

use std::io;
use std::path::PathBuf;

/// An error about one input or one line of a manifest. What follows can be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The manifest, file or folder cannot be read.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// No file fits the pattern, or no audio file is in the folder.
    #[error("no audio files in `{}`", path.display())]
    Nothing {
        /// The pattern or folder.
        path: PathBuf,
    },
    /// The pattern is not one.
    #[error("`{}` is not a pattern: {message}", path.display())]
    Pattern {
        /// The pattern.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// One line of a manifest cannot be used. Lines count from 1.
    #[error("{}:{line}: {message}", path.display())]
    Line {
        /// The manifest.
        path: PathBuf,
        /// The line.
        line: u64,
        /// What is wrong with it.
        message: String,
    },
}

impl InputError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => "check the path",
            Self::Nothing { .. } => {
                "name audio files one by one if their names have other extensions, or name the \
                 manifest itself (.jsonl, .tsv, .csv, wav.scp)"
            }
            Self::Line { message, .. } if message.contains("command") => {
                "run the command once for each line and put the path of its output in its place"
            }
            Self::Line { message, .. } if message.contains("JSON array") => {
                "write one object a line, for example with `jq -c '.[]'`"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }
}
