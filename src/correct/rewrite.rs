//! `rewrite`: a table of phrases.

use std::sync::Arc;

use super::{CorrectError, Learned, Method, Proposal, Tools};
use crate::{corpus::Utterance, llm::BoxFuture};

/// Replaces the phrases of the 1-best that the profile's table knows. See [`crate::rewrite`].
pub(super) struct Rewrite {
    learned: Arc<Learned>,
}

impl Rewrite {
    pub(super) fn new(tools: &Tools) -> Result<Self, CorrectError> {
        let learned = tools.learned.clone();
        Ok(Self { learned: learned.ok_or(CorrectError::NeedsProfile { method: "rewrite" })? })
    }
}

impl Method for Rewrite {
    fn name(&self) -> &'static str {
        "rewrite"
    }

    fn propose<'a>(
        &'a self,
        utterance: &'a Utterance,
    ) -> BoxFuture<'a, Result<Proposal, CorrectError>> {
        let text = self.learned.rewrite.rewrite(utterance.one_best());
        Box::pin(std::future::ready(Ok(Proposal::new(utterance, text))))
    }
}
