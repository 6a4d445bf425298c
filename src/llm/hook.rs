//! What chooses the next token: greedy, sampled, or a method's own hook.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{
    TokenId, Vocab,
    logits::{highest, top_two},
};

/// One decoding step as a hook sees it.
#[derive(Debug)]
pub struct Step<'a> {
    /// The tokens decoded so far, without the prompt.
    pub generated: &'a [TokenId],
    /// The model's raw logits, one per token of the vocabulary.
    pub logits: &'a [f32],
    /// The vocabulary.
    pub vocab: &'a Vocab,
}

/// A hook's decision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Choice {
    /// Decode this token next. `margin` is how much better it was than the second
    /// choice, as a difference of log-probabilities (nats) of whatever the hook maximises.
    Token {
        /// The chosen token.
        token: TokenId,
        /// Difference to the second choice in nats; infinite where there was none.
        margin: f64,
        /// Probability of the choice in [0, 1] under what the hook chose from; `None`
        /// where that is the model's own distribution.
        confidence: Option<f64>,
    },
    /// There is nothing to choose from: end here.
    Stop,
}

/// Chooses each token of a generation. Called on the engine's thread: it should not block.
pub trait StepHook: Send {
    /// Chooses the next token.
    fn choose(&mut self, step: Step<'_>) -> Choice;

    /// The plain sampling that this hook does, for models that choose their tokens
    /// themselves. `None` where it does something else.
    fn sampling(&self) -> Option<Sampling> {
        None
    }
}

/// Sampling from the model's own distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// Temperature; 0 for the most probable token.
    pub temperature: f64,
    /// The nucleus, in (0, 1].
    pub top_p: f64,
    /// The seed, where there is something to draw.
    pub seed: Option<u64>,
}

impl Sampling {
    /// The most probable token, always.
    pub const GREEDY: Self = Self { temperature: 0.0, top_p: 1.0, seed: None };
}

/// The most probable token, the lowest id among equals.
#[derive(Debug, Clone, Copy, Default)]
pub struct Greedy;

impl StepHook for Greedy {
    fn choose(&mut self, step: Step<'_>) -> Choice {
        match top_two(step.logits) {
            Some((place, high, second)) => Choice::Token {
                token: place as TokenId,
                margin: f64::from(high) - f64::from(second),
                confidence: None,
            },
            None => Choice::Stop,
        }
    }

    fn sampling(&self) -> Option<Sampling> {
        Some(Sampling::GREEDY)
    }
}

/// Samples from the temperature-scaled distribution, cut to its nucleus.
#[derive(Debug, Clone)]
pub struct Sampled {
    temperature: f64,
    top_p: f64,
    seed: u64,
    rng: ChaCha8Rng,
}

impl Sampled {
    /// A sampler of its own random stream. `temperature` is above 0; `top_p` in (0, 1]
    /// keeps the smallest set of tokens with at least that probability.
    #[must_use]
    pub fn new(temperature: f64, top_p: f64, seed: u64) -> Self {
        Self { temperature, top_p, seed, rng: ChaCha8Rng::seed_from_u64(seed) }
    }
}

impl StepHook for Sampled {
    fn choose(&mut self, step: Step<'_>) -> Choice {
        let probabilities = softmax(step.logits, self.temperature);
        let mut order: Vec<usize> = (0..probabilities.len()).collect();
        order.sort_by(|&a, &b| probabilities[b].total_cmp(&probabilities[a]));
        let mut mass = 0.0;
        let kept = order
            .iter()
            .position(|&token| {
                mass += probabilities[token];
                mass >= self.top_p
            })
            .map_or(order.len(), |last| last + 1);
        let mut left = self.rng.random::<f64>() * mass.min(1.0);
        for &token in &order[..kept] {
            left -= probabilities[token];
            if left <= 0.0 {
                return untied(token);
            }
        }
        match order.first() {
            Some(&token) => untied(token),
            None => Choice::Stop,
        }
    }

