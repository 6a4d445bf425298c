//! `uadf` and `static-fusion`: decoding fused with the recogniser.

use std::sync::Arc;

use super::{CorrectError, Method, Proposal, Tools, generate::Generate, heard::Hearing};
use crate::{
    corpus::Utterance,
    fusion::{Fusion, FusionHook},
    llm::BoxFuture,
};

/// Greedy decoding in which each step is fused with what the recogniser recorded, or with the
/// bare list. See [`crate::fusion`].
pub(super) struct Fused {
    name: &'static str,
    generate: Generate,
    hearing: Hearing,
    fusion: Fusion,
    /// Where there is a record of what was heard.
    recorded: Fusion,
    confidence_tau: f64,
}

impl Fused {
    /// Uncertainty-aware dynamic fusion (arXiv 2402.05457).
    pub(super) fn uadf(tools: &Tools) -> Result<Self, CorrectError> {
        let fusion = &tools.parameters.fusion;
        Self::new("uadf", tools, [fusion.dynamic(false), fusion.dynamic(true)])
    }

    /// A weight that is the same at every step, the baseline of the same paper.
    pub(super) fn with_static_weight(tools: &Tools) -> Result<Self, CorrectError> {
        let fusion = tools.parameters.fusion.fixed();
        Self::new("static-fusion", tools, [fusion, fusion])
    }

    fn new(
        name: &'static str,
        tools: &Tools,
        [fusion, recorded]: [Fusion; 2],
    ) -> Result<Self, CorrectError> {
        let generate = Generate::named(name, tools)?;
        let confidence_tau = tools.parameters.fusion.confidence_tau;
        Ok(Self { name, generate, hearing: Hearing::new(tools), fusion, recorded, confidence_tau })
    }

    async fn decode(&self, utterance: &Utterance) -> Result<Proposal, CorrectError> {
        let trie = self.hearing.trie(utterance)?;
        let heard = self.hearing.is_recorded(utterance);
        let fusion = if heard { self.recorded } else { self.fusion };
        let hook = Box::new(FusionHook::new(Arc::clone(&trie), fusion));
        let mut proposal = self.generate.decode_with(utterance, hook, trie).await?;
        for confidence in &mut proposal.confidences {
            *confidence = confidence.powf(1.0 / self.confidence_tau);
        }
        Ok(proposal)
    }
}

impl Method for Fused {
    fn name(&self) -> &'static str {
        self.name
    }

    fn propose<'a>(
        &'a self,
        utterance: &'a Utterance,
    ) -> BoxFuture<'a, Result<Proposal, CorrectError>> {
        Box::pin(self.decode(utterance))
    }
}
