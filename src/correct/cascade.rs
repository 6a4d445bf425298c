//! `cascade`: gate, then a method, then guard.

use std::sync::Arc;

use super::{
    CorrectError, Gate, GateFeatures, Guard, Method, Prompter, Proposal, Tools, Verdict, build,
};
use crate::{
    acoustic::Posterior,
    corpus::Utterance,
    llm::{BoxFuture, LanguageModel, ScoreOutput, ScoreRequest},
    prompt::Output,
};

/// Skips what needs no model, abstains where the model does not know the kind of text, asks
/// another method, and refuses what looks like harm. What is not corrected is the 1-best.
pub(super) struct Cascade {
    gate: Gate,
    guard: Guard,
    posterior: Posterior,
    inner: Box<dyn Method>,
    model: Option<(Arc<dyn LanguageModel>, Arc<Prompter>)>,
}

impl Cascade {
    pub(super) fn new(tools: &Tools) -> Result<Self, CorrectError> {
        let parameters = &tools.parameters;
        if parameters.inner == "cascade" {
            return Err(CorrectError::UnknownMethod { name: "cascade inside cascade".into() });
        }
        Ok(Self {
            gate: parameters.gate,
            guard: parameters.guard,
            posterior: parameters.posterior,
            inner: build(&parameters.inner, tools)?,
            model: tools.model.clone(),
        })
    }

    async fn run(&self, utterance: &Utterance) -> Result<Proposal, CorrectError> {
        let features = GateFeatures::of(utterance, &self.posterior);
        if utterance.one_best().is_empty() && utterance.nbest.len() == 1 {
            return Ok(Proposal::one_best(utterance, Verdict::Gated, "nothing was recognised"));
        }
        if let Some(reason) = self.gate.skips(&features) {
            return Ok(Proposal::one_best(utterance, Verdict::Gated, reason));
        }
        if let Some(reason) = self.is_spelled_out(utterance) {
            return Ok(Proposal::one_best(utterance, Verdict::Abstained, reason));
        }
        let known = match &self.model {
            Some(model) if self.asks_about_the_one_best() => {
                Some(self.one_best_score(model, utterance).await?)
            }
            _ => None,
        };
        if let Some(output) = &known {
            let mean = output.scores.first().map_or(0.0, crate::llm::Scored::mean);
            if mean < self.gate.min_logprob {
                let reason = format!(
                    "the model gives the 1-best {mean:.2} nats a token, below {:.2}: it does \
                     not know this kind of text",
                    self.gate.min_logprob
                );
                let mut proposal = Proposal::one_best(utterance, Verdict::Abstained, reason);
                count(&mut proposal, output);
                return Ok(proposal);
            }
        }
        let mut proposal = self.inner.propose(utterance).await?;
        if let Some(output) = &known {
            count(&mut proposal, output);
        }
        let refusal = self
            .guard
            .refuses(utterance, &proposal.text)
            .or_else(|| self.refuses_gain(utterance, &proposal, known.as_ref()?));
        Ok(match refusal {
            Some(reason) => proposal.fall_back(utterance, Verdict::Refused, reason),
            None => proposal,
        })
    }

    /// Why the list is of a kind that the model's vocabulary was not made for, if it is.
    fn is_spelled_out(&self, utterance: &Utterance) -> Option<String> {
        let (model, prompter) = self.model.as_ref()?;
        let most = self.gate.max_tokens_per_word.or(model.info().max_tokens_per_word)?;
        let rate = |text: &str| {
            let tokens = prompter.answer_tokens(model.as_ref(), text).len();
            tokens as f64 / text.split_whitespace().count().max(1) as f64
        };
        // The least of all: a misheard name is spelled out in some hypotheses, not in all.
        let texts = utterance.nbest.iter().map(|hypothesis| hypothesis.text.as_str());
        let least = texts.filter(|text| !text.is_empty()).map(rate).fold(f64::INFINITY, f64::min);
        (least > most).then(|| {
            format!(
                "the model's vocabulary spells the list out, {least:.2} tokens a word, above \
                 {most:.2}: it does not know this kind of text"
            )
        })
    }

    fn asks_about_the_one_best(&self) -> bool {
        // A prompt that asks for a label says nothing about the 1-best as the answer.
        let asks_for_text = self
            .model
            .as_ref()
            .is_some_and(|(_, prompter)| prompter.template().header().output == Output::Text);
        asks_for_text && (self.gate.min_logprob.is_finite() || self.guard.min_gain.is_finite())
    }

    /// The guard's question about probabilities, where the method's log-probability is that
    /// of the proposed text (and not of a label, or of a text mapped to another).
    fn refuses_gain(
        &self,
        utterance: &Utterance,
        proposal: &Proposal,
        known: &ScoreOutput,
    ) -> Option<String> {
        let (_, prompter) = self.model.as_ref()?;
        let written = prompter.answer_text(proposal.raw.as_deref()?);
        if written != proposal.text || proposal.text == utterance.one_best() {
            return None;
        }
        self.guard.refuses_gain(proposal.logprob?, known.scores.first()?.sum())
    }

    /// How probable the model finds the 1-best as the answer.
    async fn one_best_score(
        &self,
        (model, prompter): &(Arc<dyn LanguageModel>, Arc<Prompter>),
        utterance: &Utterance,
    ) -> Result<ScoreOutput, CorrectError> {
        let (answer, with_end) = prompter.whole_answer(model.as_ref(), utterance.one_best());
        // The same room as the method will ask for, so that both see the same prompt.
        let room = super::prompter::answer_budget(model.as_ref(), prompter, utterance);
        let prompt = prompter.prompt(model.as_ref(), utterance, room.max(answer.len()))?.tokens;
        let request = ScoreRequest { prompt, continuations: vec![answer], with_end };
        Ok(model.score(request).await?)
    }
}

fn count(proposal: &mut Proposal, output: &ScoreOutput) {
    proposal.prompt_tokens += output.prompt_tokens;
    proposal.output_tokens += output.scored_tokens;
}

impl Method for Cascade {
    fn name(&self) -> &'static str {
        "cascade"
    }

    fn propose<'a>(
        &'a self,
        utterance: &'a Utterance,
    ) -> BoxFuture<'a, Result<Proposal, CorrectError>> {
        Box::pin(self.run(utterance))
    }
}
