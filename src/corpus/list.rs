//! Plain text: hypotheses one a line, best first, a blank line between utterances.
//!
//! A line that begins with `id: ` or `ref: ` gives the utterance's id or reference,
//! wherever in the block it stands (`ref:` alone is an empty reference). An empty
//! hypothesis is written `<UNK>`.
//!
//! ```text
//! id: call-7
//! ref: i would like a flight
//! i would like a fright
//! i would like a flight
//!
//! show me the fares
//! ```

use super::ids::Ids;
use super::records::Records;
use super::source::{Input, Line, Lines};
use super::{CorpusError, Utterance};

pub(super) struct Reader {
    lines: Lines,
    ids: Ids,
}

#[derive(Default)]
struct Block {
    first_line: u64,
    id: Option<String>,
    reference: Option<String>,
    hypotheses: Vec<String>,
    /// The first thing wrong with the block: line, column, message.
    fault: Option<(u64, u64, String)>,
}

/// The text after `name:`, where the line begins with it.
fn labelled<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let text = line.strip_prefix(name)?.strip_prefix(':')?;
    (text.is_empty() || text.starts_with([' ', '\t'])).then(|| text.trim())
}

impl Block {
    fn add(&mut self, number: u64, line: &str) {
        let label = [("id", &mut self.id), ("ref", &mut self.reference)]
            .into_iter()
            .find_map(|(name, slot)| labelled(line, name).map(|text| (name, slot, text)));
        match label {
            None => self.hypotheses.push(line.to_owned()),
            Some((_, slot @ None, text)) => *slot = Some(text.to_owned()),
            Some((name, Some(_), _)) => {
                let message = format!("a second `{name}:` line; a blank line ends an utterance");
                self.fault.get_or_insert((number, 1, message));
            }
        }
    }
}

impl Reader {
    pub(super) fn new(input: Input, name: String) -> Self {
        Self { lines: Lines::new(input, name), ids: Ids::default() }
    }

    /// The next block; `None` at the end of the file.
    fn block(&mut self) -> Result<Option<Block>, CorpusError> {
        let mut block = Block::default();
        while let Some(line) = self.lines.next_line()? {
            let number = self.lines.number();
            let started = block.first_line > 0;
            match line {
                Line::Text(text) if text.trim().is_empty() => {
                    if started {
                        return Ok(Some(block));
                    }
                    continue;
                }
                Line::Text(text) => block.add(number, text.trim()),
                Line::Invalid(column) => {
                    block.fault.get_or_insert((number, column, "not valid UTF-8".to_owned()));
                }
            }
            if !started {
                block.first_line = number;
            }
        }
        Ok((block.first_line > 0).then_some(block))
    }
}

impl Records for Reader {
    fn read(&mut self) -> Result<Option<Utterance>, CorpusError> {
        let Some(block) = self.block()? else { return Ok(None) };
        self.ids.next_record();
        if let Some((line, column, message)) = block.fault {
            let path = self.lines.name().to_owned();
            return Err(CorpusError::Record { path, line, column, message });
        }
        let list = block.hypotheses.into_iter().map(|text| (text, None, None));
        let mut utterance = Utterance::from_list(self.ids.assign(block.id), list);
        utterance.reference = block.reference;
        Ok(Some(utterance))
    }
}
