//! `closest`: the hypothesis nearest to what the model writes.

use super::{
    CorrectError, Method, Proposal, Tools, Verdict, distance::word_distance, generate::Generate,
};
use crate::{corpus::Utterance, llm::BoxFuture};

/// Generates freely, then maps to the hypothesis at the least word edit distance (arXiv
/// 2307.04172), the earlier one among equals. Cannot invent words.
pub(super) struct Closest {
    generate: Generate,
}

impl Closest {
    pub(super) fn new(tools: &Tools) -> Result<Self, CorrectError> {
        Ok(Self { generate: Generate::named("closest", tools)? })
    }

    async fn map(&self, utterance: &Utterance) -> Result<Proposal, CorrectError> {
        if utterance.nbest.len() < 2 {
            return Ok(Proposal::new(utterance, utterance.one_best()));
        }
        let mut proposal = self.generate.decode(utterance).await?;
        let nearest = utterance
            .nbest
            .iter()
            .min_by_key(|hypothesis| word_distance(&hypothesis.text, &proposal.text));
        proposal.text = nearest.map_or_else(String::new, |hypothesis| hypothesis.text.clone());
        let kept = proposal.text == utterance.one_best();
        proposal.verdict = if kept { Verdict::Kept } else { Verdict::Corrected };
        Ok(proposal)
    }
}

impl Method for Closest {
    fn name(&self) -> &'static str {
        "closest"
    }

    fn propose<'a>(
        &'a self,
        utterance: &'a Utterance,
    ) -> BoxFuture<'a, Result<Proposal, CorrectError>> {
        Box::pin(self.map(utterance))
    }
}
