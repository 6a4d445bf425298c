//! `1best`: the recogniser's first choice.

use super::{CorrectError, Method, Proposal};
use crate::{corpus::Utterance, llm::BoxFuture};

/// Changes nothing: the baseline.
pub(super) struct OneBest;

impl Method for OneBest {
    fn name(&self) -> &'static str {
        "1best"
    }

    fn propose<'a>(
        &'a self,
        utterance: &'a Utterance,
    ) -> BoxFuture<'a, Result<Proposal, CorrectError>> {
        Box::pin(async move { Ok(Proposal::new(utterance, utterance.one_best())) })
    }
}
