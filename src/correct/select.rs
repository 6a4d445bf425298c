//! `select`: one forward pass, the most probable label.

use std::sync::Arc;

use super::{CorrectError, Method, Prompter, Proposal, Tools};
use crate::{
    corpus::Utterance,
    llm::{BoxFuture, LanguageModel, ScoreRequest, TokenId},
    prompt::{Output, labels},
};

/// Ranks the hypotheses by the probability of their labels as the next token, as FIRST does
/// (arXiv 2406.15657). Whatever the hypotheses say, the result is one of them.
pub(super) struct Select {
    model: Arc<dyn LanguageModel>,
    prompter: Arc<Prompter>,
}

impl Select {
    pub(super) fn new(tools: &Tools) -> Result<Self, CorrectError> {
        let (model, prompter) = tools.model("select")?;
        prompter.expect("select", Output::Label)?;
        Ok(Self { model, prompter })
    }

    async fn select(&self, utterance: &Utterance) -> Result<Proposal, CorrectError> {
        if utterance.nbest.len() < 2 {
            return Ok(Proposal::new(utterance, utterance.one_best()));
        }
        let all = labels(utterance.nbest.len());
        let first_token = |label: &String| -> Option<TokenId> {
            self.prompter.answer_tokens(self.model.as_ref(), label).last().copied()
        };
        let prompt = self.prompter.prompt(self.model.as_ref(), utterance, 1)?;
        let shown = prompt.hypotheses.min(all.len());
        let continuations: Vec<Vec<TokenId>> =
            all[..shown].iter().map(|label| first_token(label).into_iter().collect()).collect();
        let request = ScoreRequest { prompt: prompt.tokens, continuations, with_end: false };
        let output = self.model.score(request).await?;
        let best = output
            .scores
            .iter()
            .map(crate::llm::Scored::sum)
            .enumerate()
            .reduce(|best, next| if next.1 > best.1 { next } else { best });
        let (index, logprob) = best.unwrap_or((0, 0.0));
        let mut proposal = Proposal::new(utterance, utterance.nbest[index].text.clone());
        proposal.raw = Some(all[index].clone());
        proposal.logprob = Some(logprob);
        proposal.prompt_tokens = output.prompt_tokens;
        proposal.output_tokens = 1;
        Ok(proposal)
    }
}

impl Method for Select {
    fn name(&self) -> &'static str {
        "select"
    }

    fn propose<'a>(
        &'a self,
        utterance: &'a Utterance,
    ) -> BoxFuture<'a, Result<Proposal, CorrectError>> {
        Box::pin(self.select(utterance))
    }
}
