//! Subtitles: one for each utterance that has a text, however long it is.

use std::io::Write;

use super::{ExportError, Format, Item, Writer, times};

/// SubRip or WebVTT.
pub(super) struct Subtitles {
    format: Format,
    number: u64,
    recording: Option<String>,
}

impl Subtitles {
    pub(super) fn srt() -> Self {
        Self { format: Format::Srt, number: 0, recording: None }
    }

    pub(super) fn vtt() -> Self {
        Self { format: Format::Vtt, number: 0, recording: None }
    }

    /// Times count from the start of a recording, so there can only be one.
    fn check_recording(&mut self, audio: Option<&str>) -> Result<(), ExportError> {
        let Some(audio) = audio else { return Ok(()) };
        let first = self.recording.get_or_insert_with(|| audio.to_owned());
        if first == audio {
            return Ok(());
        }
        let (first, second) = (first.clone(), audio.to_owned());
        Err(ExportError::AnotherRecording { first, second, format: self.format })
    }
}

impl Writer for Subtitles {
    fn begin(&mut self, out: &mut dyn Write) -> Result<(), ExportError> {
        if self.format == Format::Vtt {
            writeln!(out, "WEBVTT\n")?;
        }
        Ok(())
    }

    fn put(&mut self, item: &Item<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
        let id = &item.utterance.id;
        self.check_recording(item.utterance.audio.as_deref())?;
        let span = times::span(item.utterance)
            .ok_or_else(|| ExportError::NoTimes { id: id.clone(), format: self.format })?;
        if item.text.is_empty() {
            return Ok(());
        }
        self.number += 1;
        let (number, text) = (self.number, item.text);
        let (start, end) = (span.start_ms.max(0), span.end_ms.max(span.start_ms));
        match self.format {
            Format::Vtt => {
                let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                writeln!(out, "{} --> {}\n{text}\n", clock(start, '.'), clock(end, '.'))?;
            }
            _ => {
                writeln!(out, "{number}\n{} --> {}\n{text}\n", clock(start, ','), clock(end, ','))?
            }
        }
        Ok(())
    }
}

/// `01:02:03,456`.
fn clock(ms: i64, point: char) -> String {
    let (ms, seconds) = (ms.max(0) % 1000, ms.max(0) / 1000);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}{point}{ms:03}", seconds % 60)
}
