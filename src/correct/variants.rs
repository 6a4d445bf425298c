//! `variants`: what may have been said beside what the recogniser wrote.

use std::sync::Arc;

use super::{CorrectError, Learned, Method, Prompter, Proposal, Tools};
use crate::{
    acoustic::Posterior,
    corpus::Utterance,
    llm::{BoxFuture, LanguageModel, ScoreRequest},
    prompt::Output,
    variants::Candidate,
};

/// The best of what a profile's [variants](crate::variants) make of the list. Where the profile
/// has learned what the language model's opinion is worth and there is one, it is asked about
/// each, in the place of the answer to the list as it was heard.
pub(super) struct Variants {
    learned: Arc<Learned>,
    posterior: Posterior,
    model: Option<(Arc<dyn LanguageModel>, Arc<Prompter>)>,
}

/// What the model thinks of candidates, and what it cost to know.
pub(crate) struct Opinion {
    pub(crate) logprobs: Vec<f64>,
    prompt_tokens: u32,
    output_tokens: u32,
}

impl Variants {
    pub(super) fn new(tools: &Tools) -> Result<Self, CorrectError> {
        let learned = tools.learned.clone();
        let learned = learned.ok_or(CorrectError::NeedsProfile { method: "variants" })?;
        let posterior = tools.parameters.posterior;
        let model = tools.model.clone().filter(|_| learned.chooses_with_model());
        if let Some((_, prompter)) = &model {
            prompter.expect("variants", Output::Text)?;
        }
        Ok(Self { learned, posterior, model })
    }

    async fn run(&self, utterance: &Utterance) -> Result<Proposal, CorrectError> {
        let Some(variants) = &self.learned.variants else {
            let text = self.learned.rewrite.rewrite(utterance.one_best());
            return Ok(Proposal::new(utterance, text));
        };
        let candidates = self.learned.candidates(utterance, &self.posterior);
        let opinion = match &self.model {
            Some(model) if candidates.len() > 1 => {
                Some(Opinion::of(model, utterance, &candidates).await?)
            }
            _ => None,
        };
        let logprobs = opinion.as_ref().map(|opinion| opinion.logprobs.as_slice());
        let best = variants.best(&candidates, logprobs);
        let text = best.and_then(|best| candidates.get(best)).map_or("", |best| &best.text);
        let mut proposal = Proposal::new(utterance, super::as_listed(utterance, text.to_owned()));
        if let Some(opinion) = opinion {
            proposal.logprob = best.and_then(|best| opinion.logprobs.get(best).copied());
            proposal.prompt_tokens = opinion.prompt_tokens;
            proposal.output_tokens = opinion.output_tokens;
        }
        Ok(proposal)
    }
}

impl Opinion {
    /// Asks about each candidate, in the place of the answer to the list as it was heard.
    pub(crate) async fn of(
        (model, prompter): &(Arc<dyn LanguageModel>, Arc<Prompter>),
        utterance: &Utterance,
        candidates: &[Candidate],
    ) -> Result<Self, CorrectError> {
        let mut with_end = true;
        let mut continuations = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            let (tokens, end) = prompter.whole_answer(model.as_ref(), &candidate.text);
            with_end = end;
            continuations.push(tokens);
        }
        let room = continuations.iter().map(Vec::len).max().unwrap_or(0);
        let prompt = prompter.prompt(model.as_ref(), utterance, room)?.tokens;
        let output = model.score(ScoreRequest { prompt, continuations, with_end }).await?;
        Ok(Self {
            logprobs: output.scores.iter().map(crate::llm::Scored::sum).collect(),
            prompt_tokens: output.prompt_tokens,
            output_tokens: output.scored_tokens,
        })
    }
}

impl Method for Variants {
    fn name(&self) -> &'static str {
        "variants"
    }

    fn propose<'a>(
        &'a self,
        utterance: &'a Utterance,
    ) -> BoxFuture<'a, Result<Proposal, CorrectError>> {
        Box::pin(self.run(utterance))
    }
}
