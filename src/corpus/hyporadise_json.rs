//! A JSON array of records, the form HyPoradise is published in.

use serde::de::IgnoredAny;

use super::ids::Ids;
use super::json_array::{Elements, Position, ScanError};
use super::record::{self, Record};
use super::source::Input;
use super::{CorpusError, Utterance};

pub(super) struct Reader {
    elements: Elements<Input>,
    name: String,
    ids: Ids,
}

impl Reader {
    pub(super) fn new(input: Input, name: String) -> Self {
        Self { elements: Elements::new(input), name, ids: Ids::default() }
    }

    fn syntax(&self, at: Position, message: String) -> CorpusError {
        let Position { line, column, byte } = at;
        CorpusError::Syntax { path: self.name.clone(), line, column, byte, message }
    }

    fn record(&self, at: Position, message: String) -> CorpusError {
        let Position { line, column, .. } = at;
        CorpusError::Record { path: self.name.clone(), line, column, message }
    }

    fn scan_error(&self, error: ScanError) -> CorpusError {
        match error {
            ScanError::Io(source) => CorpusError::Io { path: self.name.clone(), source },
            ScanError::Syntax { at, message } => self.syntax(at, message),
            ScanError::Unclosed { element, at } => {
                let bytes = self.elements.bytes(element);
                // A parser knows better where it went wrong, unless the text just ends.
                match serde_json::from_slice::<IgnoredAny>(bytes) {
                    Err(error) if !error.is_eof() => self.syntax(
                        at.within(bytes, error.line(), error.column()),
                        record::message(&error),
                    ),
                    _ => self.syntax(at, "the record begun here is never closed".to_owned()),
                }
            }
        }
    }

    fn read(&self, bytes: &[u8], at: Position) -> Result<Record, CorpusError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let valid = bytes.get(..error.valid_up_to()).unwrap_or(bytes);
            let lines = valid.iter().filter(|byte| **byte == b'\n').count();
            let column =
                valid.len() - valid.iter().rposition(|byte| *byte == b'\n').map_or(0, |i| i + 1);
            self.record(at.within(bytes, lines + 1, column + 1), "not valid UTF-8".to_owned())
        })?;
        serde_json::from_str::<Record>(text).map_err(|error| {
            // A record of the wrong shape is one bad record; text that is not JSON at all
            // means that the record's end cannot be trusted either.
            match serde_json::from_str::<IgnoredAny>(text) {
                Ok(_) => self.record(
                    at.within(bytes, error.line(), error.column()),
                    record::message(&error),
                ),
                Err(error) => self.syntax(
                    at.within(bytes, error.line(), error.column()),
                    record::message(&error),
                ),
            }
        })
    }
}

impl Iterator for Reader {
    type Item = Result<Utterance, CorpusError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (element, at) = match self.elements.next_element() {
            Ok(Some(found)) => found,
            Ok(None) => return None,
            Err(error) => return Some(Err(self.scan_error(error))),
        };
        self.ids.next_record();
        let item = match self.read(self.elements.bytes(element), at) {
            Ok(record) => {
                record.into_utterance(&mut self.ids).map_err(|message| self.record(at, message))
            }
            Err(error) => Err(error),
        };
        if item.as_ref().is_err_and(CorpusError::is_fatal) {
            self.elements.stop();
        }
        Some(item)
    }
}
