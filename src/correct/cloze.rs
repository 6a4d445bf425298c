//! `cloze`: the places where hypotheses differ, one after another.

use std::sync::Arc;

use super::{CorrectError, Method, Prompter, Proposal, Tools, as_listed};
use crate::{
    acoustic::{ConfusionNetwork, DifferingSpan, Posterior, entropy},
    corpus::Utterance,
    fusion::{Fusion, fuse},
    llm::{BoxFuture, LanguageModel, NEAR_TIE, ScoreOutput, ScoreRequest, Scored},
    prompt::{Gap, Output, labels},
};

/// Most options a gap has: beyond, labels would be more than one letter.
const MOST_OPTIONS: usize = 26;

/// Fills each span in which hypotheses differ, from left to right, with one of the texts that
/// hypotheses have there: ClozeGER (arXiv 2405.10025) with a closed set that the model only
/// scores, fused with the span's posterior by the rule of UADF (arXiv 2402.05457) over the
/// set. Words on which all hypotheses agree are never touched.
///
/// With a template that asks for text, a candidate's score is the log-probability of the
/// whole transcript with it, the end included: the texts that compete all run from the same
/// beginning to an end, so that a short candidate has no advantage over a long one but what
/// the model gives it. With a template that shows a gap and asks for a label, it is the mean
/// log-probability of the candidate's label over all rotations of the options. There every
/// candidate stands at every place once, so that a liking for a letter or a place is the same
/// for all of them and cancels out.
///
/// Spans to the left are filled with what was chosen, spans to the right as in the 1-best.
pub(super) struct Cloze {
    model: Arc<dyn LanguageModel>,
    prompter: Arc<Prompter>,
    posterior: Posterior,
    fusion: Fusion,
    output: Output,
}

/// What asking about a span cost and gave.
struct Answer {
    /// Log-probability of each candidate, in nats: whole texts, or mean of labels.
    logprobs: Vec<f64>,
    prompt_tokens: u32,
    output_tokens: u32,
}

impl Cloze {
    pub(super) fn new(tools: &Tools) -> Result<Self, CorrectError> {
        let (model, prompter) = tools.model("cloze")?;
        let header = prompter.template().header();
        let output = header.output;
        // The labels of such a template are those of whole hypotheses.
        if matches!(output, Output::Pairs | Output::Class) {
            prompter.expect("cloze", Output::Text)?;
        }
        if output == Output::Label && !prompter.template().shows_gap() {
            return Err(CorrectError::NoGap { template: header.name.clone() });
        }
        let parameters = &tools.parameters;
        Ok(Self {
            model,
            prompter,
            posterior: parameters.posterior,
            fusion: parameters.fusion.dynamic(false),
            output,
        })
    }

    async fn fill(&self, utterance: &Utterance) -> Result<Proposal, CorrectError> {
        let network = ConfusionNetwork::of(&utterance.nbest, &self.posterior);
        let spans = network.spans(0);
        let mut chosen: Vec<usize> = spans.iter().map(|span| span.first).collect();
        let mut proposal = Proposal::new(utterance, utterance.one_best());
        for (index, span) in spans.iter().enumerate() {
            let candidates = self.candidates(span);
            let answer = match self.output {
                Output::Text | Output::Pairs | Output::Class => {
                    self.ask_texts(utterance, &spans, &chosen, index, &candidates).await?
                }
                Output::Label => {
                    self.ask_labels(utterance, &spans, &chosen, index, &candidates).await?
                }
            };
            let p_asr: Vec<f64> =
                candidates.iter().map(|&one| span.alternatives[one].probability).collect();
            let (best, lead) = decide(&answer.logprobs, &p_asr, &self.fusion);
            chosen[index] = candidates.get(best).copied().unwrap_or(span.first);
            // At the last span the candidate's text is the whole result.
            let is_text = self.output == Output::Text;
            proposal.logprob = answer.logprobs.get(best).copied().filter(|_| is_text);
            proposal.near_ties += u32::from(lead < NEAR_TIE);
            proposal.prompt_tokens += answer.prompt_tokens;
            proposal.output_tokens += answer.output_tokens;
        }
        if spans.is_empty() {
            return Ok(proposal);
        }
        let text = as_listed(utterance, text_with(&spans, &chosen, 0..spans.len()));
        // What the model's log-probability is about, for the guard.
        let raw = proposal.logprob.map(|_| text.clone());
        let Proposal { verdict, text, .. } = Proposal::new(utterance, text);
        Ok(Proposal { text, verdict, raw, ..proposal })
    }

    /// Which alternatives compete. Only so many can be shown as options: the most probable,
    /// and the 1-best's.
    fn candidates(&self, span: &DifferingSpan) -> Vec<usize> {
        let most = match self.output {
            Output::Text | Output::Pairs | Output::Class => usize::MAX,
            Output::Label => self.prompter.max_hypotheses().clamp(2, MOST_OPTIONS),
        };
        let mut candidates: Vec<usize> = (0..span.alternatives.len()).take(most).collect();
        if let Some(last) = candidates.last_mut()
            && span.first > *last
        {
            *last = span.first;
        }
        candidates
    }

