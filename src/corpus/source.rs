//! Where the bytes of a corpus come from.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use super::{CorpusError, Format};

pub(super) const BUFFER_BYTES: usize = 256 * 1024;

/// A longer line is no line of text: without a bound, a binary file under a text file's
/// name would be read into memory whole.
const MAX_LINE_BYTES: usize = 64 * 1024 * 1024;

/// The bytes of a corpus: a file, a folder of files, or data built into the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file on disk.
    File(PathBuf),
    /// A folder as a recogniser fills it.
    Folder(PathBuf),
    /// Data that is part of the program.
    Embedded {
        /// Its path below `datasets/`, for example `sample/test.jsonl`.
        name: &'static str,
        /// Its content.
        bytes: &'static [u8],
    },
}

pub(super) type Input = Box<dyn BufRead + Send>;

impl Source {
    /// A folder where `path` is one, else a file.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        if path.is_dir() { Self::Folder(path) } else { Self::File(path) }
    }

    /// The file's or folder's path, or the embedded file's name.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Folder(path) => path,
            Self::Embedded { name, .. } => Path::new(name),
        }
    }

    /// How messages call it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(path) | Self::Folder(path) => path.display().to_string(),
            Self::Embedded { name, .. } => format!("embedded:{name}"),
        }
    }

    pub(super) fn reader(&self) -> Result<Input, CorpusError> {
        Ok(match self {
            // Opening a folder works on some systems; reading it then fails.
            Self::File(path) | Self::Folder(path) => {
                let file = fs_err::File::open(path)
                    .map_err(|source| CorpusError::Io { path: self.name(), source })?;
                Box::new(BufReader::with_capacity(BUFFER_BYTES, file))
            }
            Self::Embedded { bytes, .. } => Box::new(*bytes),
        })
    }
}

impl Source {
    /// The format as name and content tell it.
    pub(super) fn detect(&self) -> Result<Option<Format>, CorpusError> {
        if let Self::Folder(path) = self {
            return Format::detect_folder(path);
        }
        let mut reader = self.reader()?;
        first_bytes(&mut reader, &self.name()).map(|first| Format::detect(self.path(), first))
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.name())
    }
}

/// The first buffer of a reader, without consuming it.
pub(super) fn first_bytes<'a>(reader: &'a mut Input, name: &str) -> Result<&'a [u8], CorpusError> {
    reader.fill_buf().map_err(|source| CorpusError::Io { path: name.to_owned(), source })
}

/// Skips a UTF-8 byte-order mark.
pub(super) fn skip_byte_order_mark(reader: &mut Input, name: &str) -> Result<(), CorpusError> {
    if first_bytes(reader, name)?.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    Ok(())
}

/// One line of a text file.
pub(super) enum Line {
    /// The text without its line end.
    Text(String),
    /// The line is not UTF-8 from this column on.
    Invalid(u64),
}

/// Lines of a reader, counted from 1.
pub(super) struct Lines {
    input: Input,
    name: String,
    number: u64,
    /// Where the next line begins.
    offset: u64,
    bytes: Vec<u8>,
}

impl Lines {
    pub(super) fn new(input: Input, name: String) -> Self {
        Self { input, name, number: 0, offset: 0, bytes: Vec::new() }
    }

    /// Number of the line last read.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The next line, or `None` at the end. Reuses one buffer.
    pub(super) fn next_bytes(&mut self) -> Result<Option<&[u8]>, CorpusError> {
        self.bytes.clear();
        let read = (&mut self.input)
            .take(MAX_LINE_BYTES as u64 + 1)
            .read_until(b'\n', &mut self.bytes)
            .map_err(|source| CorpusError::Io { path: self.name.clone(), source })?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        if read > MAX_LINE_BYTES {
            return Err(CorpusError::Syntax {
                path: self.name.clone(),
                line: self.number,
                column: 1,
                byte: self.offset,
                message: format!("the line is longer than {} MiB", MAX_LINE_BYTES >> 20),
            });
        }
        self.offset += read as u64;
        let line = self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes);
        Ok(Some(line.strip_suffix(b"\r").unwrap_or(line)))
    }

    /// The next line as text.
    pub(super) fn next_line(&mut self) -> Result<Option<Line>, CorpusError> {
        Ok(self.next_bytes()?.map(|bytes| match std::str::from_utf8(bytes) {
            Ok(text) => Line::Text(text.to_owned()),
            Err(error) => Line::Invalid(error.valid_up_to() as u64 + 1),
        }))
    }

    /// An error about the line last read.
    pub(super) fn error(&self, column: u64, message: impl Into<Cow<'static, str>>) -> CorpusError {
        CorpusError::Record {
            path: self.name.clone(),
            line: self.number,
            column,
            message: message.into().into_owned(),
        }
    }
}
