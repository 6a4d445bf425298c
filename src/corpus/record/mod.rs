//! One record of the two JSON formats.

mod fields;

use super::ids::Ids;
use super::{Span, Utterance, WordTime};

/// A hypothesis as listed.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) text: String,
    pub(super) score: Option<f64>,
    pub(super) token_scores: Option<Vec<f64>>,
    /// Its place in a list that had more entries than this one.
    pub(super) rank: Option<u32>,
    /// For how many entries it stands.
    pub(super) count: Option<u32>,
}

/// A record as written; the fields are those of the [module's table](super#records).
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) id: Option<String>,
    pub(super) list: Option<Vec<Listed>>,
    pub(super) best: Option<String>,
    pub(super) others: Option<String>,
    /// The recogniser's own choice, which its list need not begin with.
    pub(super) chosen: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) scores: Option<Vec<Option<f64>>>,
    pub(super) token_scores: Option<Vec<Option<Vec<f64>>>>,
    pub(super) label: Option<String>,
    pub(super) group: Option<String>,
    pub(super) audio: Option<String>,
    pub(super) start_ms: Option<i64>,
    pub(super) end_ms: Option<i64>,
    pub(super) words: Vec<WordTime>,
}

impl Record {
    /// Checks the lengths and builds the utterance; the message says what is wrong.
    pub(super) fn into_utterance(self, ids: &mut Ids) -> Result<Utterance, String> {
        let mut list = match (self.list, self.best, &self.chosen) {
            (Some(list), ..) => list,
            (None, Some(best), _) => {
                let best = best.trim_end();
                let mut list = vec![bare(best.strip_suffix('.').unwrap_or(best))];
                list.extend(split_joined(self.others.as_deref().unwrap_or("")).map(bare));
                list
            }
            (None, None, Some(_)) => Vec::new(),
            (None, None, None) => {
                return Err("the record has no field `input` or `nbest`".to_owned());
            }
        };
        if let Some(scores) = self.scores {
            check_length("score", scores.len(), list.len())?;
            for (hypothesis, score) in list.iter_mut().zip(scores) {
                hypothesis.score = hypothesis.score.or(score);
            }
        }
        if let Some(token_scores) = self.token_scores {
            check_length("token score list", token_scores.len(), list.len())?;
            for (hypothesis, scores) in list.iter_mut().zip(token_scores) {
                if hypothesis.token_scores.is_none() {
                    hypothesis.token_scores = scores;
                }
            }
        }
        if let Some(chosen) = self.chosen {
            let place = list.iter().position(|one| one.text.trim() == chosen.trim());
            let chosen = place.map_or_else(|| bare(&chosen), |place| list.remove(place));
            list.insert(0, chosen);
        }
        let span = match (self.start_ms, self.end_ms) {
            (Some(start_ms), Some(end_ms)) => Some(Span { start_ms, end_ms }),
            (None, None) => None,
            _ => return Err("`start_ms` and `end_ms` belong together".to_owned()),
        };
        let mut utterance = utterance(ids.assign(self.id), list);
        utterance.reference = self.reference.map(trimmed);
        utterance.label = self.label;
        utterance.group = self.group;
        utterance.audio = self.audio;
        utterance.span = span;
        utterance.words = self.words;
        Ok(utterance)
    }
}

/// Builds the utterance; ranks and counts that were written stand for those of the list.
fn utterance(id: String, list: Vec<Listed>) -> Utterance {
    let written: Vec<_> = list.iter().map(|one| (one.rank, one.count)).collect();
    let list = list.into_iter().map(|one| (one.text, one.score, one.token_scores));
    let mut utterance = Utterance::from_list(id, list);
    for hypothesis in &mut utterance.nbest {
        let Some((rank, count)) = written.get(hypothesis.rank as usize) else { continue };
        hypothesis.rank = rank.unwrap_or(hypothesis.rank);
        hypothesis.count += count.unwrap_or(1).saturating_sub(1);
    }
    utterance
}

/// Takes the outer white space off, without a copy where there is none.
fn trimmed(text: String) -> String {
    if text.trim().len() == text.len() { text } else { text.trim().to_owned() }
}

fn bare(text: &str) -> Listed {
    Listed { text: text.to_owned(), ..Listed::default() }
}

fn check_length(what: &str, found: usize, hypotheses: usize) -> Result<(), String> {
    if found == hypotheses {
        return Ok(());
    }
    let plural = if found == 1 { "" } else { "s" };
    Err(format!("{found} {what}{plural} for {hypotheses} hypotheses; expected one for each"))
}

/// Splits hypotheses that were joined by closing each with `. `.
pub(super) fn split_joined(joined: &str) -> impl Iterator<Item = &str> {
    let joined = joined.trim_end();
    let joined = joined.strip_suffix('.').unwrap_or(joined);
    let parts = if joined.trim().is_empty() { None } else { Some(joined.split(". ")) };
    parts.into_iter().flatten()
}

/// What a JSON error says, without the position it ends with.
pub(super) fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&position).unwrap_or(&text).to_owned()
}
