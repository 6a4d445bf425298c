//! sclite's time-marked words: `file channel start duration word`, in seconds.
//!
//! The file is the name of the audio without folder and extension, else the utterance's id.
//! Lines are in the order of the utterances; sclite wants those of one file by time.

use std::io::Write;

use super::{ExportError, Format, Item, Writer, recording_name, times};
use crate::corpus::trn_id;

pub(super) struct Ctm;

impl Writer for Ctm {
    fn put(&mut self, item: &Item<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
        let utterance = item.utterance;
        let words = times::of_words(utterance, item.text).ok_or_else(|| ExportError::NoTimes {
            id: utterance.id.clone(),
            format: Format::Ctm,
        })?;
        let file = trn_id(utterance.audio.as_deref().map_or(&utterance.id, recording_name));
        for word in words {
            let start = seconds(word.start_ms.max(0));
            let duration = seconds((word.end_ms - word.start_ms).max(0));
            writeln!(out, "{file} 1 {start} {duration} {}", word.text)?;
        }
        Ok(())
    }
}

fn seconds(ms: i64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}
