//! The data every other module speaks of.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// Version of how files become utterances. It changes when the same file would be read as
/// other utterances, so that stored runs keep those they were made from.
pub const READER_VERSION: u32 = 2;

/// One distinct hypothesis of an N-best list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hypothesis {
    /// The text exactly as the recogniser wrote it (trimmed, never normalised).
    pub text: String,
    /// Position of its first occurrence in the list as read, from 0.
    pub rank: u32,
    /// How often it occurs in the list as read, at least 1. HyPoradise pads short
    /// lists with repeats, so there this is no evidence.
    pub count: u32,
    /// The recogniser's score, a natural log-probability (average or sum, as the
    /// corpus has it); higher is better.
    pub score: Option<f64>,
    /// Natural log-probabilities of the recogniser's tokens, where the corpus has them.
    pub token_scores: Option<Vec<f64>>,
}

/// A stretch of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Where it begins, milliseconds from the start of the recording.
    pub start_ms: i64,
    /// Where it ends, milliseconds from the start of the recording.
    pub end_ms: i64,
}

/// One word of a 1-best and when it was said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordTime {
    /// The word as the recogniser wrote it, without white space.
    pub text: String,
    /// Where it begins, milliseconds from the start of the recording.
    pub start_ms: i64,
    /// Where it ends, milliseconds from the start of the recording.
    pub end_ms: i64,
}

/// One utterance: what the recogniser proposed, and what was said where it is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Utterance {
    /// Unique within its corpus.
    pub id: String,
    /// Distinct hypotheses in order of first occurrence. The first is the 1-best.
    /// Never empty: a list without any text holds one empty hypothesis.
    pub nbest: Vec<Hypothesis>,
    /// The reference transcript, exactly as read.
    pub reference: Option<String>,
    /// The class it belongs to, as it was annotated (an intent, say), for
    /// [classification](crate::classify).
    #[serde(default)]
    pub label: Option<String>,
    /// What to resample and split by (speaker, sentence); without it the reference serves.
    pub group: Option<String>,
    /// Path or name of the audio.
    pub audio: Option<String>,
    /// Where it lies in that audio.
    #[serde(default)]
    pub span: Option<Span>,
    /// The words of the 1-best with their times, in order; empty where they are not known.
    #[serde(default)]
    pub words: Vec<WordTime>,
    /// What the recogniser believed at every step, packed
    /// ([`acoustic::unpack_all`](crate::acoustic::unpack_all) reads it). Only where methods
    /// need it, and never part of a file.
    #[serde(skip)]
    pub posteriors: Option<Vec<u8>>,
    /// What else is known. Only shown to a model, and never part of a file.
    #[serde(skip)]
    pub surroundings: Surroundings,
}

/// What may help to understand an utterance. All empty where nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Transcripts of the last utterances before it, in the order in which they were said.
    pub before: Vec<String>,
    /// Transcripts of the first utterances after it, in the order in which they were said.
    pub after: Vec<String>,
    /// Names and terms of a glossary that may have been said in it.
    pub terms: Vec<String>,
}

impl Utterance {
    /// Builds an utterance from a list as read: hypotheses are trimmed, `<UNK>` becomes
    /// the empty text, repeats are merged into [`Hypothesis::count`], and the first
    /// occurrence's scores are kept. An empty list becomes one empty hypothesis.
    pub fn from_list<I>(id: impl Into<String>, list: I) -> Self
    where
        I: IntoIterator<Item = (String, Option<f64>, Option<Vec<f64>>)>,
    {
        let mut nbest: Vec<Hypothesis> = Vec::new();
        for (rank, (text, score, token_scores)) in (0_u32..).zip(list) {
            let trimmed = text.trim();
            let trimmed = if trimmed.eq_ignore_ascii_case("<unk>") { "" } else { trimmed };
            match nbest.iter_mut().find(|known| known.text == trimmed) {
                Some(known) => known.count += 1,
                None => nbest.push(Hypothesis {
                    text: trimmed.to_owned(),
                    rank,
                    count: 1,
                    score,
                    token_scores,
                }),
            }
        }
        if nbest.is_empty() {
            nbest.push(Hypothesis {
                text: String::new(),
                rank: 0,
                count: 1,
                score: None,
                token_scores: None,
            });
        }
        Self {
            id: id.into(),
            nbest,
            reference: None,
            label: None,
            group: None,
            audio: None,
            span: None,
            words: Vec::new(),
            posteriors: None,
            surroundings: Surroundings::default(),
        }
    }

    /// The recogniser's first choice.
    #[must_use]
    pub fn one_best(&self) -> &str {
        self.nbest.first().map_or("", |first| first.text.as_str())
    }

    /// The key to resample by: the group, else the reference, else the id.
    #[must_use]
    pub fn resampling_key(&self) -> &str {
        self.group.as_deref().or(self.reference.as_deref()).unwrap_or(&self.id)
    }
}

/// An id as trn and CTM files can hold it: white space, parentheses, `%` and what moves a
/// terminal's cursor are written as `%` and two hexadecimal digits for each byte.
#[must_use]
pub fn trn_id(id: &str) -> Cow<'_, str> {
    let is_plain =
        |one: char| !one.is_whitespace() && !one.is_control() && !matches!(one, '(' | ')' | '%');
    if id.chars().all(is_plain) {
        return Cow::Borrowed(id);
    }
    Cow::Owned(id.chars().fold(String::with_capacity(id.len() + 8), |mut text, one| {
        if is_plain(one) {
            text.push(one);
        } else {
            let mut bytes = [0; 4];
            let bytes = one.encode_utf8(&mut bytes).bytes();
            text.extend(bytes.map(|byte| format!("%{byte:02X}")));
        }
        text
    }))
}
