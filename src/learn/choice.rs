//! Choosing one of several: conditional logit.

use serde::{Deserialize, Serialize};

use super::solve::cholesky;

/// Newton steps at most.
const MAX_STEPS: usize = 60;

/// Standard deviations beyond which a feature no longer counts more: sums stay finite.
const FARTHEST: f64 = 1e3;

/// One of several that could be chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Alternative {
    /// What is known of it; all alternatives have as many features.
    pub features: Vec<f64>,
    /// What choosing it costs.
    pub errors: u32,
}

/// The probability of each of several alternatives, `exp(w . x)` over the sum of all of them
/// (McFadden 1974, "Conditional logit analysis of qualitative choice behavior").
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// Standard deviation of each feature within a set; 0 for a feature that never differs,
    /// which is then ignored.
    pub scale: Vec<f64>,
    /// Weight of each scaled feature.
    pub weights: Vec<f64>,
}

impl Choice {
    /// Fits the weights by maximum likelihood with a ridge penalty, `l2 / 2` times their
    /// squares for each set. Right is whatever has the fewest errors of its set; where
    /// several have, their sum counts, so the weights decide between them (expectation
    /// maximisation, a Newton step each). Sets in which all cost the same teach nothing.
    /// Without a set that teaches all weights are 0.
    #[must_use]
    pub fn fit(sets: &[&[Alternative]], l2: f64) -> Self {
        let teaches = |set: &&&[Alternative]| {
            set.first().is_some_and(|first| set.iter().any(|other| other.errors != first.errors))
        };
        let sets: Vec<&[Alternative]> = sets.iter().filter(teaches).copied().collect();
        let columns = sets.iter().flat_map(|set| set.iter()).map(|one| one.features.len()).max();
        let columns = columns.unwrap_or(0);
        let scale: Vec<f64> = (0..columns).map(|column| spread(&sets, column)).collect();
        let mut choice = Self { scale, weights: vec![0.0; columns] };
        let l2 = l2.max(1e-9) * sets.len() as f64;
        let mut before = choice.objective(&sets, l2);
        for _ in 0..MAX_STEPS {
            let Some(step) = choice.step(&sets, l2) else { break };
            let start = choice.weights.clone();
            // A full step can be too long where the likelihood is not concave.
            let better = [1.0, 0.5, 0.25, 0.1, 0.02].into_iter().find_map(|length| {
                for ((weight, from), step) in choice.weights.iter_mut().zip(&start).zip(&step) {
                    *weight = from + length * step;
                }
                let now = choice.objective(&sets, l2);
                (now > before).then_some(now)
            });
            match better {
                Some(now) if now - before > 1e-9 * before.abs() => before = now,
                Some(_) => break,
                None => {
                    choice.weights = start;
                    break;
                }
            }
        }
        choice
    }

    /// The probability of each, summing to 1; empty for none. Features that are not finite,
    /// or missing at the end, count as 0.
    #[must_use]
    pub fn probabilities(&self, features: &[Vec<f64>]) -> Vec<f64> {
        let mut scores: Vec<f64> = features.iter().map(|features| self.score(features)).collect();
        let high = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        scores.iter_mut().for_each(|score| *score = (*score - high).exp());
        let total: f64 = scores.iter().sum();
        scores.iter_mut().for_each(|score| *score /= total);
        scores
    }

    /// The most probable, the first among equals; `None` for none.
    #[must_use]
    pub fn best(&self, features: &[Vec<f64>]) -> Option<usize> {
        let scores = features.iter().map(|features| self.score(features)).enumerate();
        scores.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|best| best.0)
    }

    fn score(&self, features: &[f64]) -> f64 {
        self.scaled(features).zip(&self.weights).map(|(value, weight)| value * weight).sum()
    }

    fn scaled<'a>(&'a self, features: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        self.scale.iter().enumerate().map(|(column, scale)| match features.get(column) {
            Some(value) if value.is_finite() && *scale > 0.0 => {
                (value / scale).clamp(-FARTHEST, FARTHEST)
            }
            _ => 0.0,
        })
    }

    /// For a set, the probability of each, and given that one of the best is chosen.
    fn beliefs(&self, set: &[Alternative]) -> (Vec<f64>, Vec<f64>, f64) {
        let features: Vec<Vec<f64>> = set.iter().map(|one| one.features.clone()).collect();
        let all = self.probabilities(&features);
        let least = set.iter().map(|one| one.errors).min().unwrap_or(0);
        let right = |(one, p): (&Alternative, &f64)| if one.errors == least { *p } else { 0.0 };
        let mut best: Vec<f64> = set.iter().zip(&all).map(right).collect();
        let total: f64 = best.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        best.iter_mut().for_each(|p| *p /= total);
        (all, best, total)
    }

    fn objective(&self, sets: &[&[Alternative]], l2: f64) -> f64 {
        let penalty: f64 = self.weights.iter().map(|weight| weight * weight).sum();
        let likelihood: f64 = sets.iter().map(|set| self.beliefs(set).2.ln()).sum();
        likelihood - l2 / 2.0 * penalty
    }

    /// A Newton step with what is right held as it is now believed to be.
    fn step(&self, sets: &[&[Alternative]], l2: f64) -> Option<Vec<f64>> {
        let size = self.weights.len();
        let mut gradient: Vec<f64> = self.weights.iter().map(|weight| -l2 * weight).collect();
        let mut curvature = vec![0.0; size * size];
        for diagonal in 0..size {
            curvature[diagonal * size + diagonal] = l2;
        }
        for set in sets {
            let (all, best, _) = self.beliefs(set);
            let mut mean = vec![0.0; size];
            for ((one, p), q) in set.iter().zip(&all).zip(&best) {
                let row: Vec<f64> = self.scaled(&one.features).collect();
                for column in 0..size {
                    mean[column] += p * row[column];
                    gradient[column] += (q - p) * row[column];
                    for other in 0..=column {
                        curvature[column * size + other] += p * row[column] * row[other];
                    }
                }
            }
            for column in 0..size {
                for other in 0..=column {
                    curvature[column * size + other] -= mean[column] * mean[other];
                }
            }
        }
        for column in 0..size {
            for other in 0..column {
                curvature[other * size + column] = curvature[column * size + other];
            }
        }
        cholesky(&curvature, &gradient)
    }
}

/// How much a feature differs within sets.
fn spread(sets: &[&[Alternative]], column: usize) -> f64 {
    let (mut squares, mut count) = (0.0, 0.0);
    for set in sets {
        let values = || {
            let all = set.iter().filter_map(|one| one.features.get(column));
            all.copied().filter(|value| value.is_finite())
        };
        let known = values().count() as f64;
        let mean = values().sum::<f64>() / known;
        squares += values().map(|value| (value - mean).powi(2)).sum::<f64>();
        count += known;
    }
    let scale = (squares / count).sqrt();
    if scale.is_finite() && scale > 1e-9 { scale } else { 0.0 }
}

#[cfg(test)]
#[path = "choice_tests.rs"]
mod tests;
