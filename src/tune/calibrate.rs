//! Whether model, recogniser and fused decoding mean what their confidences say.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::words;
use crate::{
    acoustic::{self, ListKind, Pieces, Trie},
    corpus::Utterance,
    correct::{CorrectError, Parameters, Proposal, Tools},
    fusion::{Reliability, TeacherForced, bisect_temperature},
    llm::{Choice, DraftSource, FixedDraft, GenerateRequest, Step, StepHook, TokenId},
};

/// Bins of the diagrams.
const BINS: usize = 10;

/// Confidences before and after a temperature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibrated {
    /// The temperature at which mean confidence equals accuracy; 1 is where the settings
    /// stood.
    pub tau: f64,
    /// No temperature in [0.1, 10] makes them equal; this is the nearer limit.
    pub at_limit: bool,
    /// At the settings as they stood.
    pub before: Reliability,
    /// At the temperature.
    pub after: Reliability,
}

/// The three confidences of fused decoding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibrations {
    /// The language model's next token along the reference; the temperature is `tau_llm`.
    pub language_model: Calibrated,
    /// The recogniser's next word along its 1-best; the temperature multiplies that of its
    /// scores or records.
    pub recogniser: Calibrated,
    /// The words that the inner method wrote; confidences are taken to the power of one over
    /// the temperature. `None` where it gives no confidences.
    pub words: Option<Calibrated>,
}

/// What the recogniser's probabilities come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Belief {
    /// What it recorded.
    Record,
    /// A list.
    List(ListKind),
}

impl Belief {
    /// What most of the utterances have.
    pub(super) fn of(utterances: &[Arc<Utterance>], tools: &Tools) -> Self {
        let recorded = tools.pieces.is_some() && !tools.parameters.list_only;
        let records = utterances.iter().filter(|u| recorded && u.posteriors.is_some()).count();
        if 2 * records > utterances.len() {
            return Self::Record;
        }
        let count = |kind: ListKind| {
            let many = utterances.iter().filter(|u| u.nbest.len() > 1);
            many.filter(|u| ListKind::of(&u.nbest) == kind).count()
        };
        let kinds = [ListKind::Scores, ListKind::Sums, ListKind::Ranks];
        Self::List(kinds.into_iter().max_by_key(|kind| count(*kind)).unwrap_or(ListKind::Ranks))
    }

    /// The name of the setting that is its temperature.
    pub(super) fn setting(self) -> &'static str {
        match self {
            Self::Record => "tau-asr",
            Self::List(ListKind::Scores) => "score-temperature",
            Self::List(ListKind::Sums) => "sum-temperature",
            Self::List(ListKind::Ranks) => "rank-cost",
        }
    }

    /// The value of that setting.
    pub(super) fn value(self, parameters: &Parameters) -> f64 {
        match self {
            Self::Record => parameters.calibration.tau_asr,
            Self::List(ListKind::Scores) => parameters.posterior.score_temperature,
            Self::List(ListKind::Sums) => parameters.posterior.sum_temperature,
            Self::List(ListKind::Ranks) => parameters.posterior.rank_cost,
        }
    }

    /// The settings with `value` for it.
    pub(super) fn with(self, parameters: &Parameters, value: f64) -> Parameters {
        let mut parameters = parameters.clone();
        match self {
            Self::Record => parameters.calibration.tau_asr = value,
            Self::List(ListKind::Scores) => parameters.posterior.score_temperature = value,
            Self::List(ListKind::Sums) => parameters.posterior.sum_temperature = value,
            Self::List(ListKind::Ranks) => parameters.posterior.rank_cost = value,
        }
        parameters
    }

    /// The value that is `tau` times as warm.
    pub(super) fn warmed(self, value: f64, tau: f64) -> f64 {
        if self == Self::List(ListKind::Ranks) { value / tau } else { value * tau }
    }

    fn trie(
        self,
        utterance: &Utterance,
        pieces: Option<&Pieces>,
        parameters: &Parameters,
    ) -> Result<Trie, CorrectError> {
        if let (Self::Record, Some(packed), Some(pieces)) = (self, &utterance.posteriors, pieces) {
            let records = acoustic::unpack_all(packed)?;
            return Ok(Trie::from_records(&records, pieces, &parameters.calibration)?);
        }
        let weights = acoustic::posterior(&utterance.nbest, &parameters.posterior);
        Ok(Trie::new(utterance.nbest.iter().map(|h| h.text.as_str()).zip(weights)))
    }
}

