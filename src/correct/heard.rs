//! What was heard, for the methods that fuse it or stay inside it.

use std::sync::Arc;

use super::{CorrectError, Tools};
use crate::{
    acoustic::{self, Calibration, Pieces, Posterior, Trie},
    corpus::Utterance,
};

/// From an utterance to its acoustic trie.
pub(super) struct Hearing {
    posterior: Posterior,
    calibration: Calibration,
    pieces: Option<Arc<Pieces>>,
}

impl Hearing {
    pub(super) fn new(tools: &Tools) -> Self {
        let parameters = &tools.parameters;
        let pieces = tools.pieces.clone().filter(|_| !parameters.list_only);
        Self { posterior: parameters.posterior, calibration: parameters.calibration, pieces }
    }

    /// The trie of what the recogniser recorded where there is a record, else of the list.
    pub(super) fn trie(&self, utterance: &Utterance) -> Result<Trie, CorrectError> {
        if let (Some(packed), Some(pieces)) = (&utterance.posteriors, &self.pieces) {
            let records = acoustic::unpack_all(packed)?;
            return Ok(Trie::from_records(&records, pieces, &self.calibration)?);
        }
        let weights = acoustic::posterior(&utterance.nbest, &self.posterior);
        let texts = utterance.nbest.iter().map(|hypothesis| hypothesis.text.as_str());
        Ok(Trie::new(texts.zip(weights)))
    }
}
