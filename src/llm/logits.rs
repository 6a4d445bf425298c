//! Sums over a vocabulary of logits.
//!
//! Every token of a text is chosen from all of them, which with a small model is a good part of
//! the time. The loops here go over whole lanes without a branch, so that the compiler makes
//! vector instructions of them on every processor.

use super::TokenId;

/// Values that are treated alike in one turn of a loop.
const LANES: usize = 16;

/// Turns after which sums in single precision go over into double: the error of a sum stays
/// below a millionth.
const TURNS: usize = 16;

/// The highest logit; negative infinity where there is none. What is not a number is passed over.
#[must_use]
pub fn highest(logits: &[f32]) -> f32 {
    let (whole, rest) = logits.as_chunks::<LANES>();
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for chunk in whole {
        for (high, &logit) in lanes.iter_mut().zip(chunk) {
            *high = higher(logit, *high);
        }
    }
    lanes.iter().chain(rest).fold(f32::NEG_INFINITY, |high, &logit| higher(logit, high))
}

/// The place of the highest logit, the first among equals, with it and with the second highest
/// (as high where two are equal; negative infinity where there is none). `None` where no logit
/// is above negative infinity.
#[must_use]
pub fn top_two(logits: &[f32]) -> Option<(usize, f32, f32)> {
    let high = highest(logits);
    if high == f32::NEG_INFINITY {
        return None;
    }
    let place = logits.iter().position(|&logit| logit == high)?;
    let second = higher(highest(&logits[..place]), highest(&logits[place + 1..]));
    Some((place, high, second))
}

/// `ln Σ exp(logit)` in nats, to a millionth; negative infinity for no logits.
#[must_use]
pub fn log_sum_exp(logits: &[f32]) -> f64 {
    let high = highest(logits);
    if high == f32::NEG_INFINITY {
        return f64::NEG_INFINITY;
    }
    let mut total = 0.0;
    for block in logits.chunks(LANES * TURNS) {
        let (whole, rest) = block.as_chunks::<LANES>();
        let mut lanes = [0.0_f32; LANES];
        for chunk in whole {
            for (sum, &logit) in lanes.iter_mut().zip(chunk) {
                *sum += exp(logit - high);
            }
        }
        let rest = rest.iter().map(|&logit| f64::from(exp(logit - high)));
        total += lanes.iter().map(|&sum| f64::from(sum)).sum::<f64>() + rest.sum::<f64>();
    }
    f64::from(high) + total.ln()
}

/// Natural log-probability of `token` under `softmax(logits)`, to a millionth; negative infinity
/// for a token that is not in the vocabulary.
#[must_use]
pub fn logprob(logits: &[f32], token: TokenId) -> f64 {
    of(logits, token) - log_sum_exp(logits)
}

/// The logit of a token; negative infinity for one that is not in the vocabulary.
#[must_use]
pub fn of(logits: &[f32], token: TokenId) -> f64 {
    let known = usize::try_from(token).ok().and_then(|index| logits.get(index));
    known.map_or(f64::NEG_INFINITY, |&logit| f64::from(logit))
}

/// The higher of the two, `other` where `one` is not a number. `f32::max` keeps either of the
/// two from being none, for which there is no vector instruction.
const fn higher(one: f32, other: f32) -> f32 {
    if one > other { one } else { other }
}

/// `exp(x)` for `x` up to 0, to a relative error of 2e-7, and 0 to 1e-38 below -87.
///
/// `exp(x) = 2^n exp(r)` with `n` the whole number that is nearest to `x / ln 2`, and `r`, of at
/// most `ln 2 / 2`, by its power series to the seventh order.
fn exp(x: f32) -> f32 {
    /// Added to a small number, it leaves no bits for a fraction, and the last bits of the sum
    /// are the whole number.
    const WHOLE: f32 = 12_582_912.0;
    /// `ln 2` in two parts: nine bits, whose products with a whole number are exact, and the rest.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    let x = higher(x, -87.0);
    let shifted = x * std::f32::consts::LOG2_E + WHOLE;
    let n = shifted - WHOLE;
    let r = x - n * LN_2[0] - n * LN_2[1];
    let mut series = 1.0 / 5040.0;
    for factor in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        series = series * r + factor;
    }
    let power = (shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits());
    series * f32::from_bits(power)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn exponentials_are_right_to_seven_digits() {
        for step in 0..870_000 {
            let x = -1e-4 * step as f32;
            let (own, exact) = (f64::from(exp(x)), f64::from(x).exp());
            assert!((own / exact - 1.0).abs() < 2e-7, "exp({x}) = {exact}, not {own}");
        }
        for x in [-87.1, -1e6, f32::NEG_INFINITY, f32::NAN] {
            assert!((0.0..2e-38).contains(&exp(x)), "exp({x})");
        }
        assert_eq!(exp(0.0), 1.0);
    }

    #[test]
    fn log_probabilities_sum_to_one() {
        let logits = [0.3_f32, -4.0, 2.5, 0.0];
        let total: f64 = (0..4).map(|token| logprob(&logits, token).exp()).sum();
        assert!((total - 1.0).abs() < 1e-6);
        assert_eq!(logprob(&logits, 9), f64::NEG_INFINITY);
    }

    #[test]
    fn without_logits_there_is_nothing() {
        assert_eq!(top_two(&[]), None);
        assert_eq!(top_two(&[f32::NEG_INFINITY, f32::NAN]), None);
        assert_eq!(top_two(&[f32::NAN, 2.0]), Some((1, 2.0, f32::NEG_INFINITY)));
        assert_eq!(log_sum_exp(&[]), f64::NEG_INFINITY);
        assert_eq!(log_sum_exp(&[f32::NEG_INFINITY; 40]), f64::NEG_INFINITY);
    }

    fn logit() -> impl Strategy<Value = f32> {
        prop_oneof![
            8 => -40.0_f32..40.0,
            1 => Just(f32::NEG_INFINITY),
            1 => (-3_i32..3).prop_map(|whole| whole as f32)
        ]
    }

    proptest! {
        #[test]
        fn lanes_change_nothing(logits in proptest::collection::vec(logit(), 0..600)) {
            let mut order: Vec<usize> = (0..logits.len()).collect();
            order.sort_by(|&a, &b| logits[b].total_cmp(&logits[a]));
            let at = |rank: usize| order.get(rank).map_or(f32::NEG_INFINITY, |&at| logits[at]);
            let expected = (at(0) > f32::NEG_INFINITY).then(|| (order[0], at(0), at(1)));
            prop_assert_eq!(top_two(&logits), expected);
            let sum = logits.iter().map(|&logit| f64::from(logit).exp()).sum::<f64>().ln();
            let own = log_sum_exp(&logits);
            prop_assert!(own == sum || (own - sum).abs() < 1e-6, "{} {}", own, sum);
        }
    }
}
