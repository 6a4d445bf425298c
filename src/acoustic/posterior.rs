//! From a list to a probability of each hypothesis.

use serde::{Deserialize, Serialize};

use crate::corpus::Hypothesis;

/// How a list becomes a probability distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Posterior {
    /// Scores are divided by this before the softmax (above 0). HyPoradise's scores are
    /// averages per token, so small differences mean much. For scores that are sums of their
    /// token scores see [`sum_temperature`](Self::sum_temperature).
    pub score_temperature: f64,
    /// In place of `score_temperature` (above 0) where every score is the sum of its token
    /// scores: then they are log-probabilities of whole texts, and 1 takes them at their word.
    pub sum_temperature: f64,
    /// Where a list has no scores, each rank costs this many nats.
    pub rank_cost: f64,
    /// Whether repeats in the list as read multiply a hypothesis's weight. Right where the
    /// list was sampled, wrong where it was padded.
    pub count_repeats: bool,
}

impl Default for Posterior {
    fn default() -> Self {
        Self { score_temperature: 0.05, sum_temperature: 1.0, rank_cost: 0.5, count_repeats: false }
    }
}

/// What a list says about its hypotheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// Every score is the sum of its token scores, a log-probability of the whole text.
    Sums,
    /// Every hypothesis has a finite score of another kind.
    Scores,
    /// Only the order counts.
    Ranks,
}

impl ListKind {
    /// The kind of a list; an empty one is of [`Self::Sums`].
    #[must_use]
    pub fn of(nbest: &[Hypothesis]) -> Self {
        let scored = |known: &Hypothesis| known.score.is_some_and(f64::is_finite);
        if !nbest.iter().all(scored) {
            Self::Ranks
        } else if nbest.iter().all(is_sum) {
            Self::Sums
        } else {
            Self::Scores
        }
    }
}

/// Probability of each hypothesis of `nbest`, in its order; they sum to 1. Uses scores
/// where every hypothesis has a finite one, else the order. Empty for an empty list.
#[must_use]
pub fn posterior(nbest: &[Hypothesis], how: &Posterior) -> Vec<f64> {
    let temperature = match ListKind::of(nbest) {
        ListKind::Sums => Some(how.sum_temperature),
        ListKind::Scores => Some(how.score_temperature),
        ListKind::Ranks => None,
    };
    let mut weights: Vec<f64> = match temperature {
        Some(temperature) => {
            let scores = || nbest.iter().filter_map(|hypothesis| hypothesis.score);
            let high = scores().fold(f64::NEG_INFINITY, f64::max);
            scores().map(|score| ((score - high) / temperature).exp()).collect()
        }
        None => (0..nbest.len()).map(|rank| (-how.rank_cost * rank as f64).exp()).collect(),
    };
    if how.count_repeats {
        for (weight, hypothesis) in weights.iter_mut().zip(nbest) {
            *weight *= f64::from(hypothesis.count);
        }
    }
    let total: f64 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= total;
    }
    weights
}

/// Whether a score is the sum of its token scores, and not their average. With a single
/// token it is both.
fn is_sum(hypothesis: &Hypothesis) -> bool {
    let (Some(score), Some(tokens)) = (hypothesis.score, &hypothesis.token_scores) else {
        return false;
    };
    let sum: f64 = tokens.iter().sum();
    !tokens.is_empty() && (score - sum).abs() <= 1e-3 * sum.abs().max(1.0)
}

/// Entropy of a distribution in nats; 0 for at most one outcome.
#[must_use]
pub fn entropy(probabilities: &[f64]) -> f64 {
    -probabilities.iter().filter(|&&p| p > 0.0).map(|&p| p * p.ln()).sum::<f64>()
}

/// Lead of the most probable outcome over the second, in [0, 1]; 1 for at most one.
#[must_use]
pub fn margin(probabilities: &[f64]) -> f64 {
    let (mut first, mut second) = (0.0_f64, 0.0_f64);
    for &probability in probabilities {
        if probability > first {
            second = first;
            first = probability;
        } else {
            second = second.max(probability);
        }
    }
    if probabilities.len() < 2 { 1.0 } else { first - second }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Utterance;

    fn list(items: &[(&str, Option<f64>)]) -> Vec<Hypothesis> {
        let list = items.iter().map(|(text, score)| ((*text).to_owned(), *score, None));
        Utterance::from_list("u", list).nbest
    }

    #[test]
    fn scores_decide_where_all_have_them_and_the_order_where_not() {
        let how = Posterior::default();
        let scored = posterior(&list(&[("a", Some(-0.4)), ("b", Some(-0.3))]), &how);
        assert!(scored[1] > scored[0]);
        assert!((scored[1] / scored[0] - (0.1_f64 / 0.05).exp()).abs() < 1e-9);
        let ranked = posterior(&list(&[("a", Some(-0.4)), ("b", None)]), &how);
        assert!(ranked[0] > ranked[1]);
        assert!((ranked.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(posterior(&[], &how).is_empty());
        let infinite = posterior(&list(&[("a", Some(f64::NEG_INFINITY)), ("b", Some(0.0))]), &how);
        assert!(infinite.iter().all(|p| p.is_finite()));
    }

    #[test]
    fn sums_of_token_scores_are_log_probabilities_of_the_texts() {
        let item = |text: &str, sum: f64, tokens: f64| {
            let scores = vec![sum / tokens; tokens as usize];
            (text.to_owned(), Some(sum), Some(scores))
        };
        let sums = Utterance::from_list("u", [item("a", -1.0, 2.0), item("b", -2.0, 4.0)]).nbest;
        let weights = posterior(&sums, &Posterior::default());
        assert!((weights[0] / weights[1] - 1_f64.exp()).abs() < 1e-9);
        let mut averages = sums;
        averages[1].score = Some(-0.5);
        let weights = posterior(&averages, &Posterior::default());
        assert!(weights[1] > 0.999, "{weights:?}");
    }

    #[test]
    fn repeats_count_only_on_demand() {
        let nbest = list(&[("a", None), ("b", None), ("b", None), ("b", None)]);
        let plain = posterior(&nbest, &Posterior::default());
        let counted = posterior(&nbest, &Posterior { count_repeats: true, ..Posterior::default() });
        assert!(plain[0] > plain[1] && counted[1] > counted[0]);
    }

    #[test]
    fn one_hypothesis_has_no_entropy_and_full_margin() {
        assert_eq!(entropy(&[1.0]), 0.0);
        assert_eq!(margin(&[1.0]), 1.0);
        assert!((entropy(&[0.5, 0.5]) - 2_f64.ln()).abs() < 1e-12);
        assert!((margin(&[0.2, 0.5, 0.3]) - 0.2).abs() < 1e-12);
    }
}
