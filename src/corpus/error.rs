//! What can be wrong with a corpus file.

use std::io;

use thiserror::Error;

/// An error while reading a corpus. Lines and columns count from 1, columns and bytes
/// count bytes.
#[derive(Debug, Error)]
pub enum CorpusError {
    /// The file cannot be opened or read.
    #[error("cannot read `{path}`")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Neither the name nor the first bytes tell the format.
    #[error("`{path}` is not in a format that can be told from its name or its first bytes")]
    UnknownFormat {
        /// The file.
        path: String,
    },
    /// The file breaks the rules of its format, so nothing after this place can be read.
    #[error("{path}:{line}:{column}: {message} (byte {byte})")]
    Syntax {
        /// The file.
        path: String,
        /// Line of the fault.
        line: u64,
        /// Column of the fault.
        column: u64,
        /// Offset of the fault from the start of the file.
        byte: u64,
        /// What was expected.
        message: String,
    },
    /// One record cannot be used; the next one can be read.
    #[error("{path}:{line}:{column}: {message}")]
    Record {
        /// The file.
        path: String,
        /// Line of the fault, or of the record's start.
        line: u64,
        /// Column of the fault, or of the record's start.
        column: u64,
        /// What was expected.
        message: String,
    },
}

impl CorpusError {
    /// Whether reading ends here. Otherwise the error is about one record only.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        !matches!(self, Self::Record { .. })
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                Some("check the path; a known corpus is named without `/` and `.`".to_owned())
            }
            Self::UnknownFormat { .. } => Some(format!(
                "name the format ({}), or use the extension .json, .jsonl, .csv or .list",
                super::Format::NAMES.join(", ")
            )),
            Self::Syntax { message, .. } if message.contains("expected `[`") => {
                Some("a file with one JSON object a line has the format `jsonl`".to_owned())
            }
            Self::Syntax { message, .. }
                if ["ends inside", "never closed"].iter().any(|end| message.contains(end)) =>
            {
                Some("the file looks truncated; fetch or write it again".to_owned())
            }
            _ => None,
        }
    }
}
