//! A folder of N-best lists as Kaldi has them in text, which the format `kaldi-nbest` reads:
//! `words_text`, `lm_cost` with the negated scores, `text` with the references.
//!
//! A recogniser's score is not known to be acoustic or linguistic; as `lm_cost` it is used
//! unscaled, so that it comes back as it was.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use super::{Counts, ExportError, Item, Writer, as_listed};
use crate::corpus::{Utterance, trn_id};

/// `words_text` alone: what is left of the format where there is no folder.
pub(super) struct Words;

impl Writer for Words {
    fn put(&mut self, item: &Item<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
        let id = trn_id(&item.utterance.id);
        for (one, number) in as_listed(&item.utterance.nbest).iter().zip(1..) {
            write_line(out, &format!("{id}-{number}"), &one.text)?;
        }
        Ok(())
    }
}

fn write_line(out: &mut dyn Write, key: &str, text: &str) -> Result<(), ExportError> {
    write!(out, "{key}")?;
    for word in text.split_whitespace() {
        write!(out, " {word}")?;
    }
    Ok(writeln!(out)?)
}

/// Writes the files of one folder.
#[derive(Debug)]
pub struct KaldiFolder {
    words: BufWriter<File>,
    costs: BufWriter<File>,
    references: BufWriter<File>,
    counts: Counts,
}

impl KaldiFolder {
    /// Creates the files in a folder that is there.
    ///
    /// # Errors
    /// When they cannot be created.
    pub fn create(folder: &Path) -> Result<Self, ExportError> {
        let create = |name: &str| fs_err::File::create(folder.join(name));
        let create = |name: &str| Ok::<_, ExportError>(BufWriter::new(create(name)?.into_file()));
        Ok(Self {
            words: create("words_text")?,
            costs: create("lm_cost")?,
            references: create("text")?,
            counts: Counts::default(),
        })
    }

    /// Writes one utterance.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&mut self, utterance: &Utterance) -> Result<(), ExportError> {
        Words.put(&Item { utterance, corrected: None, text: "" }, &mut self.words)?;
        let id = trn_id(&utterance.id);
        for (one, number) in as_listed(&utterance.nbest).iter().zip(1..) {
            if let Some(score) = one.score {
                writeln!(self.costs, "{id}-{number} {}", -score)?;
            }
        }
        if let Some(reference) = &utterance.reference {
            write_line(&mut self.references, &id, reference)?;
        }
        self.counts.written += 1;
        Ok(())
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> Result<Counts, ExportError> {
        for file in [&mut self.words, &mut self.costs, &mut self.references] {
            file.flush()?;
        }
        Ok(self.counts)
    }
}
