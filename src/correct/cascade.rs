//! `cascade`: gate, then rewriting, then a method, then guard.

use std::sync::Arc;

use super::{
    CorrectError, Gate, GateFeatures, Guard, Learned, Method, Prompter, Proposal, ProposalFeatures,
    Tools, Verdict, build, needs,
};
use crate::{
    acoustic::Posterior,
    corpus::Utterance,
    learn::Acceptance,
    llm::{BoxFuture, LanguageModel, ScoreOutput, ScoreRequest},
    prompt::Output,
};

/// Skips what needs no model, rewrites what a profile knows, abstains where the model does not
/// know the kind of text, asks another method, and refuses what looks like harm. What is not
/// corrected is the 1-best, rewritten where a profile says so.
pub(crate) struct Cascade {
    gate: Gate,
    guard: Guard,
    posterior: Posterior,
    inner: Box<dyn Method>,
    model: Option<(Arc<dyn LanguageModel>, Arc<Prompter>)>,
    learned: Option<Arc<Learned>>,
    /// Whether something looks at the log-probability of the 1-best.
    asks: bool,
}

/// What the cascade knows before it decides.
pub(crate) struct Considered {
    /// What the inner method made of the (rewritten) list.
    pub(crate) proposal: Proposal,
    /// What speaks for and against it.
    pub(crate) features: ProposalFeatures,
    /// What the model thinks of the (rewritten) 1-best, where it was asked.
    known: Option<ScoreOutput>,
}

