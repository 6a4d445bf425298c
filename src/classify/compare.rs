//! Whether one prompt finds more classes than another.

use serde::{Deserialize, Serialize};

/// Two prompts on the same utterances, such as one that shows the N-best list and one that
/// shows the 1-best.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Utterances that both answered and whose true class is known.
    pub scored: u64,
    /// Both are right.
    pub both: u64,
    /// Only the first is right.
    pub only_first: u64,
    /// Only the second is right.
    pub only_second: u64,
    /// Accuracy of the second minus that of the first, in percent points; `None` where
    /// nothing is scored.
    pub difference: Option<f64>,
    /// Two-sided probability of so uneven a split of the utterances on which they differ if
    /// neither were better, from 0 to 1: McNemar's test (McNemar 1947) with the exact binomial
    /// distribution. It takes utterances for independent. 1 where they never differ.
    pub p_value: f64,
}

impl Comparison {
    /// Compares what is right: for each utterance, whether the first and the second are.
    #[must_use]
    pub fn new(right: impl IntoIterator<Item = (bool, bool)>) -> Self {
        let (mut scored, mut both, mut only_first, mut only_second) = (0_u64, 0, 0, 0);
        for (first, second) in right {
            scored += 1;
            both += u64::from(first && second);
            only_first += u64::from(first && !second);
            only_second += u64::from(second && !first);
        }
        let difference =
            (scored > 0).then(|| 100.0 * (only_second as f64 - only_first as f64) / scored as f64);
        let p_value = exact(only_first, only_second);
        Self { scored, both, only_first, only_second, difference, p_value }
    }
}

/// Twice the probability of at most the smaller count when each of both together is a fair
/// coin, at most 1.
fn exact(one: u64, other: u64) -> f64 {
    let (fewer, total) = (one.min(other), one + other);
    if 2 * fewer >= total {
        return 1.0;
    }
    // The logarithm of C(total, fewer) / 2^total, which itself may be too small for a number.
    let most: f64 =
        (1..=fewer).map(|step| ((total - fewer + step) as f64 / step as f64).ln()).sum::<f64>()
            - total as f64 * std::f64::consts::LN_2;
    // All terms relative to the largest, which is the last.
    let (mut term, mut sum) = (1.0, 1.0);
    for count in (1..=fewer).rev() {
        term *= count as f64 / (total - count + 1) as f64;
        sum += term;
        if term < 1e-18 {
            break;
        }
    }
    (2.0 * most.exp() * sum).min(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_p_value_is_that_of_the_binomial_distribution() {
        // By hand: 2 (1 + 10) / 2^10; 2 / 2^6; 2 (1 + 12 + 66) / 2^12.
        for (one, other, wanted) in [
            (1, 9, 22.0 / 1024.0),
            (6, 0, 2.0 / 64.0),
            (2, 10, 158.0 / 4096.0),
            (0, 0, 1.0),
            (5, 5, 1.0),
        ] {
            assert!((exact(one, other) - wanted).abs() < 1e-12, "{one} {other}");
            assert_eq!(exact(one, other), exact(other, one));
        }
        // Too many for 2^-n as a number; the normal distribution says 2 Phi(-5) nearly.
        let many = exact(49_500, 50_500);
        assert!((many / 0.001_57 - 1.0).abs() < 0.02, "{many}");
        assert_eq!(exact(0, 5000), 0.0);
    }

    #[test]
    fn a_comparison_counts_where_prompts_differ() {
        let right = [(true, true), (true, false), (false, true), (false, true), (false, false)];
        let found = Comparison::new(right);
        assert_eq!((found.scored, found.both, found.only_first, found.only_second), (5, 1, 1, 2));
        assert_eq!((found.difference, found.p_value), (Some(20.0), 1.0));
        assert_eq!(Comparison::new([]).difference, None);
    }

    proptest! {
        #[test]
        fn the_p_value_is_the_sum_of_the_definition(one in 0_u64..40, other in 0_u64..40) {
            let (fewer, total) = (one.min(other), one + other);
            let mut row = vec![1.0_f64];
            for _ in 0..total {
                let next: Vec<f64> = row.windows(2).map(|pair| (pair[0] + pair[1]) / 2.0).collect();
                let (first, last) = (row[0] / 2.0, row[row.len() - 1] / 2.0);
                row = std::iter::once(first).chain(next).chain([last]).collect();
            }
            let at_most: f64 = row.iter().zip(0..=fewer).map(|(share, _)| share).sum();
            prop_assert!((exact(one, other) - (2.0 * at_most).min(1.0)).abs() < 1e-10);
        }
    }
}
