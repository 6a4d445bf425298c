//! What a decode call costs, learned from the calls that are made.

use std::ops::Range;

/// Shape of a decode call, as its time depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Load {
    /// Passes over the weights: the calls into which llama.cpp splits this one.
    pub(super) passes: usize,
    /// Sequences, counted again in every pass.
    pub(super) sequences: usize,
    /// Tokens.
    pub(super) tokens: usize,
    /// Tokens whose logits are asked for.
    pub(super) logits: usize,
}

impl Load {
    /// The load of sequences with so many tokens each, by rising slot, none of them 0.
    ///
    /// Without a unified cache llama.cpp puts into one pass a run of neighbouring sequences
    /// with the same number of tokens each, and what is left over into further passes
    /// (`llama_batch_allocr::split_equal`).
    pub(super) fn of(slots: &[(usize, usize)], logits: usize, pass: usize) -> Self {
        let tokens = slots.iter().map(|&(_, count)| count).sum();
        let mut load = Self { tokens, logits, ..Self::default() };
        for (run, _) in passes(slots, pass) {
            load.passes += 1;
            load.sequences += run.len();
        }
        load
    }

    fn features(&self) -> [f64; 4] {
        [self.passes, self.sequences, self.tokens, self.logits].map(|count| count as f64)
    }
}

/// The passes of a call, each as its sequences (places in `slots`) and the number of tokens of
/// each of them.
fn passes(slots: &[(usize, usize)], pass: usize) -> Vec<(Range<usize>, usize)> {
    let mut left: Vec<(usize, usize)> = slots.to_vec();
    let mut passes = Vec::new();
    while let Some(first) = left.iter().position(|&(_, count)| count > 0) {
        let slot = left[first].0;
        let run = left[first..]
            .iter()
            .zip(slot..)
            .take_while(|&(&(own, count), expected)| own == expected && count > 0)
            .take(pass.max(1))
            .count();
        let run = first..first + run;
        let least = left[run.clone()].iter().map(|&(_, count)| count).min().unwrap_or(0);
        let count = least.min((pass / run.len()).max(1));
        left[run.clone()].iter_mut().for_each(|(_, left)| *left -= count);
        passes.push((run, count));
    }
    passes
}

/// The place in `slots` of a sequence that has a token alone in some pass.
pub(super) fn alone(slots: &[(usize, usize)], pass: usize) -> Option<usize> {
    passes(slots, pass)
        .into_iter()
        .find(|(run, count)| run.len() * count == 1)
        .map(|(run, _)| run.start)
}

/// A call's share in what is known after it.
const FORGETTING: f64 = 0.995;

/// How many calls the first guess counts for. Little: it is for what the calls say nothing about.
const GUESS: f64 = 0.002;

/// What a pass, a sequence, a token and its logits cost beside one another, before anything
/// was measured.
const PRIOR: [f64; 4] = [8.0, 1.0, 4.0, 1.0];

/// Time of a decode call as a linear function of its [`Load`].
///
/// A least-squares fit of relative errors, which forgets slowly and holds to its first guess
/// where calls say nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Cost {
    /// Seconds each; 0 before the first call.
    weights: [f64; 4],
    guess: [f64; 4],
    products: [[f64; 4]; 4],
    moments: [f64; 4],
}

impl Cost {
    /// Takes in a call.
    pub(super) fn observe(&mut self, load: &Load, seconds: f64) {
        let features = load.features();
        if seconds <= 0.0 || load.tokens == 0 {
            return;
        }
        if self.guess[0] == 0.0 {
            let scale = seconds / dot(&PRIOR, &features);
            self.guess = PRIOR.map(|weight| weight * scale);
        }
        let relative = features.map(|feature| feature / seconds);
        for (row, &own) in self.products.iter_mut().zip(&relative) {
            for (sum, &other) in row.iter_mut().zip(&relative) {
                *sum = *sum * FORGETTING + own * other;
            }
        }
        for (sum, &own) in self.moments.iter_mut().zip(&relative) {
            *sum = *sum * FORGETTING + own;
        }
        self.fit();
    }

    /// Seconds that a call would take; in arbitrary units before the first call.
    pub(super) fn seconds(&self, load: &Load) -> f64 {
        let weights = if self.guess[0] == 0.0 { &PRIOR } else { &self.weights };
        dot(weights, &load.features())
    }

