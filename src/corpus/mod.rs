//! Reading corpora: files of N-best lists become a stream of [`Utterance`]s.
//!
//! [`open`] never holds a whole file in memory: records are read one by one. A record
//! that cannot be used is one `Err` item and reading goes on; after an error that
//! [`CorpusError::is_fatal`] the stream ends.
//!
//! | format | one record | framing |
//! |---|---|---|
//! | [`Format::HyporadiseJson`] | JSON object (see [`record`](self#records)) | elements of one JSON array |
//! | [`Format::Jsonl`] | JSON object | one a line |
//! | [`Format::HyporadiseCsv`] | row: `source,target,best_hypo[,score]` | CSV with a header |
//! | [`Format::List`] | hypotheses one a line, `ref: ` and `id: ` lines | a blank line between |
//!
//! # Records
//!
//! Both JSON framings hold the same objects. Unknown fields are ignored.
//!
//! | field | also called | value |
//! |---|---|---|
//! | `nbest` | `input` | list of hypotheses, best first: strings, `null` (empty), or objects `{text, score, token_scores}` |
//! | `input1`, `input2` | | without a list: the 1-best with a closing `.`, and the others each closed by `. ` |
//! | `reference` | `output`, `ref` | what was said |
//! | `scores` | `score`, `am_score` | one natural log-probability for each hypothesis |
//! | `token_scores` | | one list of natural log-probabilities for each hypothesis |
//! | `id`, `group`, `audio` | | strings or integers |
//!
//! A record without an id gets its position in the file, `000001` for the first; an id
//! seen before gets `#2`, `#3` and so on. References and hypotheses keep their text
//! exactly, without outer white space. A byte-order mark and CRLF line ends are accepted
//! everywhere.

mod error;
mod format;
mod hyporadise_csv;
mod hyporadise_json;
mod ids;
mod json_array;
mod jsonl;
mod list;
mod record;
mod source;
mod types;

#[cfg(test)]
mod tests;

pub use error::CorpusError;
pub use format::Format;
pub use source::{Source, checksum};
pub use types::*;

/// Utterances in file order; bad records are `Err` items.
pub type Utterances = Box<dyn Iterator<Item = Result<Utterance, CorpusError>> + Send>;

/// Opens a corpus for reading. Without a `format` it is told from the name and the
/// first bytes ([`Format::detect`]).
///
/// # Errors
/// When the source cannot be opened or its format cannot be told. What is wrong with
/// the records comes from the iterator.
pub fn open(source: &Source, format: Option<Format>) -> Result<Utterances, CorpusError> {
    let name = source.name();
    let mut reader = source.reader()?;
    let format = told_or_detected(source, format, &mut reader, &name)?;
    source::skip_byte_order_mark(&mut reader, &name)?;
    if source::first_bytes(&mut reader, &name)?.is_empty() {
        return Ok(Box::new(std::iter::empty()));
    }
    Ok(match format {
        Format::HyporadiseJson => Box::new(hyporadise_json::Reader::new(reader, name)),
        Format::HyporadiseCsv => Box::new(hyporadise_csv::Reader::new(reader, name)),
        Format::Jsonl => Box::new(jsonl::Reader::new(reader, name)),
        Format::List => Box::new(list::Reader::new(reader, name)),
    })
}

/// Identifies how a source is read. Files that are read in another way are other corpora:
/// the number differs by format and changes with [`READER_VERSION`].
///
/// # Errors
/// When the source cannot be opened or its format cannot be told.
pub fn reader_version(source: &Source, format: Option<Format>) -> Result<u32, CorpusError> {
    let format = told_or_detected(source, format, &mut source.reader()?, &source.name())?;
    let number = match format {
        Format::HyporadiseJson => 1,
        Format::HyporadiseCsv => 2,
        Format::Jsonl => 3,
        Format::List => 4,
    };
    Ok(READER_VERSION * 100 + number)
}

fn told_or_detected(
    source: &Source,
    format: Option<Format>,
    reader: &mut source::Input,
    name: &str,
) -> Result<Format, CorpusError> {
    match format {
        Some(format) => Ok(format),
        None => source::first_bytes(reader, name)
            .map(|first| Format::detect(source.path(), first))?
            .ok_or_else(|| CorpusError::UnknownFormat { path: name.to_owned() }),
    }
}
