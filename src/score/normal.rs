//! The normal distribution.

use std::f64::consts::{PI, SQRT_2};

/// Below this many root-two deviations the series is exact, above it the fraction is.
const SERIES_UP_TO: f64 = 2.5;
/// Enough of either for the last bits.
const TERMS: u32 = 100;

/// The probability that a standard normal value is at least as far from 0 as `z`, from 0 to
/// 1. Relative error below 1e-11; not a number gives 1, which claims nothing.
///
/// The complementary error function of `|z| / sqrt(2)` by series and continued fraction
/// (Abramowitz and Stegun 1964, 7.1.6 and 7.1.14).
pub(super) fn two_sided(z: f64) -> f64 {
    if z.is_nan() {
        return 1.0;
    }
    let x = z.abs() / SQRT_2;
    if x < SERIES_UP_TO {
        let mut term = x;
        let mut sum = x;
        for n in 1..TERMS {
            term *= 2.0 * x * x / f64::from(2 * n + 1);
            sum += term;
        }
        (1.0 - 2.0 / PI.sqrt() * (-x * x).exp() * sum).clamp(0.0, 1.0)
    } else {
        let fraction = (1..TERMS).rev().fold(x, |rest, n| x + f64::from(n) / 2.0 / rest);
        (-x * x).exp() / (PI.sqrt() * fraction)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_ends_are_certain_and_impossible() {
        assert_eq!(two_sided(0.0), 1.0);
        assert_eq!(two_sided(f64::INFINITY), 0.0);
        assert_eq!(two_sided(f64::NAN), 1.0);
    }

    proptest! {
        #[test]
        fn farther_is_rarer(z in 0.0..30.0_f64, more in 0.001..2.0_f64) {
            prop_assert!(two_sided(z + more) < two_sided(z));
            prop_assert_eq!(two_sided(-z), two_sided(z));
        }
    }
}
