//! A manifest line by line, with the line's number in each error.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::InputError;

/// A longer line is no line of a manifest: an audio file by mistake, most likely.
const MAX_LINE: u64 = 4 * 1024 * 1024;

pub(super) struct Lines {
    path: PathBuf,
    input: BufReader<fs_err::File>,
    line: u64,
    ended: bool,
    buffer: Vec<u8>,
}

impl Lines {
    /// # Errors
    ///
    /// If the file cannot be opened.
    pub(super) fn open(path: &Path) -> Result<Self, InputError> {
        let file = fs_err::File::open(path).map_err(|source| InputError::Io {
            path: path.to_owned(),
            source: io::Error::from(source.kind()),
        })?;
        let input = BufReader::new(file);
        Ok(Self { path: path.to_owned(), input, line: 0, ended: false, buffer: Vec::new() })
    }

    /// The next line that is not blank, without its end and without a byte-order mark.
    pub(super) fn next(&mut self) -> Option<Result<&str, InputError>> {
        loop {
            if self.ended {
                return None;
            }
            self.buffer.clear();
            match (&mut self.input).take(MAX_LINE).read_until(b'\n', &mut self.buffer) {
                Ok(0) => {
                    self.ended = true;
                    return None;
                }
                Ok(_) => self.line += 1,
                Err(source) => {
                    self.ended = true;
                    return Some(Err(InputError::Io { path: self.path.clone(), source }));
                }
            }
            if self.buffer.len() as u64 == MAX_LINE {
                self.ended = true;
                return Some(Err(self.error("the line is too long: this is no manifest".into())));
            }
            if self.line == 1 && self.buffer.starts_with(b"\xef\xbb\xbf") {
                self.buffer.drain(..3);
            }
            if !self.buffer.trim_ascii().is_empty() {
                break;
            }
        }
        Some(match std::str::from_utf8(&self.buffer) {
            Ok(text) => Ok(text.trim_end_matches(['\r', '\n'])),
            Err(_) => Err(self.error("not valid UTF-8".to_owned())),
        })
    }

    /// An error about the line read last.
    pub(super) fn error(&self, message: String) -> InputError {
        InputError::Line { path: self.path.clone(), line: self.line, message }
    }
}
