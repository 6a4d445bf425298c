//! Writing corpora and corrections for other programs.
//!
//! The counterpart of [`corpus`](crate::corpus), at the other end of the stream: what is
//! written here depends on corrections, which come after everything that reading knows of.
//!
//! | format | holds | times |
//! |---|---|---|
//! | [`Format::Jsonl`] | everything known of an utterance; read back, it is the same | where known |
//! | [`Format::HyporadiseJson`] | lists, references and scores as HyPoradise has them | |
//! | [`Format::Kaldi`] | a folder that the format `kaldi-nbest` reads | |
//! | [`Format::Trn`] | one text, `words (id)`, as sclite takes it | |
//! | [`Format::Ctm`] | one text, a word a line | needed |
//! | [`Format::Srt`], [`Format::Vtt`] | one text, a subtitle for each utterance | needed |
//! | [`Format::Txt`] | one text, a line for each utterance | |
//!
//! ```
//! use gec::{corpus::Utterance, export::{Exporter, Format, Text}};
//!
//! let utterance = Utterance::from_list("a 1", [("to boston".to_owned(), None, None)]);
//! let mut out = Vec::new();
//! let mut exporter = Exporter::new(Format::Trn, Text::Corrected, &mut out);
//! exporter.put(&utterance, Some("two boston"))?;
//! exporter.finish()?;
//! assert_eq!(out, b"two boston (a%201)\n");
//! # Ok::<(), gec::export::ExportError>(())
//! ```

mod ctm;
mod error;
mod format;
mod hyporadise_json;
mod jsonl;
mod kaldi;
mod subtitles;
mod times;
mod transcript;

#[cfg(test)]
mod tests;

use std::io::Write;

pub use error::ExportError;
pub use format::{Format, Text};
pub use kaldi::KaldiFolder;

use crate::corpus::{Hypothesis, Utterance};

/// One utterance as a format writes it.
struct Item<'a> {
    utterance: &'a Utterance,
    corrected: Option<&'a str>,
    /// The text that was chosen, in one line; empty for formats that hold the whole list.
    text: &'a str,
}

/// A format's writer.
trait Writer {
    fn put(&mut self, item: &Item<'_>, out: &mut dyn Write) -> Result<(), ExportError>;

    /// Writes what stands before the first utterance.
    fn begin(&mut self, _out: &mut dyn Write) -> Result<(), ExportError> {
        Ok(())
    }

    /// Writes what stands behind the last utterance.
    fn end(&mut self, _out: &mut dyn Write) -> Result<(), ExportError> {
        Ok(())
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Utterances.
    pub written: u64,
    /// Utterances left out because they do not have the text that was chosen.
    pub without_text: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.written += other.written;
        self.without_text += other.without_text;
    }
}

/// Writes utterances in one format, one after the other.
pub struct Exporter<W> {
    writer: Box<dyn Writer + Send>,
    format: Format,
    text: Text,
    out: W,
    begun: bool,
    counts: Counts,
}

impl<W: Write> Exporter<W> {
    /// Writes to `out` what `text` chooses. Formats that hold whole lists do not choose.
    pub fn new(format: Format, text: Text, out: W) -> Self {
        let writer: Box<dyn Writer + Send> = match format {
            Format::HyporadiseJson => Box::new(hyporadise_json::Records::default()),
            Format::Jsonl => Box::new(jsonl::Lines),
            Format::Kaldi => Box::new(kaldi::Words),
            Format::Trn => Box::new(transcript::Trn),
            Format::Txt => Box::new(transcript::Txt),
            Format::Ctm => Box::new(ctm::Ctm),
            Format::Srt => Box::new(subtitles::Subtitles::srt()),
            Format::Vtt => Box::new(subtitles::Subtitles::vtt()),
        };
        Self { writer, format, text, out, begun: false, counts: Counts::default() }
    }

    /// Writes one utterance; one that does not have the chosen text is counted and left out.
    ///
    /// # Errors
    /// When it cannot be written, or the format needs times that are not known.
    pub fn put(
        &mut self,
        utterance: &Utterance,
        corrected: Option<&str>,
    ) -> Result<(), ExportError> {
        self.begin()?;
        let mut text = String::new();
        if !self.format.is_list() {
            let Some(chosen) = self.text.of(utterance, corrected) else {
                self.counts.without_text += 1;
                return Ok(());
            };
            // Line breaks would end a record in each of these formats.
            text = chosen.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        self.writer.put(&Item { utterance, corrected, text: &text }, &mut self.out)?;
        self.counts.written += 1;
        Ok(())
    }

    /// Writes the end and gives back what it was written to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> Result<(W, Counts), ExportError> {
        self.begin()?;
        self.writer.end(&mut self.out)?;
        self.out.flush()?;
        Ok((self.out, self.counts))
    }

    fn begin(&mut self) -> Result<(), ExportError> {
        if !std::mem::replace(&mut self.begun, true) {
            self.writer.begin(&mut self.out)?;
        }
        Ok(())
    }
}

/// Extensions of recordings. Any other dot in a name is part of it, as in `call.2`.
const AUDIO_EXTENSIONS: [&str; 17] = [
    "aac", "aif", "aiff", "avi", "flac", "m4a", "mkv", "mov", "mp3", "mp4", "oga", "ogg", "opus",
    "sph", "wav", "webm", "wma",
];

/// What a recording is called: its file's name without folder and audio extension.
#[must_use]
pub fn recording_name(audio: &str) -> &str {
    let name = audio.rsplit(['/', '\\']).next().unwrap_or(audio);
    let is_audio = |extension: &str| {
        AUDIO_EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension))
    };
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() && is_audio(extension) => stem,
        _ => name,
    }
}

/// The list as it was read: each hypothesis at its rank, its repeats in the places that are
/// left. Where ranks and counts fit no list, repeats follow their first occurrence.
fn as_listed(nbest: &[Hypothesis]) -> Vec<&Hypothesis> {
    let total: usize = nbest.iter().map(|one| one.count as usize).sum();
    let mut left: Vec<(&Hypothesis, u32)> = nbest.iter().map(|one| (one, one.count - 1)).collect();
    let mut list = Vec::with_capacity(total);
    for place in 0..total {
        let first = nbest.iter().find(|one| one.rank as usize == place);
        let repeat = || {
            let open =
                left.iter_mut().find(|(one, left)| *left > 0 && (one.rank as usize) < place)?;
            open.1 -= 1;
            Some(open.0)
        };
        list.extend(first.or_else(repeat));
    }
    if list.len() == total {
        return list;
    }
    nbest.iter().flat_map(|one| std::iter::repeat_n(one, one.count as usize)).collect()
}
