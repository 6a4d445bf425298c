//! HyPoradise's tables: a header and the columns `source`, `target`, `best_hypo` and
//! sometimes `score`; `id` is read too where there is one.
//!
//! `source` is the list, best first, in one of three shapes:
//! - each hypothesis closed by `. ` (the published tables). Where a hypothesis itself
//!   holds `. ` this is ambiguous; `best_hypo` settles it for the first hypothesis, and a
//!   `score` list of another length makes the row an error;
//! - one hypothesis a line;
//! - a JSON list of strings.
//!
//! `target` is the reference, `score` a JSON list of one number for each hypothesis.

use csv::ByteRecord;

use super::ids::Ids;
use super::record::{Listed, Record, split_joined};
use super::records::Records;
use super::source::Input;
use super::{CorpusError, Utterance};

pub(super) struct Reader {
    rows: csv::Reader<Input>,
    name: String,
    ids: Ids,
    row: ByteRecord,
    columns: Option<Columns>,
}

#[derive(Clone, Copy)]
struct Columns {
    count: usize,
    source: usize,
    target: Option<usize>,
    best: Option<usize>,
    score: Option<usize>,
    id: Option<usize>,
}

impl Reader {
    pub(super) fn new(input: Input, name: String) -> Self {
        // With CRLF as the terminator the reader's line numbers lag behind by one. All
        // fields are trimmed, so a carriage return left at a row's end does no harm.
        let rows = csv::ReaderBuilder::new()
            .flexible(true)
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(input);
        let (ids, row) = (Ids::default(), ByteRecord::new());
        Self { rows, name, ids, row, columns: None }
    }

    fn header(&mut self) -> Result<Columns, CorpusError> {
        let header = match self.rows.byte_headers() {
            Ok(header) => header.clone(),
            Err(error) => return Err(self.csv_error(error)),
        };
        let find =
            |name: &str| header.iter().position(|column| column.trim_ascii() == name.as_bytes());
        let Some(source) = find("source") else {
            let found: Vec<_> = header.iter().map(|name| String::from_utf8_lossy(name)).collect();
            return Err(CorpusError::Syntax {
                path: self.name.clone(),
                line: 1,
                column: 1,
                byte: 0,
                message: format!(
                    "expected a header with the columns `source` and `target`, found `{}`",
                    found.join(",")
                ),
            });
        };
        let columns = Columns {
            count: header.len(),
            source,
            target: find("target"),
            best: find("best_hypo"),
            score: find("score"),
            id: find("id"),
        };
        Ok(columns)
    }

    fn csv_error(&self, error: csv::Error) -> CorpusError {
        let position = error.position().cloned();
        match error.into_kind() {
            csv::ErrorKind::Io(source) => CorpusError::Io { path: self.name.clone(), source },
            kind => CorpusError::Syntax {
                path: self.name.clone(),
                line: position.as_ref().map_or(1, csv::Position::line),
                column: 1,
                byte: position.as_ref().map_or(0, csv::Position::byte),
                message: format!("not a CSV table: {kind:?}"),
            },
        }
    }
}

impl Records for Reader {
    fn read(&mut self) -> Result<Option<Utterance>, CorpusError> {
        let columns = match self.columns {
            Some(columns) => columns,
            None => {
                let columns = self.header()?;
                self.columns = Some(columns);
                columns
            }
        };
        loop {
            match self.rows.read_byte_record(&mut self.row) {
                Ok(true) if self.row.as_slice().trim_ascii().is_empty() && self.row.len() == 1 => {}
                Ok(true) => break,
                Ok(false) => return Ok(None),
                Err(error) => return Err(self.csv_error(error)),
            }
        }
        self.ids.next_record();
        let line = self.row.position().map_or(0, csv::Position::line);
        record(&self.row, columns)
            .and_then(|record| record.into_utterance(&mut self.ids))
            .map(Some)
            .map_err(|message| CorpusError::Record {
                path: self.name.clone(),
                line,
                column: 1,
                message,
            })
    }
}

fn record(row: &ByteRecord, columns: Columns) -> Result<Record, String> {
    if row.len() != columns.count {
        return Err(format!("the row has {} fields, the header {}", row.len(), columns.count));
    }
    let field = |name: &str, index: Option<usize>| {
        index
            .and_then(|index| row.get(index))
            .map(|bytes| {
                std::str::from_utf8(bytes).map_err(|_| format!("field `{name}` is not valid UTF-8"))
            })
            .transpose()
    };
    let source = field("source", Some(columns.source))?.unwrap_or("");
    let best = field("best_hypo", columns.best)?.unwrap_or("").trim();
    let list = split_source(source, best)?;
    let scores = match field("score", columns.score)?.map(str::trim) {
        None | Some("") => None,
        Some(text) => Some(serde_json::from_str(text).map_err(|_| {
            format!("field `score` is `{text}`; expected a list of numbers like `[-0.1, -0.2]`")
        })?),
    };
    Ok(Record {
        id: field("id", columns.id)?.map(|id| id.trim().to_owned()),
        list: Some(list.into_iter().map(|text| Listed { text, ..Listed::default() }).collect()),
        reference: field("target", columns.target)?.map(str::to_owned),
        scores,
        ..Record::default()
    })
}

fn split_source(source: &str, best: &str) -> Result<Vec<String>, String> {
    let source = source.trim();
    if source.starts_with('[') {
        return serde_json::from_str(source)
            .map_err(|error| format!("field `source` is not a JSON list of strings: {error}"));
    }
    if source.contains('\n') {
        return Ok(source.lines().map(str::to_owned).collect());
    }
    if source.is_empty() && !best.is_empty() {
        return Ok(vec![best.to_owned()]);
    }
    let joined = (!best.is_empty())
        .then(|| source.strip_prefix(best)?.strip_prefix('.'))
        .flatten()
        .filter(|rest| rest.is_empty() || rest.starts_with(' '));
    Ok(match joined {
        Some(rest) => std::iter::once(best)
            .chain(split_joined(rest.strip_prefix(' ').unwrap_or(rest)))
            .map(str::to_owned)
            .collect(),
        None => split_joined(source).map(str::to_owned).collect(),
    })
}
