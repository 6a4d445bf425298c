//! What must hold for any bytes in any format.

use std::ops::Range;

use super::{Document, DocumentFormat, Edit, ReadOptions};

/// Words to write into files.
const WORDS: [&str; 14] = [
    "",
    "word",
    "two words",
    "R&B",
    "<3",
    "\"quoted\"",
    "a,b;c",
    "12",
    "你好。",
    "ที่",
    "é",
    "(x)",
    "tab\tbed",
    "back\\slash",
];

/// Reads bytes in a format, and fails where reading is not lossless, where an edit damages
/// the file, or where words are not as an edit left them. The last bytes choose the edits.
///
/// # Errors
/// What did not hold. Bytes that cannot be read in the format are no error.
pub fn check(data: &[u8], format: DocumentFormat) -> Result<(), String> {
    let seed = data
        .iter()
        .rev()
        .take(8)
        .fold(7_u64, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    let options = ReadOptions::default();
    let Ok(document) = Document::parse(data.to_vec(), format, &options) else { return Ok(()) };
    if document.render(&[]).as_deref() != Ok(data) {
        return Err(format!("{format}: reading is not lossless"));
    }
    for segment in document.segments() {
        check_tokens(
            &document,
            &segment.tokens.iter().map(|token| token.pieces.as_slice()).collect::<Vec<_>>(),
        )?;
        if segment.tokens.iter().any(|token| token.surface.is_empty()) {
            return Err(format!("{format}: an empty word"));
        }
    }
    let edits = edits(&document, seed);
    if edits.iter().any(|edit| document.check(edit).is_err()) {
        return Ok(());
    }
    let Ok(bytes) = document.render(&edits) else { return Ok(()) };
    let again = Document::parse(bytes, format, &options)
        .map_err(|error| format!("{format}: cannot be read with edits: {error}"))?;
    if format != DocumentFormat::Ctm && again.segments().len() != document.segments().len() {
        return Err(format!("{format}: another number of segments"));
    }
    Ok(())
}

fn check_tokens(document: &Document, tokens: &[&[Range<usize>]]) -> Result<(), String> {
    let mut at = 0;
    for piece in tokens.iter().copied().flatten() {
        if piece.start < at || piece.end <= piece.start || piece.end > document.bytes().len() {
            return Err(format!("{}: words overlap", document.format()));
        }
        at = piece.end;
    }
    Ok(())
}

/// Some edits, the same for the same seed.
#[must_use]
pub fn edits(document: &Document, mut seed: u64) -> Vec<Edit> {
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap_or(0) % below.max(1)
    };
    let mut edits = Vec::new();
    for (number, segment) in document.segments().iter().enumerate() {
        let mut at = 0;
        while next(3) > 0 && at <= segment.tokens.len() {
            let start = at + next(segment.tokens.len() - at + 1);
            let end = (start + next(4)).min(segment.tokens.len());
            let replacement = WORDS[next(WORDS.len())].to_owned();
            edits.push(Edit { segment: number, tokens: start..end, replacement });
            at = end + 1;
        }
    }
    edits
}
