//! What the readers hand over, whatever the format.

use super::encoding::Encoding;
use super::lines::LineCounter;
use super::scan::Site;
use super::{DocumentError, DocumentFormat, Segment, Warning, time_marked, whisper};

/// Where a segment's words stand in the file.
#[derive(Debug, Clone)]
pub(super) enum Place {
    /// In one stretch of text.
    Site(Site),
    /// Nowhere yet: the cue has no line. The end of the line before is that of a new one.
    NoLine { site: Site, line_end: String },
    /// In a field of a table.
    Field { site: Site, delimiter: char },
    /// In a hypothesis, which is not touched; the correction goes to another field.
    Beside { site: Site, correction: Correction },
    /// In lines of their own.
    Lines(Vec<time_marked::WordLine>),
}

/// Where in a JSON object the correction is written.
#[derive(Debug, Clone)]
pub(super) enum Correction {
    /// Over the value that is there.
    Over { range: std::ops::Range<usize>, ascii: bool },
    /// Behind the last field: what comes before the string, written as the other fields.
    Behind { at: usize, before: String, ascii: bool },
}

/// A file in parts; `places` belong to `segments` one by one.
#[derive(Debug, Clone, Default)]
pub(super) struct Parts {
    pub(super) segments: Vec<Segment>,
    pub(super) places: Vec<Place>,
    pub(super) warnings: Vec<Warning>,
    pub(super) whisper: Option<whisper::Links>,
}

impl Parts {
    pub(super) fn push(&mut self, segment: Segment, place: Place) {
        self.segments.push(segment);
        self.places.push(place);
    }

    pub(super) fn warn(&mut self, line: usize, message: impl Into<String>) {
        self.warnings.push(Warning { line, message: message.into() });
    }

    /// The position of the next segment, from 1.
    pub(super) fn next_id(&self) -> String {
        (self.segments.len() + 1).to_string()
    }
}

/// How the inside of a JSON string is written in a file: without other characters than
/// ASCII where it has none.
pub(super) fn json_encoding(text: &str) -> Encoding {
    Encoding::Json { ascii: text.is_ascii() }
}

/// The file as text, and its bytes where they had to be mended.
pub(super) fn text_of(
    bytes: Vec<u8>,
    format: DocumentFormat,
) -> Result<(String, Option<Vec<u8>>), DocumentError> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(DocumentError::Wide);
    }
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return Ok((text, None)),
        Err(error) => error.into_bytes(),
    };
    // whisper.cpp parts characters between tokens.
    if format == DocumentFormat::WhisperJson {
        return Ok((mended(&bytes), Some(bytes)));
    }
    let byte = std::str::from_utf8(&bytes).err().map_or(0, |error| error.valid_up_to());
    let valid = String::from_utf8_lossy(bytes.get(..byte).unwrap_or(&[]));
    let line = LineCounter::default().line(&valid, valid.len());
    Err(DocumentError::Encoding { line, byte })
}

/// The text with `?` for each byte that is part of no character.
fn mended(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    text
}
