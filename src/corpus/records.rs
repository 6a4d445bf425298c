//! From a reader of single records to an iterator.

use super::{CorpusError, Utterance};

/// Something that reads one record after the other.
pub(super) trait Records {
    /// The next utterance; `None` at the end. After an error that is not fatal the next
    /// record can be asked for.
    fn read(&mut self) -> Result<Option<Utterance>, CorpusError>;
}

/// The records of a reader, up to its end or the first fatal error.
pub(super) struct Stream<R> {
    reader: R,
    done: bool,
}

impl<R: Records> Stream<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, done: false }
    }
}

impl<R: Records> Iterator for Stream<R> {
    type Item = Result<Utterance, CorpusError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let item = self.reader.read().transpose();
        self.done =
            item.as_ref().is_none_or(|item| item.as_ref().is_err_and(CorpusError::is_fatal));
        item
    }
}
