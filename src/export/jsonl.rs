//! One JSON record a line, with everything that is known of an utterance.

use std::io::Write;

use serde::Serialize;

use super::{ExportError, Item, Writer};
use crate::corpus::{Hypothesis, WordTime};

pub(super) struct Lines;

#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    nbest: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    corrected: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_ms: Option<i64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    words: &'a [WordTime],
}

#[derive(Serialize)]
#[serde(untagged)]
enum Entry<'a> {
    /// Occurs once, in the place it has here, without scores.
    Plain(&'a str),
    Full {
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        score: Option<f64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        token_scores: Option<&'a [f64]>,
        #[serde(skip_serializing_if = "Option::is_none")]
        rank: Option<u32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<u32>,
    },
}

fn entry(index: usize, one: &Hypothesis) -> Entry<'_> {
    // JSON has no words for numbers that are not finite.
    let score = one.score.filter(|score| score.is_finite());
    let finite = |scores: &&[f64]| scores.iter().all(|score| score.is_finite());
    let token_scores = one.token_scores.as_deref().filter(finite);
    let rank = Some(one.rank).filter(|rank| *rank as usize != index);
    let count = Some(one.count).filter(|count| *count != 1);
    if score.is_none() && token_scores.is_none() && rank.is_none() && count.is_none() {
        return Entry::Plain(&one.text);
    }
    Entry::Full { text: &one.text, score, token_scores, rank, count }
}

impl Writer for Lines {
    fn put(&mut self, item: &Item<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
        let utterance = item.utterance;
        let nbest = utterance.nbest.iter().enumerate();
        let line = Line {
            id: &utterance.id,
            nbest: nbest.map(|(index, one)| entry(index, one)).collect(),
            reference: utterance.reference.as_deref(),
            corrected: item.corrected,
            label: utterance.label.as_deref(),
            group: utterance.group.as_deref(),
            audio: utterance.audio.as_deref(),
            start_ms: utterance.span.map(|span| span.start_ms),
            end_ms: utterance.span.map(|span| span.end_ms),
            words: &utterance.words,
        };
        let json = serde_json::to_string(&line)
            .map_err(|source| ExportError::Json { id: utterance.id.clone(), source })?;
        Ok(writeln!(out, "{json}")?)
    }
}
