//! What can be wrong with a transcript file or with an edit of it.

use thiserror::Error;

use super::DocumentFormat;

/// An error while reading a transcript or changing it. Lines and columns count from 1;
/// columns and bytes count bytes. The file's name is known to the caller only.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// The name of a format is none that is known.
    #[error("no transcript format is called `{name}`")]
    UnknownFormat {
        /// The name.
        name: String,
    },
    /// The text is not UTF-8.
    #[error("line {line}: not valid UTF-8 (byte {byte})")]
    Encoding {
        /// Line of the first byte that does not belong.
        line: usize,
        /// Its offset from the start of the file.
        byte: usize,
    },
    /// The file begins with the mark of UTF-16 or UTF-32.
    #[error("the file is UTF-16 or UTF-32")]
    Wide,
    /// The file breaks the rules of its format, so nothing in it can be trusted.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// Line of the fault.
        line: usize,
        /// Column of the fault.
        column: usize,
        /// What was expected.
        message: String,
    },
    /// No record or column has the text.
    #[error("there is no {format} field `{wanted}`; found: {found}")]
    NoColumn {
        /// The file's format.
        format: DocumentFormat,
        /// The names that were looked for.
        wanted: String,
        /// The names that are there.
        found: String,
    },
    /// An edit names a segment or words that are not there, or overlaps another one.
    #[error("segment {segment}: {message}")]
    Edit {
        /// The segment's number, from 0.
        segment: usize,
        /// What is wrong.
        message: String,
    },
    /// The file with the edits made would have other segments or times.
    #[error("the edits would change more than words from segment {segment} on")]
    Damage {
        /// The number of the first segment that would differ, from 0.
        segment: usize,
    },
}

impl DocumentError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownFormat { .. } => {
                Some(format!("known are {}", DocumentFormat::names().join(", ")))
            }
            Self::Encoding { .. } => Some(
                "convert it, for instance `iconv -f WINDOWS-1252 -t UTF-8 old.srt > new.srt`"
                    .to_owned(),
            ),
            Self::Wide => {
                Some("convert it: `iconv -f UTF-16 -t UTF-8 old.srt > new.srt`".to_owned())
            }
            Self::NoColumn { .. } => Some("name the field that holds the text".to_owned()),
            Self::Syntax { message, .. } if message.contains("EOF") => {
                Some("the file looks truncated; fetch or write it again".to_owned())
            }
            Self::Damage { .. } => Some("leave out the edits of that segment".to_owned()),
            Self::Syntax { .. } | Self::Edit { .. } => None,
        }
    }
}