    fn sampling(&self) -> Option<Sampling> {
        let Self { temperature, top_p, seed, .. } = *self;
        Some(Sampling { temperature, top_p, seed: Some(seed) })
    }
}

/// The candidate with the highest score and its lead over the second; [`Choice::Stop`]
/// where there is no candidate with a finite score. The first wins among equals.
pub fn best_of(candidates: impl IntoIterator<Item = (TokenId, f64)>) -> Choice {
    let mut best: Option<(TokenId, f64)> = None;
    let mut second = f64::NEG_INFINITY;
    for (token, score) in candidates {
        match best {
            _ if score == f64::NEG_INFINITY || score.is_nan() => {}
            Some((_, high)) if score <= high => second = second.max(score),
            _ => {
                if let Some((_, high)) = best {
                    second = high;
                }
                best = Some((token, score));
            }
        }
    }
    match best {
        Some((token, score)) => Choice::Token { token, margin: score - second, confidence: None },
        None => Choice::Stop,
    }
}

/// A token that had no rival.
fn untied(token: usize) -> Choice {
    Choice::Token { token: token as TokenId, margin: f64::INFINITY, confidence: None }
}

/// `softmax(logits / temperature)` in f64. Empty for no logits.
#[must_use]
pub fn softmax(logits: &[f32], temperature: f64) -> Vec<f64> {
    let mut out = Vec::with_capacity(logits.len());
    softmax_into(logits, temperature, &mut out);
    out
}

/// Writes `softmax(logits / temperature)` to `out` and returns its entropy in nats (0 for
/// no logits).
pub fn softmax_into(logits: &[f32], temperature: f64, out: &mut Vec<f64>) -> f64 {
    let high = highest(logits);
    let (mut total, mut mean) = (0.0, 0.0);
    out.clear();
    out.extend(logits.iter().map(|&logit| {
        let nats = f64::from(logit - high) / temperature;
        let weight = nats.exp();
        total += weight;
        // An impossible token weighs nothing, and `0 * -inf` is no number.
        if weight > 0.0 {
            mean += weight * nats;
        }
        weight
    }));
    for probability in &mut *out {
        *probability /= total;
    }
    // `U = log Z - E[log weight]` saves a logarithm for each token.
    if total > 0.0 { (f64::ln(total) - mean / total).max(0.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step<'a>(logits: &'a [f32], vocab: &'a Vocab) -> Step<'a> {
        Step { generated: &[], logits, vocab }
    }

    #[test]
    fn greedy_takes_the_first_of_equals_and_tells_its_lead() {
        let vocab = Vocab::default();
        assert_eq!(
            Greedy.choose(step(&[0.0, 2.0, 2.0], &vocab)),
            Choice::Token { token: 1, margin: 0.0, confidence: None }
        );
        assert_eq!(
            Greedy.choose(step(&[0.5, 2.0, 1.0], &vocab)),
            Choice::Token { token: 1, margin: 1.0, confidence: None }
        );
        assert_eq!(Greedy.choose(step(&[], &vocab)), Choice::Stop);
    }

    #[test]
    fn sampling_is_reproducible_and_follows_the_distribution() {
        let vocab = Vocab::default();
        let logits = [0.0_f32, 1.0, 2.0];
        let draw = |seed| {
            let mut hook = Sampled::new(1.0, 1.0, seed);
            (0..4000)
                .map(|_| match hook.choose(step(&logits, &vocab)) {
                    Choice::Token { token, .. } => token,
                    Choice::Stop => -1,
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        let share = draw(7).iter().filter(|&&token| token == 2).count() as f64 / 4000.0;
        assert!((share - softmax(&logits, 1.0)[2]).abs() < 0.03, "{share}");
        let mut narrow = Sampled::new(1.0, 0.1, 1);
        for _ in 0..50 {
            assert!(matches!(narrow.choose(step(&logits, &vocab)), Choice::Token { token: 2, .. }));
        }
    }
}
