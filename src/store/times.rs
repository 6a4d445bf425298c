//! How the times of words are stored: as one JSON text in their utterance's row,
//! `[["show", 120, 340], ["me", 340, 420]]`, in milliseconds.

use std::borrow::Cow;

use crate::corpus::WordTime;

/// `None` where no times are known.
pub(super) fn encode(words: &[WordTime]) -> serde_json::Result<Option<String>> {
    if words.is_empty() {
        return Ok(None);
    }
    let packed: Vec<_> =
        words.iter().map(|word| (&word.text, word.start_ms, word.end_ms)).collect();
    serde_json::to_string(&packed).map(Some)
}

pub(super) fn decode(json: Option<&str>) -> serde_json::Result<Vec<WordTime>> {
    let packed: Vec<(Cow<'_, str>, i64, i64)> = match json {
        Some(json) => serde_json::from_str(json)?,
        None => Vec::new(),
    };
    let unpack = |(text, start_ms, end_ms): (Cow<'_, str>, i64, i64)| WordTime {
        text: text.into_owned(),
        start_ms,
        end_ms,
    };
    Ok(packed.into_iter().map(unpack).collect())
}
