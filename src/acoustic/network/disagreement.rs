//! How much the hypotheses of a list disagree.

use serde::Serialize;

use super::{ConfusionNetwork, join};

/// How much the hypotheses of a list disagree, on the level of the utterance and of its
/// words: what RobustGER (arXiv 2401.10446) reads from differences of embeddings, as
/// probabilities. "Two draws" are two hypotheses drawn independently by their probabilities.
/// All are 0 where the list agrees, or is empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Disagreement {
    /// Probability that two draws differ in any word, in [0, 1].
    pub utterance: f64,
    /// Expected share of words that differ between two draws, in [0, 1]: expected errors over
    /// the expected number of places where either has a word.
    pub words: f64,
    /// Expected number of word errors between two draws, along the network's alignment; so
    /// never less than by their edit distance.
    pub errors: f64,
    /// Mean entropy of a slot in nats.
    pub entropy: f64,
}

impl ConfusionNetwork<'_> {
    /// How much the hypotheses disagree.
    #[must_use]
    pub fn disagreement(&self) -> Disagreement {
        let differs = |probabilities: &mut dyn Iterator<Item = f64>| {
            (1.0 - probabilities.map(|p| p * p).sum::<f64>()).max(0.0)
        };
        let mut of_texts: Vec<(String, f64)> = Vec::new();
        for (path, &probability) in self.paths.iter().zip(&self.probabilities) {
            let text = join(path.iter().copied().flatten());
            match of_texts.iter_mut().find(|known| known.0 == text) {
                Some(known) => known.1 += probability,
                None => of_texts.push((text, probability)),
            }
        }
        let slots = self.slots.iter().filter(|slot| !slot.agrees());
        // Not `sum`, of which nothing is -0, and a prompt would say so.
        let total = |sum: f64, one: f64| sum + one;
        let errors = slots
            .map(|slot| differs(&mut slot.arcs.iter().map(|arc| arc.probability)))
            .fold(0.0, total);
        let places: f64 = self.slots.iter().map(|slot| 1.0 - slot.probability(None).powi(2)).sum();
        let entropy = self.slots.iter().map(super::Slot::entropy).fold(0.0, total);
        Disagreement {
            utterance: if of_texts.len() < 2 {
                0.0
            } else {
                differs(&mut of_texts.iter().map(|text| text.1))
            },
            words: if places > 0.0 { (errors / places).min(1.0) } else { 0.0 },
            errors,
            entropy: entropy / self.slots.len().max(1) as f64,
        }
    }
}
