//! One JSON record a line. Blank lines are skipped.

use super::ids::Ids;
use super::record::{self, Record};
use super::records::Records;
use super::source::{Input, Lines};
use super::{CorpusError, Utterance};

pub(super) struct Reader {
    lines: Lines,
    ids: Ids,
}

impl Reader {
    pub(super) fn new(input: Input, name: String) -> Self {
        Self { lines: Lines::new(input, name), ids: Ids::default() }
    }
}

impl Records for Reader {
    fn read(&mut self) -> Result<Option<Utterance>, CorpusError> {
        let fault = loop {
            let bytes = match self.lines.next_bytes()? {
                None => return Ok(None),
                Some(bytes) if bytes.trim_ascii().is_empty() => continue,
                Some(bytes) => bytes,
            };
            self.ids.next_record();
            let text = match std::str::from_utf8(bytes) {
                Ok(text) => text,
                Err(error) => {
                    break (error.valid_up_to() as u64 + 1, "not valid UTF-8".to_owned());
                }
            };
            match serde_json::from_str::<Record>(text) {
                Ok(record) => match record.into_utterance(&mut self.ids) {
                    Ok(utterance) => return Ok(Some(utterance)),
                    Err(message) => break (1, message),
                },
                Err(error) => break (error.column() as u64, record::message(&error)),
            }
        };
        Err(self.lines.error(fault.0, fault.1))
    }
}
