//! `lm-rank`: rescoring with the language model.

use std::sync::Arc;

use super::{CorrectError, Method, Prompter, Proposal, Tools};
use crate::{
    acoustic::{self, Posterior},
    corpus::Utterance,
    llm::{BoxFuture, LanguageModel, ScoreRequest},
    prompt::Output,
};

/// The hypothesis with the highest sum of the model's log-probability (the end of the text
/// included) and the weighted logarithm of the list's posterior.
pub(super) struct LmRank {
    model: Arc<dyn LanguageModel>,
    prompter: Arc<Prompter>,
    posterior: Posterior,
    list_weight: f64,
}

impl LmRank {
    pub(super) fn new(tools: &Tools) -> Result<Self, CorrectError> {
        let (model, prompter) = tools.model("lm-rank")?;
        prompter.expect("lm-rank", Output::Text)?;
        let posterior = tools.parameters.posterior;
        Ok(Self { model, prompter, posterior, list_weight: tools.parameters.list_weight })
    }

    async fn rank(&self, utterance: &Utterance) -> Result<Proposal, CorrectError> {
        if utterance.nbest.len() < 2 {
            return Ok(Proposal::new(utterance, utterance.one_best()));
        }
        let mut with_end = true;
        let mut continuations = Vec::with_capacity(utterance.nbest.len());
        for hypothesis in &utterance.nbest {
            let (tokens, end) = self.prompter.whole_answer(self.model.as_ref(), &hypothesis.text);
            with_end = end;
            continuations.push(tokens);
        }
        let answer = continuations.iter().map(Vec::len).max().unwrap_or(0);
        let prompt = self.prompter.prompt(self.model.as_ref(), utterance, answer)?.tokens;
        let request = ScoreRequest { prompt, continuations, with_end };
        let output = self.model.score(request).await?;
        let weights = acoustic::posterior(&utterance.nbest, &self.posterior);
        let best = output
            .scores
            .iter()
            .zip(&weights)
            .map(|(scored, weight)| {
                let listed =
                    if self.list_weight == 0.0 { 0.0 } else { self.list_weight * weight.ln() };
                (scored.sum() + listed, scored.sum())
            })
            .enumerate()
            .reduce(|best, next| if next.1.0 > best.1.0 { next } else { best });
        let (index, logprob) = best.map_or((0, 0.0), |(index, (_, logprob))| (index, logprob));
        let mut proposal = Proposal::new(utterance, utterance.nbest[index].text.clone());
        proposal.logprob = Some(logprob);
        proposal.prompt_tokens = output.prompt_tokens;
        proposal.output_tokens = output.scored_tokens;
        Ok(proposal)
    }
}

impl Method for LmRank {
    fn name(&self) -> &'static str {
        "lm-rank"
    }

    fn propose<'a>(
        &'a self,
        utterance: &'a Utterance,
    ) -> BoxFuture<'a, Result<Proposal, CorrectError>> {
        Box::pin(self.rank(utterance))
    }
}
