//! A JSON array of records, as HyPoradise is published, with as many repeats as were read.

use std::io::Write;

use serde::Serialize;

use super::{ExportError, Item, Writer, as_listed};

#[derive(Default)]
pub(super) struct Records {
    any: bool,
}

#[derive(Serialize)]
struct Record<'a> {
    id: &'a str,
    input: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a str>,
    /// One for each entry of `input`.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<Vec<Option<f64>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    corrected: Option<&'a str>,
}

impl Writer for Records {
    fn begin(&mut self, out: &mut dyn Write) -> Result<(), ExportError> {
        Ok(write!(out, "[")?)
    }

    fn put(&mut self, item: &Item<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
        let utterance = item.utterance;
        let list = as_listed(&utterance.nbest);
        let scores: Vec<_> =
            list.iter().map(|one| one.score.filter(|score| score.is_finite())).collect();
        let record = Record {
            id: &utterance.id,
            input: list.iter().map(|one| one.text.as_str()).collect(),
            output: utterance.reference.as_deref(),
            score: scores.iter().any(Option::is_some).then_some(scores),
            corrected: item.corrected,
        };
        let json = serde_json::to_string(&record)
            .map_err(|source| ExportError::Json { id: utterance.id.clone(), source })?;
        let comma = if std::mem::replace(&mut self.any, true) { "," } else { "" };
        Ok(write!(out, "{comma}\n{json}")?)
    }

    fn end(&mut self, out: &mut dyn Write) -> Result<(), ExportError> {
        Ok(writeln!(out, "\n]")?)
    }
}
