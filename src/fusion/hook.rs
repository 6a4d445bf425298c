//! Decoding by a rule of fusion.

use std::sync::Arc;

use super::{Fusion, Weight, fuse};
use crate::{
    acoustic::{Follower, Trie},
    llm::{Choice, Greedy, Step, StepHook, TokenId, hook},
};

/// Decodes greedily with fusion, the recogniser's side coming from an acoustic trie.
///
/// The two sides need not share a vocabulary: the trie is one of bytes. With a constant
/// weight of 0 it chooses just what [`Greedy`] chooses.
#[derive(Debug)]
pub struct FusionHook {
    follower: Follower,
    fusion: Fusion,
    /// Kept from step to step, so that nothing is allocated for each.
    p: Vec<f64>,
    p_asr: Vec<f64>,
}

impl FusionHook {
    /// A hook for one utterance.
    #[must_use]
    pub fn new(trie: Arc<Trie>, fusion: Fusion) -> Self {
        let follower = Follower::new(trie);
        let follower = if fusion.reentry { follower } else { follower.without_reentry() };
        Self { follower, fusion, p: Vec::new(), p_asr: Vec::new() }
    }

    /// The fused choice.
    fn fused(&mut self, step: &Step<'_>) -> Choice {
        let uncertainty = hook::softmax_into(step.logits, self.fusion.tau_llm, &mut self.p);
        let heard = self.follower.heard(step.vocab);
        heard.distribution(&self.p, step.vocab, &mut self.p_asr);
        fuse(&mut self.p, &self.p_asr, uncertainty, &self.fusion);
        // Control tokens have no text: they are never part of a transcript.
        let spoken = step.vocab.longer(step.vocab.all());
        let mut best: Option<(TokenId, f64)> = None;
        let (mut second, mut total) = (0.0_f64, 0.0_f64);
        for &token in spoken.iter().chain(step.vocab.end_tokens()) {
            let p = self.p.get(token as usize).copied().unwrap_or(0.0);
            total += p;
            match best {
                Some((known, high)) if p < high || (p == high && token > known) => {
                    second = second.max(p);
                }
                _ if p <= 0.0 => {}
                _ => {
                    second = best.map_or(0.0, |(_, high)| high);
                    best = Some((token, p));
                }
            }
        }
        best.map_or(Choice::Stop, |(token, p)| Choice::Token {
            token,
            margin: (p / second).ln(),
            confidence: Some(p / total),
        })
    }
}

impl StepHook for FusionHook {
    fn choose(&mut self, step: Step<'_>) -> Choice {
        let vocab = step.vocab;
        let choice = match self.fusion.weight {
            Weight::Constant(0.0) => Greedy.choose(step),
            _ => self.fused(&step),
        };
        if let Choice::Token { token, .. } = choice {
            self.follower.push(vocab.piece(token));
        }
        choice
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{fusion::Form, llm::Vocab};

    fn token(choice: Choice) -> Option<TokenId> {
        match choice {
            Choice::Token { token, .. } => Some(token),
            Choice::Stop => None,
        }
    }

    fn vocab(pieces: &[&str]) -> Vocab {
        let end = pieces.iter().map(|piece| piece.is_empty()).collect();
        Vocab::new(pieces.iter().map(|p| p.as_bytes().to_vec()).collect(), end, vec![])
    }

    #[test]
    fn words_compete_and_not_their_beginnings() {
        let vocab = vocab(&[" f", " fights", " flights", " x", ""]);
        let trie = Arc::new(Trie::new([("flights", 0.6), ("fights", 0.4)]));
        let mut hook = FusionHook::new(trie, Fusion::uadf(1.0, 0.5));
        let logits = [-4.0, 0.0, 0.1, 0.3, -9.0];
        let choice = hook.choose(Step { generated: &[], logits: &logits, vocab: &vocab });
        assert_eq!(token(choice), Some(2), "{choice:?}");
    }

    #[test]
    fn an_unsure_model_follows_what_was_heard() {
        let vocab = vocab(&[" fights", " flights", ""]);
        let trie = Arc::new(Trie::new([("flights", 1.0)]));
        for form in [Form::Probability, Form::LogProbability] {
            let fusion = Fusion { form, ..Fusion::uadf(1.0, 0.5) };
            let mut hook = FusionHook::new(Arc::clone(&trie), fusion);
            let step = Step { generated: &[], logits: &[1.0, 0.9, -3.0], vocab: &vocab };
            assert_eq!(token(hook.choose(step)), Some(1));
            let end = Step { generated: &[1], logits: &[1.0, 0.9, 0.8], vocab: &vocab };
            assert_eq!(token(hook.choose(end)), Some(2));
            let mut sure = FusionHook::new(Arc::clone(&trie), fusion);
            let step = Step { generated: &[], logits: &[40.0, 0.0, 0.0], vocab: &vocab };
            assert_eq!(token(sure.choose(step)), Some(0));
        }
    }

    #[test]
    fn the_confidence_is_the_fused_probability() {
        let vocab = vocab(&[" a", " b", ""]);
        let trie = Arc::new(Trie::new([("a", 0.75), ("b", 0.25)]));
        let weight = Weight::Constant(1.0);
        let mut hook = FusionHook::new(trie, Fusion { weight, ..Fusion::uadf(1.0, 0.5) });
        let logits = [0.0, 0.0, f32::NEG_INFINITY];
        let choice = hook.choose(Step { generated: &[], logits: &logits, vocab: &vocab });
        let Choice::Token { token: 0, margin, confidence: Some(confidence) } = choice else {
            panic!("{choice:?}");
        };
        assert!((confidence - 0.625).abs() < 1e-12, "{confidence}");
        assert!((margin - (0.625_f64 / 0.375).ln()).abs() < 1e-12, "{margin}");
    }

    #[test]
    fn without_reentry_the_recogniser_falls_silent_after_a_word_that_was_not_heard() {
        let vocab = vocab(&[" x", " b", " c", ""]);
        let trie = Arc::new(Trie::new([("a b", 1.0)]));
        for (reentry, expected) in [(true, 1), (false, 2)] {
            let fusion = Fusion { reentry, ..Fusion::uadf(1.0, 0.5) };
            let mut hook = FusionHook::new(Arc::clone(&trie), fusion);
            let sure = Step { generated: &[], logits: &[50.0, 0.0, 0.0, 0.0], vocab: &vocab };
            assert_eq!(token(hook.choose(sure)), Some(0));
            let open = Step { generated: &[0], logits: &[-9.0, 1.0, 1.1, -9.0], vocab: &vocab };
            assert_eq!(token(hook.choose(open)), Some(expected), "reentry {reentry}");
        }
    }

    proptest! {
        #[test]
        fn without_weight_it_decodes_as_greedy_does(
            steps in prop::collection::vec(prop::array::uniform5(-8.0f32..8.0), 1..6),
        ) {
            let vocab = vocab(&[" a", "b", " ab", "", ""]);
            let trie = Arc::new(Trie::new([("ab a", 0.5), ("b", 0.5)]));
            let weight = Weight::Constant(0.0);
            let mut hook = FusionHook::new(trie, Fusion { weight, ..Fusion::uadf(1.75, 0.5) });
            for logits in &steps {
                let step = || Step { generated: &[], logits, vocab: &vocab };
                prop_assert_eq!(hook.choose(step()), Greedy.choose(step()));
            }
        }
    }
}
