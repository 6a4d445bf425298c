//! The elements of a JSON array, one at a time: only the element being read is in memory.
//!
//! This finds where elements begin and end (brackets outside strings); what is inside
//! an element is left to the JSON parser.

use std::io::{self, Read};
use std::ops::Range;

const CHUNK_BYTES: usize = 256 * 1024;

/// An element larger than this is taken for an unclosed string or bracket: without a
/// bound, one missing quote would pull the rest of the file into memory.
const MAX_ELEMENT_BYTES: usize = 64 * 1024 * 1024;

/// A place in the file: line and column from 1, byte from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: u64,
    pub(super) column: u64,
    pub(super) byte: u64,
}

impl Position {
    /// The place `bytes` further on.
    fn after(self, bytes: &[u8]) -> Self {
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        let column = match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => (bytes.len() - last) as u64,
            None => self.column + bytes.len() as u64,
        };
        Self { line: self.line + lines, column, byte: self.byte + bytes.len() as u64 }
    }

    /// The place that a parser of `bytes`, which begin here, calls `line` and `column`
    /// (both from 1).
    pub(super) fn within(self, bytes: &[u8], line: usize, column: usize) -> Self {
        let starts = bytes
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .map(|(index, _)| index + 1);
        let start = std::iter::once(0).chain(starts).nth(line.saturating_sub(1)).unwrap_or(0);
        let index = (start + column.saturating_sub(1)).min(bytes.len());
        self.after(bytes.get(..index).unwrap_or(bytes))
    }
}

/// Why no further element can be found.
#[derive(Debug)]
pub(super) enum ScanError {
    Io(io::Error),
    Syntax {
        at: Position,
        message: String,
    },
    /// The input ended, or the size bound was met, inside the element at this range.
    Unclosed {
        element: Range<usize>,
        at: Position,
    },
}

enum State {
    Start,
    First,
    Next,
    Done,
}

/// Finds the elements of the array that `reader` holds.
pub(super) struct Elements<R> {
    reader: R,
    buffer: Vec<u8>,
    /// Start of what is not yet consumed, and its place in the file.
    start: usize,
    position: Position,
    /// Length of the element last given out, consumed by the next call.
    given: usize,
    state: State,
}

impl<R: Read> Elements<R> {
    pub(super) fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Vec::with_capacity(2 * CHUNK_BYTES),
            start: 0,
            position: Position { line: 1, column: 1, byte: 0 },
            given: 0,
            state: State::Start,
        }
    }

    /// The bytes of an element given out by the last call.
    pub(super) fn bytes(&self, element: Range<usize>) -> &[u8] {
        self.buffer.get(element).unwrap_or(&[])
    }

    /// Nothing more will be given out.
    pub(super) fn stop(&mut self) {
        self.state = State::Done;
    }

    /// Where the next element is in [`Elements::bytes`] and in the file; `None` after
    /// the last. After an error there is nothing more.
    pub(super) fn next_element(&mut self) -> Result<Option<(Range<usize>, Position)>, ScanError> {
        let result = self.advance();
        if !matches!(result, Ok(Some(_))) {
            self.stop();
        }
        result
    }

    fn advance(&mut self) -> Result<Option<(Range<usize>, Position)>, ScanError> {
        self.consume(self.given);
        self.given = 0;
        if matches!(self.state, State::Start) {
            self.expect(b'[', "expected `[`, the start of a list of records")?;
            self.state = State::First;
        } else if matches!(self.state, State::Done) {
            return Ok(None);
        }
        match (self.peek()?, &self.state) {
            (Some(b']'), _) => {
                self.consume(1);
                return match self.peek()? {
                    None => Ok(None),
                    Some(_) => Err(self.syntax("expected the end of the file after `]`")),
                };
            }
            (Some(_), State::First) => self.state = State::Next,
            (Some(b','), _) => {
                self.consume(1);
                if matches!(self.peek()?, Some(b']' | b',') | None) {
                    return Err(self.syntax("expected a record after `,`"));
                }
            }
            (Some(_), _) => return Err(self.syntax("expected `,` or `]` after a record")),
            (None, _) => return Err(self.syntax("the file ends inside the list, without `]`")),
        }
        let length = self.element_length()?;
        self.given = length;
        Ok(Some((self.start..self.start + length, self.position)))
    }

    /// Length of the element that begins at `start`.
    fn element_length(&mut self) -> Result<usize, ScanError> {
        let (mut depth, mut in_string) = (0_usize, false);
        let mut index = 0;
        loop {
            let bytes = self.buffer.get(self.start..).unwrap_or(&[]);
            while let Some(byte) = bytes.get(index) {
                if in_string {
                    let rest = bytes.get(index..).unwrap_or(&[]);
                    match rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
                        None => index = bytes.len(),
                        Some(skip) if rest.get(skip) == Some(&b'"') => {
                            index += skip + 1;
                            in_string = false;
                            if depth == 0 {
                                return Ok(index);
                            }
                        }
                        // The escaped byte may be in the next chunk; the index stays right.
                        Some(skip) => index += skip + 2,
                    }
                    continue;
                }
                match byte {
                    b'"' => in_string = true,
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' if depth == 0 => return Ok(index),
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return Ok(index + 1);
                        }
                    }
                    b',' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => return Ok(index),
                    _ => {}
                }
                index += 1;
            }
            if index > MAX_ELEMENT_BYTES || !self.fill()? {
                let element = self.start..self.buffer.len();
                return Err(ScanError::Unclosed { element, at: self.position });
            }
        }
    }

    /// The next byte that is not white space, not consumed.
    fn peek(&mut self) -> Result<Option<u8>, ScanError> {
        loop {
            let bytes = self.buffer.get(self.start..).unwrap_or(&[]);
            let blank = bytes.iter().take_while(|byte| b" \t\r\n".contains(byte)).count();
            let found = bytes.get(blank).copied();
            self.consume(blank);
            if found.is_some() || !self.fill()? {
                return Ok(found);
            }
        }
    }

    fn expect(&mut self, byte: u8, message: &str) -> Result<(), ScanError> {
        if self.peek()? == Some(byte) {
            self.consume(1);
            return Ok(());
        }
        Err(self.syntax(message))
    }

    fn syntax(&self, message: &str) -> ScanError {
        ScanError::Syntax { at: self.position, message: message.to_owned() }
    }

    fn consume(&mut self, count: usize) {
        let bytes = self.buffer.get(self.start..self.start + count).unwrap_or(&[]);
        self.position = self.position.after(bytes);
        self.start += count;
    }

    /// Reads one more chunk behind what is not consumed; false at the end of the input.
    fn fill(&mut self) -> Result<bool, ScanError> {
        self.buffer.drain(..self.start);
        self.start = 0;
        let read = (&mut self.reader)
            .take(CHUNK_BYTES as u64)
            .read_to_end(&mut self.buffer)
            .map_err(ScanError::Io)?;
        Ok(read > 0)
    }
}