    async fn ask_texts(
        &self,
        utterance: &Utterance,
        spans: &[DifferingSpan],
        chosen: &[usize],
        index: usize,
        candidates: &[usize],
    ) -> Result<Answer, CorrectError> {
        let mut filled = chosen.to_vec();
        let mut with_end = true;
        let mut continuations = Vec::with_capacity(candidates.len());
        for &candidate in candidates {
            filled[index] = candidate;
            let text = text_with(spans, &filled, 0..spans.len());
            let (tokens, end) = self.prompter.whole_answer(self.model.as_ref(), &text);
            with_end = end;
            continuations.push(tokens);
        }
        let room = continuations.iter().map(Vec::len).max().unwrap_or(0);
        let gap = gap(spans, chosen, index, candidates);
        let prompt = self.prompter.gap_prompt(self.model.as_ref(), utterance, &gap, room)?.tokens;
        let output = self.model.score(ScoreRequest { prompt, continuations, with_end }).await?;
        Ok(Answer {
            logprobs: output.scores.iter().map(Scored::sum).collect(),
            prompt_tokens: output.prompt_tokens,
            output_tokens: output.scored_tokens,
        })
    }

    async fn ask_labels(
        &self,
        utterance: &Utterance,
        spans: &[DifferingSpan],
        chosen: &[usize],
        index: usize,
        candidates: &[usize],
    ) -> Result<Answer, CorrectError> {
        let count = candidates.len();
        let continuations: Vec<_> = labels(count)
            .iter()
            .map(|label| self.prompter.answer_tokens(self.model.as_ref(), label))
            .collect();
        let room = continuations.iter().map(Vec::len).max().unwrap_or(0);
        let mut answer = Answer { logprobs: vec![0.0; count], prompt_tokens: 0, output_tokens: 0 };
        for rotation in 0..count {
            let mut shown = candidates.to_vec();
            shown.rotate_left(rotation);
            let gap = gap(spans, chosen, index, &shown);
            let prompt = self.prompter.gap_prompt(self.model.as_ref(), utterance, &gap, room)?;
            let request = ScoreRequest {
                prompt: prompt.tokens,
                continuations: continuations.clone(),
                with_end: false,
            };
            let ScoreOutput { scores, prompt_tokens, scored_tokens } =
                self.model.score(request).await?;
            for (place, scored) in scores.iter().take(count).enumerate() {
                answer.logprobs[(place + rotation) % count] += scored.sum() / count as f64;
            }
            answer.prompt_tokens += prompt_tokens;
            answer.output_tokens += scored_tokens;
        }
        Ok(answer)
    }
}

/// The fused choice and its lead over the second, as a difference of logarithms (infinite
/// where there is no second). The earlier wins among equals.
fn decide(logprobs: &[f64], p_asr: &[f64], fusion: &Fusion) -> (usize, f64) {
    let mut p = softmax(logprobs, fusion.tau_llm);
    let uncertainty = entropy(&p);
    fuse(&mut p, p_asr, uncertainty, fusion);
    let (mut best, mut second) = (None::<(usize, f64)>, 0.0_f64);
    for (index, &p) in p.iter().enumerate() {
        match best {
            Some((_, high)) if p <= high => second = second.max(p),
            _ => {
                second = best.map_or(0.0, |(_, high)| high);
                best = Some((index, p));
            }
        }
    }
    best.map_or((0, f64::INFINITY), |(index, high)| (index, high.ln() - second.ln()))
}

/// `softmax(logprobs / temperature)`. What is no number has probability 0; where there is
/// nothing finite to compare all are equal.
fn softmax(logprobs: &[f64], temperature: f64) -> Vec<f64> {
    let high = logprobs.iter().copied().filter(|l| !l.is_nan()).fold(f64::NEG_INFINITY, f64::max);
    if !high.is_finite() {
        return vec![1.0 / logprobs.len() as f64; logprobs.len()];
    }
    let weigh = |&logprob: &f64| ((logprob - high) / temperature).exp();
    let weights: Vec<f64> =
        logprobs.iter().map(|one| if one.is_nan() { 0.0 } else { weigh(one) }).collect();
    let total: f64 = weights.iter().sum();
    weights.iter().map(|weight| weight / total).collect()
}

/// The agreed words of some spans and what was chosen for them, and what follows the last.
fn text_with(spans: &[DifferingSpan], chosen: &[usize], range: std::ops::Range<usize>) -> String {
    let at_end = range.end == spans.len();
    let filled = range.clone().flat_map(|index| {
        let span = &spans[index];
        [span.before.as_str(), span.alternatives[chosen[index]].text.as_str()]
    });
    let last = range.last().filter(|_| at_end).map_or("", |last| spans[last].after.as_str());
    spaced(filled.chain([last]))
}

fn spaced<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The transcript without span `index`, the other spans filled as chosen, and the options.
fn gap(spans: &[DifferingSpan], chosen: &[usize], index: usize, options: &[usize]) -> Gap {
    let span = &spans[index];
    let left = text_with(spans, chosen, 0..index);
    // The words between this span and the next stand before the next.
    let right = if index + 1 < spans.len() {
        text_with(spans, chosen, index + 1..spans.len())
    } else {
        span.after.clone()
    };
    Gap {
        before: spaced([left.as_str(), span.before.as_str()].into_iter()),
        after: right,
        options: options.iter().map(|&one| span.alternatives[one].text.clone()).collect(),
    }
}

impl Method for Cloze {
    fn name(&self) -> &'static str {
        "cloze"
    }

    fn propose<'a>(
        &'a self,
        utterance: &'a Utterance,
    ) -> BoxFuture<'a, Result<Proposal, CorrectError>> {
        Box::pin(self.fill(utterance))
    }
}

#[cfg(test)]
#[path = "cloze_tests.rs"]
mod tests;
