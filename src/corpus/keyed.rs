//! Text files of lines `KEY TEXT`, as Kaldi and ESPnet write them.

use std::collections::HashMap;
use std::path::Path;

use super::source::{Line, Lines, Source};
use super::{CorpusError, source};

/// One line: its number, its key, and the text after it.
pub(super) struct KeyedLine {
    pub(super) number: u64,
    pub(super) key: String,
    pub(super) text: String,
}

/// The lines of one file; blank ones are skipped.
pub(super) struct Keyed(Lines);

impl Keyed {
    pub(super) fn open(path: &Path) -> Result<Self, CorpusError> {
        let source = Source::File(path.to_path_buf());
        let mut reader = source.reader()?;
        source::skip_byte_order_mark(&mut reader, &source.name())?;
        Ok(Self(Lines::new(reader, source.name())))
    }

    pub(super) fn next(&mut self) -> Result<Option<KeyedLine>, CorpusError> {
        loop {
            let line = match self.0.next_line()? {
                None => return Ok(None),
                Some(Line::Invalid(column)) => return Err(self.0.error(column, "not valid UTF-8")),
                Some(Line::Text(line)) => line,
            };
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let (key, text) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            let (key, text) = (key.to_owned(), text.trim_start().to_owned());
            return Ok(Some(KeyedLine { number: self.0.number(), key, text }));
        }
    }

    /// Every line of a file that all records need: the first bad one is fatal.
    pub(super) fn for_each(
        mut self,
        mut take: impl FnMut(KeyedLine) -> Result<(), String>,
    ) -> Result<(), CorpusError> {
        while let Some(line) = self.next().map_err(CorpusError::into_companion)? {
            let number = line.number;
            take(line).map_err(|message| self.error(number, message).into_companion())?;
        }
        Ok(())
    }

    /// An error about this line.
    pub(super) fn error(&self, line: u64, message: String) -> CorpusError {
        CorpusError::Record { path: self.0.name().to_owned(), line, column: 1, message }
    }
}

/// One number for each key of a file.
#[derive(Default)]
pub(super) struct Numbers(HashMap<String, f64>);

impl Numbers {
    /// Reads a file, or nothing where there is none. `inf` and `nan` count as absent: they
    /// say nothing about a hypothesis.
    pub(super) fn read(
        path: Option<&Path>,
        parse: impl Fn(&str) -> Option<f64>,
    ) -> Result<Self, CorpusError> {
        let Some(path) = path else { return Ok(Self::default()) };
        let mut numbers = HashMap::new();
        Keyed::open(path)?.for_each(|KeyedLine { key, text, .. }| {
            let value = parse(&text)
                .ok_or_else(|| format!("expected a number after `{key}`, found `{text}`"))?;
            if value.is_finite() {
                numbers.insert(key, value);
            }
            Ok(())
        })?;
        Ok(Self(numbers))
    }

    pub(super) fn get(&self, key: &str) -> Option<f64> {
        self.0.get(key).copied()
    }
}