impl Cascade {
    pub(crate) fn new(tools: &Tools) -> Result<Self, CorrectError> {
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
            learned: tools.learned.clone(),
            asks: needs::asks_about_the_one_best(tools),
        })
    }

    async fn run(&self, raw: &Utterance) -> Result<Proposal, CorrectError> {
        if raw.one_best().is_empty() && raw.nbest.len() == 1 {
            return Ok(Proposal::one_best(raw, Verdict::Gated, "nothing was recognised"));
        }
        if self.inner.name() == "variants" {
            return self.best_variant(raw).await;
        }
        let rewritten =
            self.learned.as_ref().map(|learned| learned.rewritten(raw, &self.posterior));
        // A table is made of a corpus, and what it does elsewhere is judged like any correction.
        let rewritten =
            rewritten.filter(|rewritten| self.guard.refuses(raw, rewritten.one_best()).is_none());
        let utterance = rewritten.as_deref().unwrap_or(raw);
        if let Some((verdict, reason)) = self.stands(utterance) {
            return Ok(settled(raw, utterance, verdict, reason));
        }
        let known = self.known(utterance).await?;
        if let Some(reason) = known.as_ref().and_then(|known| self.is_unknown(known)) {
            let mut proposal = settled(raw, utterance, Verdict::Abstained, reason);
            known.iter().for_each(|known| count(&mut proposal, known));
            return Ok(proposal);
        }
        let considered = self.propose(utterance, known, self.decides_by_rule()).await?;
        let refusal = self
            .guard
            .refuses(raw, &considered.proposal.text)
            .or_else(|| self.guard.refuses(utterance, &considered.proposal.text))
            .or_else(|| self.refuses(utterance, &considered));
        let Considered { mut proposal, known, .. } = considered;
        known.iter().for_each(|known| count(&mut proposal, known));
        if let Some(reason) = refusal {
            let refused = settled(raw, utterance, Verdict::Refused, reason);
            return Ok(Proposal {
                text: refused.text,
                verdict: refused.verdict,
                reason: refused.reason,
                confidences: Vec::new(),
                ..proposal
            });
        }
        proposal.verdict = verdict_of(raw, &proposal.text);
        Ok(proposal)
    }

    /// What was learned to choose from the list as it was heard, by features that were judged
    /// on other utterances: only the guard has a say.
    async fn best_variant(&self, raw: &Utterance) -> Result<Proposal, CorrectError> {
        let mut proposal = self.inner.propose(raw).await?;
        match self.guard.refuses(raw, &proposal.text) {
            Some(reason) => Ok(proposal.fall_back(raw, Verdict::Refused, reason)),
            None => {
                proposal.verdict = verdict_of(raw, &proposal.text);
                Ok(proposal)
            }
        }
    }

    /// What the inner method proposes, and what is known of it, whatever gate and guard think.
    pub(crate) async fn consider(&self, utterance: &Utterance) -> Result<Considered, CorrectError> {
        let known = self.known(utterance).await?;
        self.propose(utterance, known, true).await
    }

    /// Why the (rewritten) 1-best stands before the model is asked, if it does.
    fn stands(&self, utterance: &Utterance) -> Option<(Verdict, String)> {
        let features = GateFeatures::of(utterance, &self.posterior);
        if let Some(reason) = self.gate.skips(&features) {
            return Some((Verdict::Gated, reason));
        }
        match self.acceptance() {
            Some(Acceptance::Never) => {
                Some((Verdict::Gated, "on the profile's data the model's help was no gain".into()))
            }
            // A learned rule knows more than the model's vocabulary.
            Some(Acceptance::When { .. }) => None,
            _ => self.is_spelled_out(utterance).map(|reason| (Verdict::Abstained, reason)),
        }
    }

    fn acceptance(&self) -> Option<&Acceptance> {
        self.learned.as_ref().map(|learned| &learned.acceptance)
    }

    fn decides_by_rule(&self) -> bool {
        matches!(self.acceptance(), Some(Acceptance::When { .. }))
    }

    /// Asks the model about the 1-best where the answer can matter.
    async fn known(&self, utterance: &Utterance) -> Result<Option<ScoreOutput>, CorrectError> {
        match &self.model {
            Some(model) if self.asks_about_the_one_best() => {
                Ok(Some(self.one_best_score(model, utterance).await?))
            }
            _ => Ok(None),
        }
    }

    /// Why the model is taken not to know this kind of text, if it is.
    fn is_unknown(&self, known: &ScoreOutput) -> Option<String> {
        let mean = known.scores.first().map_or(0.0, crate::llm::Scored::mean);
        (mean < self.gate.min_logprob && !self.decides_by_rule()).then(|| {
            format!(
                "the model gives the 1-best {mean:.2} nats a token, below {:.2}: it does \
                 not know this kind of text",
                self.gate.min_logprob
            )
        })
    }

    /// What the inner method makes of it, with all features where a rule is `judged` by them.
    async fn propose(
        &self,
        utterance: &Utterance,
        known: Option<ScoreOutput>,
        judged: bool,
    ) -> Result<Considered, CorrectError> {
        let proposal = self.inner.propose(utterance).await?;
        let mut features = ProposalFeatures::of(utterance, &self.posterior, &proposal.text);
        features.tokens_per_word = judged.then(|| self.tokens_per_word(utterance)).flatten();
        features.confidence = proposal.confidences.iter().copied().reduce(f64::min);
        if let Some(known) = known.as_ref().and_then(|known| known.scores.first()) {
            features.one_best_logprob = Some(known.mean());
            if let Some(written) = self.logprob(&proposal) {
                let words = proposal.text.split_whitespace().count().max(1);
                features.logprob_gain = Some(written - known.sum());
                features.mean_logprob = Some(written / words as f64);
            }
        }
        Ok(Considered { proposal, features, known })
    }

    /// Why a proposal is refused by what was learned, or else by what the model thinks of it.
    fn refuses(&self, utterance: &Utterance, considered: &Considered) -> Option<String> {
        let Considered { proposal, features, known } = considered;
        if proposal.text == utterance.one_best() {
            return None;
        }
        match self.acceptance() {
            Some(rule @ Acceptance::When { model, threshold }) => {
                let features = features.values();
                (!rule.accepts(&features)).then(|| {
                    format!(
                        "the profile gives it {:.3} to be better, below {threshold:.3}",
                        model.probability(&features)
                    )
                })
            }
            _ => {
                let known = known.as_ref()?.scores.first()?;
                self.guard.refuses_gain(self.logprob(proposal)?, known.sum())
            }
        }
    }

    /// The model's log-probability of the proposed text, where it is that (and not of a
    /// label, or of a text mapped to another).
    fn logprob(&self, proposal: &Proposal) -> Option<f64> {
        let (_, prompter) = self.model.as_ref()?;
        let written = prompter.answer_text(proposal.raw.as_deref()?);
        (written == proposal.text).then_some(proposal.logprob).flatten()
    }

    /// The least tokens a word that the model's vocabulary takes for a hypothesis. The least
    /// of all: a misheard name is spelled out in some hypotheses, not in all.
    fn tokens_per_word(&self, utterance: &Utterance) -> Option<f64> {
        let (model, prompter) = self.model.as_ref()?;
        let rate = |text: &str| {
            let tokens = prompter.answer_tokens(model.as_ref(), text).len();
            tokens as f64 / text.split_whitespace().count().max(1) as f64
        };
        let texts = utterance.nbest.iter().map(|hypothesis| hypothesis.text.as_str());
        texts.filter(|text| !text.is_empty()).map(rate).reduce(f64::min)
    }

    /// Why the list is of a kind that the model's vocabulary was not made for, if it is.
    fn is_spelled_out(&self, utterance: &Utterance) -> Option<String> {
        let (model, _) = self.model.as_ref()?;
        let most = self.gate.max_tokens_per_word.or(model.info().max_tokens_per_word)?;
        // Nothing is spelled out with more tokens than it has bytes.
        let bytes = utterance.nbest.iter().map(|hypothesis| hypothesis.text.len()).max()?;
        if most > bytes as f64 {
            return None;
        }
        let least = self.tokens_per_word(utterance)?;
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
        asks_for_text && self.asks
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

/// The (rewritten) 1-best as the result, for a reason.
fn settled(raw: &Utterance, utterance: &Utterance, verdict: Verdict, reason: String) -> Proposal {
    if utterance.one_best() == raw.one_best() {
        return Proposal::one_best(raw, verdict, reason);
    }
    let mut proposal = Proposal::new(raw, utterance.one_best());
    proposal.reason = Some(format!("rewritten only: {reason}"));
    proposal
}

fn verdict_of(raw: &Utterance, text: &str) -> Verdict {
    if text == raw.one_best() { Verdict::Kept } else { Verdict::Corrected }
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
