//! Uncertainty-aware dynamic fusion (UADF, arXiv 2402.05457) over any two tokenizers.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    acoustic::{Follower, Shares, Trie, entropy},
    llm::{Choice, Step, StepHook, hook},
};

/// Parameters of UADF.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Uadf {
    /// Temperature of the language model's distribution (above 0). Calibrates it: an
    /// overconfident model needs more than 1.
    pub tau_llm: f64,
    /// Subtracted from `sigmoid(U)`. With 0.5 a sure model is left alone.
    pub beta: f64,
}

impl Default for Uadf {
    fn default() -> Self {
        Self { tau_llm: 1.75, beta: 0.5 }
    }
}

/// The logistic function.
#[must_use]
pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Adds the recogniser's distribution to the language model's in place and returns the
/// weight it got: `p = p_llm + (sigmoid(U) - beta) * p_asr`, where `U` is the entropy of
/// `p_llm` in nats (the rule of arXiv 2402.05457 in the form of its released code,
/// which adds probabilities). Tokens that `heard` does not name have `p_asr = 0`, but for
/// the part that is the model's own distribution.
pub fn fuse(p_llm: &mut [f64], heard: &Shares, beta: f64) -> f64 {
    let weight = sigmoid(entropy(p_llm)) - beta;
    for p in &mut *p_llm {
        *p *= 1.0 + weight * heard.own;
    }
    for &(token, p_asr) in &heard.tokens {
        if let Some(p) = usize::try_from(token).ok().and_then(|index| p_llm.get_mut(index)) {
            *p += weight * p_asr;
        }
    }
    weight
}

/// Decodes with UADF, the recogniser's side coming from an acoustic trie.
#[derive(Debug)]
pub struct UadfHook {
    follower: Follower,
    parameters: Uadf,
}

impl UadfHook {
    /// A hook for one utterance.
    #[must_use]
    pub fn new(trie: Arc<Trie>, parameters: Uadf) -> Self {
        Self { follower: Follower::new(trie), parameters }
    }
}

impl StepHook for UadfHook {
    fn choose(&mut self, step: Step<'_>) -> Choice {
        let mut p = hook::softmax(step.logits, self.parameters.tau_llm);
        let heard = self.follower.heard(step.vocab).shares(&p, step.vocab);
        fuse(&mut p, &heard, self.parameters.beta);
        // Control tokens have no text: they are never part of a transcript.
        let candidates = (0..).zip(&p).filter_map(|(token, &p)| {
            let spoken = !step.vocab.piece(token).is_empty() || step.vocab.is_end(token);
            (spoken && p > 0.0).then(|| (token, p.ln()))
        });
        let choice = hook::best_of(candidates);
        if let Choice::Token { token, .. } = choice {
            self.follower.push(step.vocab.piece(token));
        }
        choice
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::llm::Vocab;

    #[test]
    fn the_weights_are_those_of_the_paper() {
        for (uncertainty, weight) in [(0.0, 0.0), (1.0, 0.231), (2.0, 0.381), (4.0, 0.482)] {
            assert!((sigmoid(uncertainty) - 0.5 - weight).abs() < 5e-4);
        }
    }

    proptest! {
        #[test]
        fn a_sure_model_keeps_its_own_choice(
            sure in 0usize..8,
            tokens in prop::collection::vec((0i32..8, 0.0f64..1.0), 0..8),
            own in 0.0f64..1.0,
        ) {
            let mut p = vec![0.0; 8];
            p[sure] = 1.0;
            let weight = fuse(&mut p, &Shares { tokens, own }, 0.5);
            prop_assert!(weight.abs() < 1e-12);
            let best = (0..8).max_by(|&a, &b| p[a].total_cmp(&p[b])).unwrap();
            prop_assert_eq!(best, sure);
        }
    }

    #[test]
    fn words_compete_and_not_their_beginnings() {
        let pieces: Vec<Vec<u8>> =
            [" f", " fights", " flights", " x", ""].iter().map(|p| p.as_bytes().to_vec()).collect();
        let vocab = Vocab::new(pieces, vec![false, false, false, false, true], vec![]);
        let trie = Arc::new(Trie::new([("flights", 0.6), ("fights", 0.4)]));
        let mut hook = UadfHook::new(trie, Uadf { tau_llm: 1.0, beta: 0.5 });
        let logits = [-4.0, 0.0, 0.1, 0.3, -9.0];
        let choice = hook.choose(Step { generated: &[], logits: &logits, vocab: &vocab });
        assert!(matches!(choice, Choice::Token { token: 2, .. }), "{choice:?}");
    }

    #[test]
    fn an_unsure_model_follows_what_was_heard() {
        let vocab = Vocab::new(
            [" fights", " flights", ""].iter().map(|p| p.as_bytes().to_vec()).collect(),
            vec![false, false, true],
            vec![],
        );
        let trie = Arc::new(Trie::new([("flights", 1.0)]));
        let mut hook = UadfHook::new(Arc::clone(&trie), Uadf { tau_llm: 1.0, ..Uadf::default() });
        let step = Step { generated: &[], logits: &[1.0, 0.9, -3.0], vocab: &vocab };
        assert!(matches!(hook.choose(step), Choice::Token { token: 1, .. }));
        let end = Step { generated: &[1], logits: &[1.0, 0.9, 0.8], vocab: &vocab };
        assert!(matches!(hook.choose(end), Choice::Token { token: 2, .. }));
        let mut sure = UadfHook::new(trie, Uadf { tau_llm: 1.0, ..Uadf::default() });
        let step = Step { generated: &[], logits: &[20.0, 0.0, 0.0], vocab: &vocab };
        assert!(matches!(sure.choose(step), Choice::Token { token: 0, .. }));
    }
}