/// How the recogniser's confidence in the words of its 1-best compares with the references.
pub(super) fn recogniser(
    utterances: &[Arc<Utterance>],
    tools: &Tools,
    belief: Belief,
) -> Result<Calibrated, CorrectError> {
    let parameters = &tools.parameters;
    let start = belief.value(parameters);
    let outcomes = |tau: f64| -> Result<Vec<(f64, bool)>, CorrectError> {
        let warm = belief.with(parameters, belief.warmed(start, tau));
        let mut outcomes = Vec::new();
        for utterance in utterances {
            let trie = belief.trie(utterance, tools.pieces.as_deref(), &warm)?;
            let right =
                words::right(utterance.reference.as_deref().unwrap_or(""), utterance.one_best());
            outcomes.extend(trie.word_confidences(utterance.one_best()).into_iter().zip(right));
        }
        Ok(outcomes)
    };
    let before = outcomes(1.0)?;
    let count = before.len().max(1) as f64;
    let accuracy = before.iter().filter(|(_, right)| *right).count() as f64 / count;
    let mut failed = None;
    let found = bisect_temperature(accuracy, |tau| match outcomes(tau) {
        Ok(outcomes) => outcomes.iter().map(|(confidence, _)| confidence).sum::<f64>() / count,
        Err(error) => {
            failed = Some(error);
            f64::NAN
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    Ok(Calibrated {
        tau: found.tau,
        at_limit: found.at_limit,
        before: Reliability::of(BINS, before),
        after: Reliability::of(BINS, outcomes(found.tau)?),
    })
}

/// How the language model's confidence along the references compares with what it would have
/// chosen. Utterances whose prompt does not fit are left out.
pub(super) async fn language_model(
    utterances: &[Arc<Utterance>],
    tools: &Tools,
) -> Result<Option<Calibrated>, CorrectError> {
    let Some((model, prompter)) = tools.model.clone() else { return Ok(None) };
    let steps = Arc::new(Mutex::new(TeacherForced::default()));
    for utterance in utterances {
        let reference = utterance.reference.as_deref().unwrap_or("");
        let answer = prompter.answer_tokens(model.as_ref(), reference);
        let prompt = match prompter.prompt(model.as_ref(), utterance, answer.len() + 1) {
            Ok(prompt) => prompt.tokens,
            Err(CorrectError::PromptTooLong { .. }) => continue,
            Err(error) => return Err(error),
        };
        let max_tokens = answer.len() + 1;
        let draft = FixedDraft(answer.clone());
        let hook = Box::new(Forced { answer, steps: Arc::clone(&steps) });
        let draft: Option<Box<dyn DraftSource>> = Some(Box::new(draft));
        let request = GenerateRequest { prompt, max_tokens, stop: Vec::new(), hook, draft };
        model.generate(request).await?;
    }
    let steps = steps.lock().unwrap_or_else(PoisonError::into_inner);
    let found = steps.temperature();
    Ok(Some(Calibrated {
        tau: found.tau,
        at_limit: found.at_limit,
        before: steps.reliability(1.0, BINS),
        after: steps.reliability(found.tau, BINS),
    }))
}

/// How the confidences of written words compare with the references.
pub(super) fn written(
    utterances: &[Arc<Utterance>],
    proposals: &[Option<Proposal>],
) -> Option<Calibrated> {
    let mut outcomes = Vec::new();
    for (utterance, proposal) in utterances.iter().zip(proposals) {
        let Some(proposal) = proposal else { continue };
        let reference = utterance.reference.as_deref().unwrap_or("");
        let right = words::right(reference, &proposal.text);
        outcomes.extend(proposal.confidences.iter().copied().zip(right));
    }
    if outcomes.is_empty() {
        return None;
    }
    let count = outcomes.len() as f64;
    let accuracy = outcomes.iter().filter(|(_, right)| *right).count() as f64 / count;
    let at = |tau: f64| outcomes.iter().map(move |&(c, right)| (f64::powf(c, 1.0 / tau), right));
    // As any temperature: the higher, the less sure; `c^(1/tau)` rises with it.
    let mean = |tau: f64| at(tau).map(|(confidence, _)| confidence).sum::<f64>() / count;
    let found = bisect_temperature(accuracy, |tau| mean(1.0 / tau));
    let tau = 1.0 / found.tau;
    Some(Calibrated {
        tau,
        at_limit: found.at_limit,
        before: Reliability::of(BINS, at(1.0)),
        after: Reliability::of(BINS, at(tau)),
    })
}

/// Writes the reference, whatever the model would, and keeps what it would have.
struct Forced {
    answer: Vec<TokenId>,
    steps: Arc<Mutex<TeacherForced>>,
}

impl StepHook for Forced {
    fn choose(&mut self, step: Step<'_>) -> Choice {
        let end = step.vocab.end_tokens().iter().copied();
        let end = end.max_by(|&a, &b| logit(step.logits, a).total_cmp(&logit(step.logits, b)));
        let token = self.answer.get(step.generated.len()).copied().or(end);
        let Some(token) = token else { return Choice::Stop };
        if let Ok(right) = usize::try_from(token) {
            let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
            steps.push(step.logits, right);
        }
        Choice::Token { token, margin: f64::INFINITY, confidence: None }
    }
}

fn logit(logits: &[f32], token: TokenId) -> f32 {
    usize::try_from(token).ok().and_then(|at| logits.get(at)).copied().unwrap_or(f32::NEG_INFINITY)
}
