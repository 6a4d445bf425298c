//! What was heard, for the methods that fuse it or stay inside it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use super::{CorrectError, Tools};
use crate::{
    acoustic::{self, Calibration, Pieces, Posterior, Trie},
    corpus::Utterance,
};

/// Tries that are kept: a few more than utterances are in flight.
const KEPT: usize = 512;

/// Tries that were made, for the next method that works on the same utterance. Clones share
/// them.
#[derive(Debug, Clone, Default)]
pub struct Tries(Arc<Mutex<Shelf>>);

/// The newest last.
type Shelf = VecDeque<(Key, Arc<Trie>)>;

/// An utterance's content, and how it becomes a trie.
#[derive(Debug, Clone, PartialEq)]
struct Key {
    utterance: blake3::Hash,
    posterior: Posterior,
    calibration: Calibration,
    recorded: bool,
}

/// From an utterance to its acoustic trie.
pub(super) struct Hearing {
    posterior: Posterior,
    calibration: Calibration,
    pieces: Option<Arc<Pieces>>,
    tries: Tries,
}

impl Hearing {
    pub(super) fn new(tools: &Tools) -> Self {
        let parameters = &tools.parameters;
        let pieces = tools.pieces.clone().filter(|_| !parameters.list_only);
        Self {
            posterior: parameters.posterior,
            calibration: parameters.calibration,
            pieces,
            tries: tools.tries.clone(),
        }
    }

    /// Whether the utterance has a record that can be read.
    pub(super) fn is_recorded(&self, utterance: &Utterance) -> bool {
        utterance.posteriors.is_some() && self.pieces.is_some()
    }

    /// The trie of what the recogniser recorded where there is a record, else of the list.
    pub(super) fn trie(&self, utterance: &Utterance) -> Result<Arc<Trie>, CorrectError> {
        let record = utterance.posteriors.as_deref().zip(self.pieces.as_deref());
        let key = Key {
            utterance: hash(utterance, record.map(|(packed, _)| packed)),
            posterior: self.posterior,
            calibration: self.calibration,
            recorded: record.is_some(),
        };
        if let Some(known) = self.tries.find(&key) {
            return Ok(known);
        }
        let trie = match record {
            Some((packed, pieces)) => {
                Trie::from_records(&acoustic::unpack_all(packed)?, pieces, &self.calibration)?
            }
            None => {
                let weights = acoustic::posterior(&utterance.nbest, &self.posterior);
                let texts = utterance.nbest.iter().map(|hypothesis| hypothesis.text.as_str());
                Trie::new(texts.zip(weights))
            }
        };
        let trie = Arc::new(trie);
        self.tries.keep(key, Arc::clone(&trie));
        Ok(trie)
    }
}

impl Tries {
    fn find(&self, key: &Key) -> Option<Arc<Trie>> {
        let tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tries.iter().rev().find(|(known, _)| known == key).map(|(_, trie)| Arc::clone(trie))
    }

    fn keep(&self, key: Key, trie: Arc<Trie>) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tries.len() >= KEPT {
            tries.pop_front();
        }
        tries.push_back((key, trie));
    }
}

/// Of all that a trie is made of. Not of the id: a rewritten list has the same.
fn hash(utterance: &Utterance, record: Option<&[u8]>) -> blake3::Hash {
    if let Some(record) = record {
        return blake3::hash(record);
    }
    let mut hasher = blake3::Hasher::new();
    for known in &utterance.nbest {
        hasher.update(known.text.as_bytes());
        hasher.update(&[0]);
        hasher.update(&known.score.unwrap_or(f64::NAN).to_le_bytes());
        hasher.update(&known.count.to_le_bytes());
        for score in known.token_scores.iter().flatten() {
            hasher.update(&score.to_le_bytes());
        }
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::correct::Parameters;

    fn list(texts: &[(&str, f64)]) -> Utterance {
        let list = texts.iter().map(|(text, score)| ((*text).to_owned(), Some(*score), None));
        Utterance::from_list("u", list)
    }

    #[test]
    fn methods_share_the_trie_of_an_utterance_and_of_none_that_differs() {
        let tools = Tools {
            model: None,
            parameters: Parameters::default(),
            pieces: None,
            learned: None,
            tries: Tries::default(),
        };
        let mut warm = tools.clone();
        warm.parameters.posterior.score_temperature = 1.0;
        let (one, other, warm) = (Hearing::new(&tools), Hearing::new(&tools), Hearing::new(&warm));
        let utterance = list(&[("a b", -0.1), ("a c", -0.3)]);
        let trie = one.trie(&utterance).unwrap();
        assert!(Arc::ptr_eq(&trie, &other.trie(&utterance).unwrap()));
        assert!(!Arc::ptr_eq(&trie, &warm.trie(&utterance).unwrap()));
        let scored = list(&[("a b", -0.1), ("a c", -0.2)]);
        assert!(!Arc::ptr_eq(&trie, &one.trie(&scored).unwrap()));
        for number in 0..2 * KEPT {
            one.trie(&list(&[(&format!("w{number}"), 0.0)])).unwrap();
        }
        assert_eq!(tools.tries.0.lock().unwrap().len(), KEPT);
    }
}