    fn fit(&mut self) {
        let mut rows = self.products;
        let mut right = self.moments;
        for (place, &guess) in self.guess.iter().enumerate() {
            let strength = GUESS / (guess * guess);
            rows[place][place] += strength;
            right[place] += strength * guess;
        }
        let solved = solve(rows, right);
        for ((weight, solved), guess) in self.weights.iter_mut().zip(solved).zip(self.guess) {
            // Nothing is free, and noise can say so.
            *weight = solved.max(guess * 0.02);
        }
    }
}

fn dot(a: &[f64; 4], b: &[f64; 4]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Solves a symmetric positive definite system.
fn solve(mut rows: [[f64; 4]; 4], mut right: [f64; 4]) -> [f64; 4] {
    for column in 0..4 {
        let pivot = rows[column];
        for below in column + 1..4 {
            let factor = rows[below][column] / pivot[column];
            for (own, above) in rows[below].iter_mut().zip(pivot) {
                *own -= factor * above;
            }
            right[below] -= factor * right[column];
        }
    }
    let mut solved = [0.0; 4];
    for row in (0..4).rev() {
        let known: f64 = (row + 1..4).map(|place| rows[row][place] * solved[place]).sum();
        solved[row] = (right[row] - known) / rows[row][row];
    }
    solved
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn load(slots: &[(usize, usize)], pass: usize) -> (usize, usize) {
        let load = Load::of(slots, 0, pass);
        (load.passes, load.sequences)
    }

    #[test]
    fn passes_hold_neighbours_with_equally_many_tokens() {
        assert_eq!(load(&[(0, 1), (1, 1), (2, 1)], 512), (1, 3));
        assert_eq!(load(&[(0, 1), (2, 1)], 512), (2, 2));
        assert_eq!(load(&[(0, 1), (1, 20), (2, 1)], 512), (2, 4));
        assert_eq!(load(&[(0, 3), (1, 1), (2, 3)], 512), (3, 5));
        assert_eq!(load(&[(0, 5), (1, 5)], 4), (3, 6));
        assert_eq!(load(&[], 512), (0, 0));
    }

    #[test]
    fn a_token_alone_in_a_pass_is_found() {
        assert_eq!(alone(&[(0, 1)], 512), Some(0));
        assert_eq!(alone(&[(0, 1), (1, 1)], 512), None);
        assert_eq!(alone(&[(0, 1), (2, 2)], 512), Some(0));
        assert_eq!(alone(&[(0, 2), (1, 3), (2, 2)], 512), Some(1));
        assert_eq!(alone(&[(0, 2), (1, 4)], 512), None);
        assert_eq!(alone(&[(0, 5)], 4), Some(0));
    }

    proptest! {
        #[test]
        fn the_cost_of_a_linear_machine_is_found(
            weights in prop::array::uniform4(0.3f64..3.0), seed: u64,
        ) {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            let loads: Vec<Load> = (0..80)
                .map(|_| {
                    let sequences = random.random_range(1..17);
                    Load {
                        passes: random.random_range(1..4),
                        sequences,
                        tokens: sequences + random.random_range(0..40),
                        logits: random.random_range(0..40),
                    }
                })
                .collect();
            let mut cost = Cost::default();
            let seconds = |load: &Load| dot(&weights, &load.features()) * 1e-3;
            loads.iter().for_each(|load| cost.observe(load, seconds(load)));
            let error = |load: &Load| (cost.seconds(load) / seconds(load) - 1.0).abs();
            let mean = loads.iter().map(error).sum::<f64>() / loads.len() as f64;
            prop_assert!(mean < 0.1, "{mean}");
        }

        #[test]
        fn all_tokens_are_in_some_pass(
            lengths in prop::collection::vec((0usize..3, 1usize..30), 0..12), pass in 1usize..64,
        ) {
            let mut slot = 0;
            let slots: Vec<(usize, usize)> = lengths
                .iter()
                .map(|&(gap, length)| {
                    slot += gap + 1;
                    (slot, length)
                })
                .collect();
            let load = Load::of(&slots, 0, pass);
            prop_assert!(load.passes * pass.max(1) >= load.tokens);
            prop_assert!(load.sequences >= slots.len() && load.passes <= load.tokens);
        }
    }
}
