//! Log-probabilities from logits.
//!
//! This runs once for each prefix over some 50 000 tokens, so the loops are written for the
//! compiler to turn into vector instructions.

use std::f32::consts::LOG2_E;

const BLOCK: usize = 64;
const LANES: usize = 16;

/// The logits of one prefix, with what is needed to normalise them.
pub(crate) struct Distribution<'a> {
    logits: &'a [f32],
    /// Highest logit of each block of tokens.
    highs: Vec<f32>,
    high: f32,
    scale: f32,
    log_sum: f32,
}

impl<'a> Distribution<'a> {
    /// Normalises `scale * logits`; logits of negative infinity have no share. `None` where
    /// a logit is not a number or none is finite.
    pub(crate) fn new(logits: &'a [f32], scale: f32) -> Option<Self> {
        let highs: Vec<f32> = logits.chunks(BLOCK).map(highest).collect();
        let high = highest(&highs);
        // The sum over `x - x` would miss none, but masked tokens are infinite.
        let numbers = !logits.iter().fold(false, |found, logit| found | logit.is_nan());
        if !numbers || !high.is_finite() {
            return None;
        }
        let log_sum = sum_exp(logits, high, scale).ln() as f32;
        Some(Self { logits, highs, high, scale, log_sum })
    }

    /// `ln p(token)`.
    pub(crate) fn logprob(&self, token: usize) -> f32 {
        (self.logits[token] - self.high) * self.scale - self.log_sum
    }

    /// Logarithm of the sum of `exp(scale * logit)`.
    pub(crate) fn log_total(&self) -> f32 {
        self.high * self.scale + self.log_sum
    }

    /// The `count` likeliest tokens below `end` that have a share, by falling probability
    /// and rising id.
    pub(crate) fn top(&self, count: usize, end: usize) -> Vec<(u32, f32)> {
        let mut top: Vec<(f32, u32)> = Vec::with_capacity(count.min(end) + 1);
        let mut least = f32::NEG_INFINITY;
        for (block, &high) in self.highs.iter().enumerate() {
            if high <= least {
                continue;
            }
            let start = block * BLOCK;
            let stop = (start + BLOCK).min(end);
            for (token, &logit) in self.logits.iter().enumerate().take(stop).skip(start) {
                if logit > least {
                    let place = top.partition_point(|&(other, _)| other >= logit);
                    top.insert(place, (logit, token as u32));
                    top.truncate(count);
                    if top.len() == count {
                        least = top.last().map_or(f32::INFINITY, |&(logit, _)| logit);
                    }
                }
            }
        }
        top.into_iter().map(|(_, token)| (token, self.logprob(token as usize))).collect()
    }
}

fn highest(values: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = if value > *lane { value } else { *lane };
        }
    }
    lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |high, &value| high.max(value))
}

fn sum_exp(logits: &[f32], high: f32, scale: f32) -> f64 {
    let mut lanes = [0.0_f32; LANES];
    let (chunks, rest) = logits.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &logit) in lanes.iter_mut().zip(chunk) {
            *lane += exp((logit - high) * scale);
        }
    }
    let rest: f64 = rest.iter().map(|&logit| f64::from(exp((logit - high) * scale))).sum();
    lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>() + rest
}

/// `e` to the power of a number of at most 0, with a relative error below 3e-7; numbers
/// under -87 give next to nothing. The library's own function does not vectorise.
#[inline]
fn exp(x: f32) -> f32 {
    /// Adding it leaves the integer part in the low bits.
    const ROUND: f32 = 12_582_912.0;
    let power = (x * LOG2_E).max(-126.0);
    let shifted = power + ROUND;
    let part = power - (shifted - ROUND);
    let whole = shifted.to_bits().wrapping_sub(ROUND.to_bits());
    // Taylor series of 2^part for |part| <= 1/2.
    let mut value = 1.540_353e-4;
    value = value * part + 1.333_355_8e-3;
    value = value * part + 9.618_129e-3;
    value = value * part + 5.550_411e-2;
    value = value * part + 2.402_265e-1;
    value = value * part + 6.931_472e-1;
    value = value * part + 1.0;
    value * f32::from_bits(whole.wrapping_add(127) << 23)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exact(logits: &[f32], scale: f64) -> Vec<f64> {
        let sum: f64 = logits.iter().map(|&z| (f64::from(z) * scale).exp()).sum();
        logits.iter().map(|&z| f64::from(z) * scale - sum.ln()).collect()
    }

    proptest! {
        #[test]
        fn logprobs_are_those_of_double_precision(
            mut logits in proptest::collection::vec(-30.0_f32..30.0, 1..400),
            masked in any::<prop::sample::Index>(),
            scale in 0.2_f32..2.0,
        ) {
            let masked = masked.index(logits.len());
            if logits.len() > 1 {
                logits[masked] = f32::NEG_INFINITY;
            }
            let distribution = Distribution::new(&logits, scale).unwrap();
            for (token, exact) in exact(&logits, f64::from(scale)).into_iter().enumerate() {
                let ours = f64::from(distribution.logprob(token));
                prop_assert!(ours == exact || (ours - exact).abs() < 2e-5, "{} {}", ours, exact);
            }
        }

        #[test]
        fn top_is_the_beginning_of_the_sorted_list(
            logits in proptest::collection::vec((-9_i8..9).prop_map(f32::from), 1..300),
            count in 1_usize..40,
        ) {
            let end = logits.len() - 1;
            let mut sorted: Vec<u32> = (0..end as u32).collect();
            sorted.sort_by(|&a, &b| logits[b as usize].total_cmp(&logits[a as usize]).then(a.cmp(&b)));
            sorted.truncate(count);
            let top = Distribution::new(&logits, 1.0).unwrap().top(count, end);
            prop_assert_eq!(top.iter().map(|&(token, _)| token).collect::<Vec<_>>(), sorted);
        }

        #[test]
        fn exp_is_that_of_the_library(x in -87.0_f32..=0.0) {
            let exact = f64::from(x).exp();
            prop_assert!((f64::from(exp(x)) - exact).abs() <= 1e-5 * exact);
            prop_assert!(x < -1.0 || (f64::from(exp(x)) - exact).abs() <= 3e-7 * exact);
        }
    }

    #[test]
    fn what_is_not_a_number_gives_no_distribution() {
        assert!(Distribution::new(&[0.0, f32::NAN], 1.0).is_none());
        assert!(Distribution::new(&[f32::NEG_INFINITY; 3], 1.0).is_none());
        assert!(Distribution::new(&[], 1.0).is_none());
        assert!(Distribution::new(&[f32::INFINITY, 0.0], 1.0).is_none());
    }

    #[test]
    fn masked_tokens_are_never_on_top() {
        let logits = [f32::NEG_INFINITY, 1.0, f32::NEG_INFINITY, 2.0, 9.0];
        let top = Distribution::new(&logits, 1.0).unwrap().top(4, 4);
        assert_eq!(top.iter().map(|&(token, _)| token).collect::<Vec<_>>(), [3, 1]);
    }
}
