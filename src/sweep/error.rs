//! What can be wrong with the file of a sweep.

use super::{location, near};

/// A fault of a sweep's file: where it is, what it is, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", self.place())]
pub struct SweepError {
    /// The file's name, as it was given.
    pub file: String,
    /// Line in the file, from 1, where the fault has one.
    pub line: Option<usize>,
    /// The field, such as `grid.method`, where it is in one.
    pub field: Option<String>,
    /// What is wrong and what would be right.
    pub message: String,
}

impl SweepError {
    /// A fault at a byte of the file's text.
    pub(super) fn at(file: &str, text: &str, offset: usize, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            line: Some(location::line(text, offset)),
            field: location::field(text, offset),
            message: message.into(),
        }
    }

    /// A fault of the file as a whole.
    pub(super) fn of(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, field: None, message: message.into() }
    }

    /// What the parser says, with what was probably meant.
    pub(super) fn parsed(file: &str, text: &str, error: &toml::de::Error) -> Self {
        let message = meant(&error.message().trim().replace('\n', ", "));
        match error.span() {
            Some(span) => Self::at(file, text, span.start, message),
            None => Self::of(file, message),
        }
    }

    fn place(&self) -> String {
        let line = self.line.map_or_else(String::new, |line| format!(", line {line}"));
        let field = self.field.as_ref().map_or_else(String::new, |field| format!(", `{field}`"));
        format!("{}{line}{field}", self.file)
    }
}

/// Adds the nearest name to serde's ``unknown field `x`, expected one of `y`, `z` ``.
fn meant(message: &str) -> String {
    if !message.starts_with("unknown field") {
        return message.to_owned();
    }
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((name, known)) => format!("unknown field `{name}`{}", near::hint(name, known)),
        None => message.to_owned(),
    }
}
