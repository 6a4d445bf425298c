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
    /// The folder is not of a kind that is known.
    #[error("`{path}` is a folder, and none that a recogniser is known to write")]
    UnknownFolder {
        /// The folder.
        path: String,
    },
    /// The format is not that of a folder.
    #[error("`{path}` is a folder; format `{format}` is that of one file")]
    NotAFile {
        /// The folder.
        path: String,
        /// The format that was asked for.
        format: super::Format,
    },
    /// The format is that of a folder, and this is none, or none of that kind.
    #[error("`{path}` is no folder of format `{format}`")]
    NotThatFolder {
        /// The file or folder.
        path: String,
        /// The format that was asked for.
        format: super::Format,
    },
    /// A table of beams has no manifest, or more than one.
    #[error("beside `{path}` there are {found} manifests that may belong to it; expected one")]
    NoManifest {
        /// The table.
        path: String,
        /// How many manifests are in its folder.
        found: usize,
    },
    /// A table of beams does not fit its manifest.
    #[error(
        "`{path}` has {beams} lines, which cannot be the same number for each of the \
         {utterances} utterances of `{manifest}`"
    )]
    Uneven {
        /// The table.
        path: String,
        /// Its lines.
        beams: u64,
        /// Utterances of the manifest.
        utterances: u64,
        /// The manifest.
        manifest: String,
    },
    /// A line of a file that all records need: scores, references, a manifest.
    #[error("{path}:{line}:{column}: {message}")]
    Companion {
        /// The file.
        path: String,
        /// The line.
        line: u64,
        /// Column of the fault.
        column: u64,
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

    /// The same about a file that all records need.
    pub(super) fn into_companion(self) -> Self {
        match self {
            Self::Record { path, line, column, message } => {
                Self::Companion { path, line, column, message }
            }
            other => other,
        }
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
            Self::UnknownFolder { .. } | Self::NotThatFolder { .. } => Some(
                "docs/formats.md shows what the folders of Kaldi, ESPnet and Whisper look like"
                    .to_owned(),
            ),
            Self::NotAFile { .. } => Some("name its files instead of the folder".to_owned()),
            Self::NoManifest { .. } => Some(
                "put the manifest that was decoded beside the table, with the same name and the \
                 extension .json"
                    .to_owned(),
            ),
            Self::Uneven { .. } => Some(
                "decode with as many beams for each utterance, or use another format".to_owned(),
            ),
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
