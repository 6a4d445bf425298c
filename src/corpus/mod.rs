//! Reading corpora: files of N-best lists become a stream of [`Utterance`]s.
//!
//! [`open`] never holds a whole corpus in memory: records are read one by one, Whisper's
//! files one by one. A record
//! that cannot be used is one `Err` item and reading goes on; after an error that
//! [`CorpusError::is_fatal`] the stream ends.
//!
//! | format | one record | framing |
//! |---|---|---|
//! | [`Format::HyporadiseJson`] | JSON object (see [`record`](self#records)) | elements of one JSON array |
//! | [`Format::Jsonl`] | JSON object | one a line |
//! | [`Format::HyporadiseCsv`] | row: `source,target,best_hypo[,score]` | CSV with a header |
//! | [`Format::List`] | hypotheses one a line, `ref: ` and `id: ` lines | a blank line between |
//! | [`Format::WhisperJson`] | a segment of a recording | one JSON file for a recording |
//! | [`Format::KaldiNbest`] | lines `utt-N words...`, costs in files beside | a folder |
//! | [`Format::EspnetNbest`] | a line in each `Nbest_recog/text` | a folder |
//! | [`Format::NemoBeams`] | lines `text<TAB>score`, as many for each utterance | a table with a manifest beside it |
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
//! | `hyp` | | the recogniser's own choice, put before a list that begins otherwise |
//! | `id`, `group`, `audio` | | strings or integers |
//! | `start_ms`, `end_ms` | | where the utterance lies in its audio, milliseconds |
//! | `words` | | `{text, start_ms, end_ms}` of each word of the 1-best; in any other shape ignored |
//!
//! A hypothesis that stands for several entries of a list has their number as `count` and
//! the place of the first as `rank`.
//!
//! A record without an id gets its position in the file, `000001` for the first; an id
//! seen before gets `#2`, `#3` and so on. References and hypotheses keep their text
//! exactly, without outer white space. A byte-order mark and CRLF line ends are accepted
//! everywhere.

mod checksum;
mod error;
mod espnet;
mod folder;
mod format;
mod hyporadise_csv;
mod hyporadise_json;
pub(crate) mod ids;
mod json_array;
mod jsonl;
mod kaldi;
mod keyed;
mod list;
mod nemo;
mod record;
mod records;
mod references;
mod source;
mod types;
mod whisper;

#[cfg(test)]
mod import_tests;
#[cfg(test)]
mod tests;

pub use checksum::checksum;
pub use error::CorpusError;
pub use format::Format;
pub use references::{Joined, References, Unmatched};
pub use source::Source;
pub use types::*;

use records::Stream;

/// Utterances in file order; bad records are `Err` items.
pub type Utterances = Box<dyn Iterator<Item = Result<Utterance, CorpusError>> + Send>;

/// Opens a corpus for reading. Without a `format` it is told from the name and the
/// first bytes ([`Format::detect`]), or from a folder's files ([`Format::detect_folder`]).
///
/// # Errors
/// When the source cannot be opened or its format cannot be told. What is wrong with
/// the records comes from the iterator.
pub fn open(source: &Source, format: Option<Format>) -> Result<Utterances, CorpusError> {
    let format = told_or_detected(source, format)?;
    if let Source::Folder(path) = source {
        let files = checksum::folder_files(path, format)?;
        return Ok(match format {
            Format::EspnetNbest => Box::new(Stream::new(espnet::Reader::new(path)?)),
            Format::KaldiNbest => Box::new(Stream::new(kaldi::Reader::new(path)?)),
            _ => Box::new(Stream::new(whisper::Reader::folder(files))),
        });
    }
    let name = source.name();
    let mut reader = source.reader()?;
    source::skip_byte_order_mark(&mut reader, &name)?;
    if source::first_bytes(&mut reader, &name)?.is_empty() {
        return Ok(Box::new(std::iter::empty()));
    }
    Ok(match format {
        Format::HyporadiseJson => Box::new(hyporadise_json::Reader::new(reader, name)),
        Format::HyporadiseCsv => Box::new(Stream::new(hyporadise_csv::Reader::new(reader, name))),
        Format::Jsonl => Box::new(Stream::new(jsonl::Reader::new(reader, name))),
        Format::List => Box::new(Stream::new(list::Reader::new(reader, name))),
        Format::WhisperJson => Box::new(Stream::new(whisper::Reader::file(source.clone()))),
        Format::NemoBeams => Box::new(Stream::new(nemo::Reader::new(source.path(), reader)?)),
        Format::KaldiNbest | Format::EspnetNbest => {
            return Err(CorpusError::NotThatFolder { path: name, format });
        }
    })
}

/// Identifies how a source is read. Files that are read in another way are other corpora:
/// the number differs by format and changes with [`READER_VERSION`], or with the format's own
/// reader: 9 and 10 read `label` too, which 1 and 3 did not.
///
/// # Errors
/// When the source cannot be opened or its format cannot be told.
pub fn reader_version(source: &Source, format: Option<Format>) -> Result<u32, CorpusError> {
    let number = match told_or_detected(source, format)? {
        Format::HyporadiseJson => 9,
        Format::HyporadiseCsv => 2,
        Format::Jsonl => 10,
        Format::List => 4,
        Format::WhisperJson => 5,
        Format::KaldiNbest => 6,
        Format::EspnetNbest => 7,
        Format::NemoBeams => 8,
    };
    Ok(READER_VERSION * 100 + number)
}

fn told_or_detected(source: &Source, format: Option<Format>) -> Result<Format, CorpusError> {
    match (format, source) {
        (Some(format), _) => Ok(format),
        (None, Source::Folder(_)) => {
            source.detect()?.ok_or_else(|| CorpusError::UnknownFolder { path: source.name() })
        }
        (None, _) => {
            source.detect()?.ok_or_else(|| CorpusError::UnknownFormat { path: source.name() })
        }
    }
}

/// Seconds as recognisers write them, in milliseconds.
fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}
