//! The data every other module speaks of.

use serde::{Deserialize, Serialize};

/// Version of how files become utterances. It changes when the same file would be read as
/// other utterances, so that stored runs keep those they were made from.
pub const READER_VERSION: u32 = 1;

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
    /// What to resample and split by (speaker, sentence); without it the reference serves.
    pub group: Option<String>,
    /// Path or name of the audio.
    pub audio: Option<String>,
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
        Self { id: id.into(), nbest, reference: None, group: None, audio: None }
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
