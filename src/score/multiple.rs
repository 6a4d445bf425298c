//! P-values of several tests at once.

/// Holm's correction (Holm 1979, "A simple sequentially rejective multiple test procedure"):
/// calling what is below a level significant then errs anywhere at most that often, however
/// the tests depend on each other. In the order given, from 0 to 1; none give none. What is
/// not a number counts as 1.
///
/// ```
/// assert_eq!(gec::score::holm(&[0.25, 0.0625]), [0.25, 0.125]);
/// ```
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut corrected = vec![1.0; p_values.len()];
    let mut most: f64 = 0.0;
    let order = ascending(p_values);
    for (rank, &(place, p_value)) in order.iter().enumerate() {
        most = most.max((order.len() - rank) as f64 * p_value).min(1.0);
        corrected[place] = most;
    }
    corrected
}

/// The correction of Benjamini and Hochberg (1995, "Controlling the false discovery rate"):
/// of what is then below a level, at most that share is expected to be no difference, for
/// tests that are independent or positively dependent. In the order given, from 0 to 1;
/// none give none. What is not a number counts as 1.
///
/// ```
/// assert_eq!(gec::score::benjamini_hochberg(&[0.25, 0.0625]), [0.25, 0.125]);
/// ```
#[must_use]
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut corrected = vec![1.0; p_values.len()];
    let mut least: f64 = 1.0;
    let order = ascending(p_values);
    for (rank, &(place, p_value)) in order.iter().enumerate().rev() {
        least = least.min(order.len() as f64 * p_value / (rank + 1) as f64);
        corrected[place] = least;
    }
    corrected
}

/// The values with their places, the least first.
fn ascending(p_values: &[f64]) -> Vec<(usize, f64)> {
    let clean = |p: f64| if p.is_nan() { 1.0 } else { p.clamp(0.0, 1.0) };
    let mut order: Vec<(usize, f64)> = p_values.iter().copied().map(clean).enumerate().collect();
    order.sort_by(|one, other| one.1.total_cmp(&other.1));
    order
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_test_needs_no_correction_and_none_gives_none() {
        assert_eq!((holm(&[0.03]), benjamini_hochberg(&[0.03])), (vec![0.03], vec![0.03]));
        assert_eq!((holm(&[]), benjamini_hochberg(&[])), (vec![], vec![]));
        assert_eq!(holm(&[f64::NAN, 0.01]), [1.0, 0.02]);
    }

    proptest! {
        #[test]
        fn corrections_only_raise_and_holm_raises_more(p in prop::collection::vec(0.0..=1.0_f64, 1..12)) {
            for ((p, holm), hochberg) in p.iter().zip(holm(&p)).zip(benjamini_hochberg(&p)) {
                prop_assert!(*p <= hochberg + 1e-12 && hochberg <= holm + 1e-12 && holm <= 1.0);
            }
        }

        #[test]
        fn the_order_of_tests_does_not_matter(p in prop::collection::vec(0.0..=1.0_f64, 0..12)) {
            let backwards: Vec<f64> = p.iter().rev().copied().collect();
            for correct in [holm, benjamini_hochberg] {
                let mut turned = correct(&backwards);
                turned.reverse();
                prop_assert_eq!(turned, correct(&p));
            }
        }
    }
}
