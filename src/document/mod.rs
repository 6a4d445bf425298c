//! Transcript files, read without loss: subtitles, recognisers' JSON, time-marked words,
//! tables and plain text give their words, take edits of them, and are written back with
//! every other byte as it was.
//!
//! | format | a segment is | its id | an edit changes |
//! |---|---|---|---|
//! | [`DocumentFormat::Srt`], [`DocumentFormat::Vtt`] | a cue | its position, from 1 | the cue's text |
//! | [`DocumentFormat::WhisperJson`] | a segment | its position | `text`, `words` and the whole file's `text` and `word_segments`; never `tokens` |
//! | [`DocumentFormat::Ctm`] | words of one file and channel, cut at pauses | its position | the words' lines |
//! | [`DocumentFormat::Trn`] | a line | the one in the line | the words |
//! | [`DocumentFormat::Jsonl`], [`DocumentFormat::HyporadiseJson`] | a record | field `id`, else its position | the text field; beside a list of hypotheses field `corrected` |
//! | [`DocumentFormat::Csv`], [`DocumentFormat::Tsv`] | a row | column `id`, else its position | the text column |
//! | [`DocumentFormat::Text`] | a line | its position | the line |
//!
//! Words are cut at white space; in scripts without spaces (Han, Kana, Thai, Lao, Khmer,
//! Myanmar) each character with its marks is one, and full-width punctuation too. Tags,
//! remarks in brackets, speakers' names before a colon and music notes are no words and
//! are never touched.

mod cues;
mod decimal;
mod encoding;
mod error;
mod flat;
mod format;
mod groups;
mod json;
mod lines;
mod markup;
mod parts;
mod records;
mod render;
mod rewrite;
mod scan;
pub(crate) mod script;
mod spelled;
mod table;
#[cfg(test)]
mod tests;
mod time_marked;
mod whisper;
mod word_times;

/// Checks for arbitrary bytes that tests and fuzzers share.
#[doc(hidden)]
pub mod fuzzing;

use std::ops::Range;

use crate::corpus::Hypothesis;

pub use error::DocumentError;
pub use format::DocumentFormat;

/// How a file is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The field or column with the text (CSV, TSV, JSONL); without one the first of
    /// [`ReadOptions::COLUMNS`] that is there.
    pub column: Option<String>,
}

impl ReadOptions {
    /// Names under which the text is looked for.
    pub const COLUMNS: [&str; 4] = ["text", "transcript", "sentence", "hypothesis"];

    fn columns(&self) -> Vec<&str> {
        match &self.column {
            Some(column) => vec![column],
            None => Self::COLUMNS.to_vec(),
        }
    }
}

/// A word of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The word as it reads, with its punctuation, without markup and escapes. Never empty.
    pub surface: String,
    /// The bytes of the file that stand for it; several where markup interrupts it.
    pub pieces: Vec<Range<usize>>,
    /// Whether white space parts it from the token before.
    pub space_before: bool,
}

/// A stretch of a transcript that is corrected as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// The file's own id, else the position from 1. Not necessarily unique.
    pub id: String,
    /// The line it begins in, from 1.
    pub line: usize,
    /// Its words; those of the 1-best where there are several hypotheses. May be empty.
    pub tokens: Vec<Token>,
    /// What the recogniser proposed, the best first; for a plain transcript its text alone.
    pub hypotheses: Vec<Hypothesis>,
    /// Where it begins, milliseconds, if the file says so.
    pub start_ms: Option<i64>,
    /// Where it ends, milliseconds, if the file says so.
    pub end_ms: Option<i64>,
    /// Who speaks, if the file says so.
    pub speaker: Option<String>,
}

impl Segment {
    /// A segment with one hypothesis, which is its text.
    fn plain(id: String, line: usize, scan: scan::Scan) -> Self {
        let mut segment = Self {
            id,
            line,
            tokens: scan.tokens,
            hypotheses: Vec::new(),
            start_ms: None,
            end_ms: None,
            speaker: scan.speaker,
        };
        segment.hypotheses = vec![Hypothesis {
            text: segment.text(),
            rank: 0,
            count: 1,
            score: None,
            token_scores: None,
        }];
        segment
    }

    /// Some of the tokens in a row, as [`Segment::text`]. A range that is not there is cut.
    #[must_use]
    pub fn text_of(&self, range: Range<usize>) -> String {
        let end = range.end.min(self.tokens.len());
        let tokens = &self.tokens[range.start.min(end)..end];
        script::join(tokens.iter().map(|token| (token.surface.as_str(), token.space_before)))
    }

    /// The tokens in a row: a space where there was white space, nothing where a line of a
    /// script without spaces was broken. Without tokens empty.
    #[must_use]
    pub fn text(&self) -> String {
        script::join(self.tokens.iter().map(|token| (token.surface.as_str(), token.space_before)))
    }
}

/// A change of some words of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The segment's number in [`Document::segments`], from 0.
    pub segment: usize,
    /// The tokens that are replaced; an empty range inserts before a token, or at the end.
    pub tokens: Range<usize>,
    /// What stands there instead; nothing deletes. White space in it counts as one space.
    pub replacement: String,
}

/// Something in a file that was not understood and is left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The line, from 1.
    pub line: usize,
    /// What it is.
    pub message: String,
}

/// A transcript file that was read.
#[derive(Debug, Clone)]
pub struct Document {
    /// The file; where Whisper's program left broken characters, with `?` in their place.
    text: String,
    /// The file's bytes where they are not those of `text`; as many.
    original: Option<Vec<u8>>,
    format: DocumentFormat,
    options: ReadOptions,
    parts: parts::Parts,
}

impl Document {
    /// Reads a file. No bytes are a file without segments, in every format.
    ///
    /// # Errors
    /// When the text is not UTF-8, when JSON is malformed, and when the field or column of
    /// the text is nowhere. Anything else that is wrong is a [warning](Self::warnings).
    pub fn parse(
        bytes: Vec<u8>,
        format: DocumentFormat,
        options: &ReadOptions,
    ) -> Result<Self, DocumentError> {
        let (text, original) = parts::text_of(bytes, format)?;
        let parts = match format {
            DocumentFormat::Srt | DocumentFormat::Vtt => cues::parse(&text, format),
            DocumentFormat::WhisperJson => whisper::parse(&text)?,
            DocumentFormat::Ctm => time_marked::parse(&text),
            DocumentFormat::Trn => flat::parse_trn(&text),
            DocumentFormat::Jsonl => records::parse_lines(&text, options)?,
            DocumentFormat::HyporadiseJson => records::parse_array(&text, options)?,
            DocumentFormat::Csv | DocumentFormat::Tsv => table::parse(&text, format, options)?,
            DocumentFormat::Text => flat::parse_text(&text),
        };
        Ok(Self { text, original, format, options: options.clone(), parts })
    }

    /// The format it was read in.
    #[must_use]
    pub fn format(&self) -> DocumentFormat {
        self.format
    }

    /// Its segments, in the order of the file.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.parts.segments
    }

    /// What was not understood, in the order of the file.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.parts.warnings
    }

    /// The bytes as they were read.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        self.original.as_deref().unwrap_or(self.text.as_bytes())
    }
}
