//! `uadf`: decoding fused with the recogniser.

use std::sync::Arc;

use super::{CorrectError, Method, Proposal, Tools, generate::Generate, heard::Hearing};
use crate::{
    corpus::Utterance,
    fusion::{Uadf, UadfHook},
    llm::BoxFuture,
};

/// Uncertainty-aware dynamic fusion (arXiv 2402.05457), the recogniser's side taken from
/// what it recorded, or from the bare list. See [`crate::fusion`].
pub(super) struct UadfMethod {
    generate: Generate,
    hearing: Hearing,
    parameters: Uadf,
}

impl UadfMethod {
    pub(super) fn new(tools: &Tools) -> Result<Self, CorrectError> {
        Ok(Self {
            generate: Generate::named("uadf", tools)?,
            hearing: Hearing::new(tools),
            parameters: tools.parameters.uadf,
        })
    }

    async fn decode(&self, utterance: &Utterance) -> Result<Proposal, CorrectError> {
        let trie = self.hearing.trie(utterance)?;
        let hook = Box::new(UadfHook::new(Arc::new(trie), self.parameters));
        self.generate.decode_with(utterance, hook).await
    }
}

impl Method for UadfMethod {
    fn name(&self) -> &'static str {
        "uadf"
    }

    fn propose<'a>(
        &'a self,
        utterance: &'a Utterance,
    ) -> BoxFuture<'a, Result<Proposal, CorrectError>> {
        Box::pin(self.decode(utterance))
    }
}
