//! What a model was asked and what it preferred at each step, for people who try prompts.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use super::{
    Abilities, BoxFuture, Choice, GenerateOutput, GenerateRequest, LanguageModel, LlmError,
    ModelInfo, Sampling, ScoreOutput, ScoreRequest, Step, StepHook, TokenId, Vocab, hook::softmax,
};

/// Alternatives that are kept of a step.
const ALTERNATIVES: usize = 5;

/// A model that notes what it is asked. Everything else is the model's own.
pub struct Traced {
    model: Arc<dyn LanguageModel>,
    events: Events,
}

type Events = Arc<Mutex<Vec<Event>>>;

/// One request.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Event {
    /// Decoding.
    Generate {
        /// Its steps in order; empty where the model chooses its tokens itself (a server).
        steps: Vec<TracedStep>,
    },
    /// Scoring.
    Score {
        /// The continuations that were asked about.
        continuations: Vec<Continuation>,
    },
}

/// A continuation and its score.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Continuation {
    /// Its text.
    pub text: String,
    /// Natural log-probability of all of it.
    pub logprob: f64,
}

/// One decoding step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TracedStep {
    /// The text of the chosen token; `None` where there was nothing left to choose from.
    pub token: Option<String>,
    /// Whether it ends the text.
    pub end: bool,
    /// The model's own probability of it, in [0, 1]; 0 where nothing was chosen.
    pub probability: f64,
    /// Its place in the model's own order, from 0.
    pub rank: usize,
    /// Its probability under what it was chosen from, where that is not the model alone.
    pub fused: Option<f64>,
    /// What the model alone would have preferred, the most probable first, at most five.
    pub alternatives: Vec<Alternative>,
}

/// A token and the model's probability of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Alternative {
    /// Its text.
    pub token: String,
    /// In [0, 1].
    pub probability: f64,
}

impl Traced {
    /// A model that notes.
    #[must_use]
    pub fn new(model: Arc<dyn LanguageModel>) -> Self {
        Self { model, events: Events::default() }
    }

    /// What was asked so far, in the order in which it was answered (of steps: begun).
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn push(&self, event: Event) -> usize {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.push(event);
        events.len() - 1
    }
}

impl LanguageModel for Traced {
    fn info(&self) -> &ModelInfo {
        self.model.info()
    }

    fn vocab(&self) -> &Vocab {
        self.model.vocab()
    }

    fn abilities(&self) -> Abilities {
        self.model.abilities()
    }

    fn tokenize(&self, text: &str, parse_special: bool) -> Vec<TokenId> {
        self.model.tokenize(text, parse_special)
    }

    fn score(&self, request: ScoreRequest) -> BoxFuture<'_, Result<ScoreOutput, LlmError>> {
        let texts: Vec<String> =
            request.continuations.iter().map(|tokens| self.model.vocab().decode(tokens)).collect();
        Box::pin(async move {
            let output = self.model.score(request).await?;
            let continuations = texts
                .into_iter()
                .zip(&output.scores)
                .map(|(text, scored)| Continuation { text, logprob: scored.sum() })
                .collect();
            self.push(Event::Score { continuations });
            Ok(output)
        })
    }

    fn generate(
        &self,
        request: GenerateRequest,
    ) -> BoxFuture<'_, Result<GenerateOutput, LlmError>> {
        let at = self.push(Event::Generate { steps: Vec::new() });
        let hook = Noting { hook: request.hook, events: Arc::clone(&self.events), at };
        self.model.generate(GenerateRequest { hook: Box::new(hook), ..request })
    }

    fn context_size(&self) -> usize {
        self.model.context_size()
    }
}

/// A hook that notes what another one chooses.
struct Noting {
    hook: Box<dyn StepHook>,
    events: Events,
    /// Which event the steps belong to.
    at: usize,
}

impl StepHook for Noting {
    fn choose(&mut self, step: Step<'_>) -> Choice {
        let Step { generated, logits, vocab } = step;
        let choice = self.hook.choose(Step { generated, logits, vocab });
        let noted = note(logits, vocab, choice);
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Event::Generate { steps }) = events.get_mut(self.at) {
            steps.push(noted);
        }
        choice
    }

    fn sampling(&self) -> Option<Sampling> {
        self.hook.sampling()
    }
}

fn note(logits: &[f32], vocab: &Vocab, choice: Choice) -> TracedStep {
    let probabilities = softmax(logits, 1.0);
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    let better =
        |&a: &usize, &b: &usize| probabilities[b].total_cmp(&probabilities[a]).then(a.cmp(&b));
    let kept = ALTERNATIVES.min(order.len());
    if kept > 0 && kept < order.len() {
        order.select_nth_unstable_by(kept - 1, better);
    }
    order.truncate(kept);
    order.sort_by(better);
    // The places of a vocabulary are token ids.
    let text = |token: usize| {
        let token = i32::try_from(token).unwrap_or(-1);
        let end = vocab.is_end(token);
        if end { "<end>".to_owned() } else { vocab.decode(&[token]) }
    };
    let alternatives = order
        .iter()
        .map(|&token| Alternative { token: text(token), probability: probabilities[token] })
        .collect();
    let chosen = match choice {
        Choice::Token { token, confidence, .. } => usize::try_from(token)
            .ok()
            .filter(|&place| place < probabilities.len())
            .map(|place| (place, confidence)),
        Choice::Stop => None,
    };
    let Some((place, fused)) = chosen else {
        let (end, probability, rank) = (true, 0.0, 0);
        return TracedStep { token: None, end, probability, rank, fused: None, alternatives };
    };
    let probability = probabilities[place];
    TracedStep {
        token: Some(text(place)),
        end: i32::try_from(place).is_ok_and(|token| vocab.is_end(token)),
        probability,
        rank: probabilities.iter().filter(|&&other| other > probability).count(),
        fused,
        alternatives,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocab() -> Vocab {
        let pieces = ["a", "b", "c", ""].map(|piece| piece.as_bytes().to_vec()).to_vec();
        Vocab::new(pieces, vec![false, false, false, true], Vec::new())
    }

    #[test]
    fn a_step_tells_what_the_model_preferred_and_what_was_chosen() {
        let logits = [0.0, 2.0, 1.0, -1.0];
        let chosen = Choice::Token { token: 2, margin: 0.1, confidence: Some(0.7) };
        let step = note(&logits, &vocab(), chosen);
        assert_eq!((step.token.as_deref(), step.rank, step.fused), (Some("c"), 1, Some(0.7)));
        assert!(!step.end);
        let order: Vec<&str> = step.alternatives.iter().map(|one| one.token.as_str()).collect();
        assert_eq!(order, ["b", "c", "a", "<end>"]);
        let all: f64 = step.alternatives.iter().map(|one| one.probability).sum();
        assert!((all - 1.0).abs() < 1e-6);
        assert!((step.probability - step.alternatives[1].probability).abs() < 1e-12);
    }

    #[test]
    fn an_end_and_a_stop_are_told_apart() {
        let end = Choice::Token { token: 3, margin: 0.0, confidence: None };
        let step = note(&[0.0; 4], &vocab(), end);
        assert!(step.end && step.token.as_deref() == Some("<end>"));
        let step = note(&[0.0; 4], &vocab(), Choice::Stop);
        assert!(step.end && step.token.is_none() && step.probability == 0.0);
    }
}
