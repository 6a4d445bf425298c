//! One text for each utterance, a line each.

use std::io::Write;

use super::{ExportError, Item, Writer};
use crate::corpus::trn_id;

/// sclite's transcripts, `words (id)`.
pub(super) struct Trn;

impl Writer for Trn {
    fn put(&mut self, item: &Item<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
        let space = if item.text.is_empty() { "" } else { " " };
        Ok(writeln!(out, "{}{space}({})", item.text, trn_id(&item.utterance.id))?)
    }
}

/// The text alone.
pub(super) struct Txt;

impl Writer for Txt {
    fn put(&mut self, item: &Item<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
        Ok(writeln!(out, "{}", item.text)?)
    }
}
