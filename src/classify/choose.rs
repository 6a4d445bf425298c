//! The class that a model holds most probable.

/// How the log-probability of a class's tokens becomes its score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Length {
    /// Their sum: the probability that the model answers so. It favours short classes only as
    /// far as the model does. With the end of the answer scored too, no class counts for what
    /// is only its beginning.
    #[default]
    Sum,
    /// Their mean (Brown et al. 2020, "Language models are few-shot learners"): for classes of
    /// very unequal length, where the sum is smaller for nothing but more tokens.
    Mean,
}

/// The most probable class and how probable all are.
#[derive(Debug, Clone, PartialEq)]
pub struct MostProbable {
    /// Its place among the classes.
    pub class: usize,
    /// For each class, its share of the probability of all, from 0 to 1; together 1.
    pub probabilities: Vec<f64>,
}

/// Chooses a class by the natural log-probabilities of each one's tokens as the answer, and
/// shares out the probability by softmax. Among equals the first wins. A class without tokens
/// or with a value that is no log-probability (NaN, or above 0 by more than rounding) has no
/// share. `None` where no class has one.
#[must_use]
pub fn most_probable(tokens: &[Vec<f64>], length: Length) -> Option<MostProbable> {
    let score = |logs: &Vec<f64>| {
        if logs.is_empty() || logs.iter().any(|log| log.is_nan() || *log > 1e-6) {
            return f64::NEG_INFINITY;
        }
        let sum: f64 = logs.iter().sum();
        match length {
            Length::Sum => sum,
            Length::Mean => sum / logs.len() as f64,
        }
    };
    let scores: Vec<f64> = tokens.iter().map(score).collect();
    let (class, most) = scores
        .iter()
        .copied()
        .enumerate()
        .reduce(|best, next| if next.1 > best.1 { next } else { best })
        .filter(|(_, most)| most.is_finite())?;
    let weights: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
    let total: f64 = weights.iter().sum();
    let probabilities = weights.into_iter().map(|weight| weight / total).collect();
    Some(MostProbable { class, probabilities })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_sum_is_the_probability_and_the_mean_forgives_length() {
        let tokens = [vec![0.5_f64.ln()], vec![0.6_f64.ln(), 0.6_f64.ln()]];
        let sum = most_probable(&tokens, Length::Sum).unwrap();
        assert_eq!(sum.class, 0);
        assert!((sum.probabilities[0] - 0.5 / 0.86).abs() < 1e-12);
        assert_eq!(most_probable(&tokens, Length::Mean).unwrap().class, 1);
    }

    #[test]
    fn what_has_no_probability_is_never_chosen() {
        let none = vec![f64::NEG_INFINITY];
        let bad = [vec![], vec![f64::NAN], vec![3.0], none.clone(), vec![-700.0, -700.0]];
        let found = most_probable(&bad, Length::Sum).unwrap();
        assert_eq!((found.class, found.probabilities), (4, vec![0.0, 0.0, 0.0, 0.0, 1.0]));
        assert_eq!(most_probable(&bad[..4], Length::Sum), None);
        assert_eq!(most_probable(&[], Length::Mean), None);
        let equal = most_probable(&[vec![-1.0], vec![-1.0]], Length::Sum).unwrap();
        assert_eq!((equal.class, equal.probabilities), (0, vec![0.5, 0.5]));
    }

    proptest! {
        #[test]
        fn probabilities_sum_to_one_and_the_class_has_the_highest(
            tokens in prop::collection::vec(prop::collection::vec(-50.0..=0.0_f64, 1..4), 1..6),
        ) {
            for length in [Length::Sum, Length::Mean] {
                let found = most_probable(&tokens, length).unwrap();
                prop_assert!((found.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9);
                let most = found.probabilities[found.class];
                prop_assert!(found.probabilities.iter().all(|other| *other <= most));
            }
        }
    }
}
