//! Logistic regression with a ridge penalty.

use serde::{Deserialize, Serialize};

use super::solve::cholesky;
use crate::fusion::sigmoid;

/// Newton steps at most; a handful is usual.
const MAX_STEPS: usize = 100;

/// The least penalty: without any, separable data have no optimum.
const LEAST_L2: f64 = 1e-8;

/// Standard deviations beyond which a feature no longer counts more: sums stay finite.
const FARTHEST: f64 = 1e6;

/// The probability of "yes" given a row of features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Logistic {
    /// Weighted mean of each feature in the data it was fitted to, missing values left out.
    pub mean: Vec<f64>,
    /// Weighted standard deviation of each feature; 0 for a column that says nothing
    /// (constant, or missing throughout), which is then ignored.
    pub scale: Vec<f64>,
    /// Weight of each standardised feature (log-odds for one standard deviation).
    pub weights: Vec<f64>,
    /// Log-odds where every feature is at its mean.
    pub intercept: f64,
}

impl Logistic {
    /// Fits by Newton's method (iteratively reweighted least squares) with step halving:
    /// minimises `sum of weight * log-loss + l2 / 2 * |weights|^2`, the features being
    /// standardised and the intercept free of the penalty.
    ///
    /// Rows go with labels and instance weights by position, to the end of the shortest.
    /// A feature that is not finite, or beyond the end of its row, is missing and counts as
    /// the mean. Instance weights are counts: 2 is the same row twice, and 0, less, or what
    /// is no number leaves the row out. `l2` is at least 1e-8. Where all labels are alike
    /// the answer is a constant, `(yes + 1) / (yes + no + 2)` in sums of weights (Laplace's
    /// rule of succession): 0.5 without any rows.
    #[must_use]
    pub fn fit(features: &[Vec<f64>], labels: &[bool], weights: &[f64], l2: f64) -> Self {
        let rows: Vec<Row<'_>> = features
            .iter()
            .zip(labels)
            .zip(weights)
            .filter(|(_, weight)| weight.is_finite() && **weight > 0.0)
            .map(|((features, &label), &weight)| Row { features, label, weight })
            .collect();
        let columns = rows.iter().map(|row| row.features.len()).max().unwrap_or(0);
        let mut model = Self {
            mean: vec![0.0; columns],
            scale: vec![0.0; columns],
            weights: vec![0.0; columns],
            intercept: 0.0,
        };
        let sum = |wanted: bool| -> f64 {
            rows.iter().filter(|row| row.label == wanted).map(|row| row.weight).sum()
        };
        let (yes, no) = (sum(true), sum(false));
        let odds = ((yes + 1.0) / (no + 1.0)).ln();
        model.intercept = if odds.is_finite() { odds } else { 0.0 };
        for column in 0..columns {
            (model.mean[column], model.scale[column]) = moments(&rows, column);
        }
        if yes > 0.0 && no > 0.0 && (yes + no).is_finite() {
            let l2 = if l2.is_finite() { l2.max(LEAST_L2) } else { f64::MAX.sqrt() };
            Problem::new(&model, &rows, l2).solve(&mut model);
        }
        model
    }

    /// Probability of "yes", in [0, 1]. Features that are missing (see [`Logistic::fit`])
    /// count as the mean; those beyond the columns of the model are ignored.
    #[must_use]
    pub fn probability(&self, features: &[f64]) -> f64 {
        let sum: f64 =
            self.standardise(features).zip(&self.weights).map(|(z, weight)| z * weight).sum();
        sigmoid(self.intercept + sum)
    }

    fn standardise<'a>(&'a self, features: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        self.mean.iter().zip(&self.scale).enumerate().map(|(column, (mean, scale))| match features
            .get(column)
        {
            Some(value) if value.is_finite() && *scale > 0.0 => {
                ((value - mean) / scale).clamp(-FARTHEST, FARTHEST)
            }
            _ => 0.0,
        })
    }
}

struct Row<'a> {
    features: &'a [f64],
    label: bool,
    weight: f64,
}

/// Weighted mean and standard deviation of a column; zeros where it says nothing.
fn moments(rows: &[Row<'_>], column: usize) -> (f64, f64) {
    let known = || {
        rows.iter().filter_map(|row| {
            let value = row.features.get(column).copied().filter(|value| value.is_finite())?;
            Some((value, row.weight))
        })
    };
    let total: f64 = known().map(|(_, weight)| weight).sum();
    let mean = known().map(|(value, weight)| value * (weight / total)).sum::<f64>();
    let variance =
        known().map(|(value, weight)| (value - mean).powi(2) * (weight / total)).sum::<f64>();
    let scale = variance.sqrt();
    // A spread of rounding errors is none; sums that overflow are of no use either.
    if scale.is_finite() && scale > 1e-10 * mean.abs() { (mean, scale) } else { (0.0, 0.0) }
}

/// What is minimised, over coefficients of which the first is the intercept.
struct Problem<'a> {
    rows: &'a [Row<'a>],
    /// Standardised features behind a leading 1, row after row.
    design: Vec<f64>,
    size: usize,
    l2: f64,
}

impl<'a> Problem<'a> {
    fn new(model: &Logistic, rows: &'a [Row<'a>], l2: f64) -> Self {
        let size = model.weights.len() + 1;
        let mut design = Vec::with_capacity(rows.len() * size);
        for row in rows {
            design.push(1.0);
            design.extend(model.standardise(row.features));
        }
        Self { rows, design, size, l2 }
    }

    fn solve(&self, model: &mut Logistic) {
        let mut point = vec![0.0; self.size];
        point[0] = model.intercept;
        let mut loss = self.loss(&point);
        for _ in 0..MAX_STEPS {
            let (gradient, mut hessian) = self.derivatives(&point);
            let Some(step) = newton_step(&mut hessian, &gradient) else { break };
            // Near the optimum the loss moves less than it is rounded.
            let allowed = loss + 1e-13 * loss.abs();
            let next = (0..50).find_map(|halvings| {
                let share = 0.5_f64.powi(halvings);
                let next: Vec<f64> = point.iter().zip(&step).map(|(p, s)| p - share * s).collect();
                let loss = self.loss(&next);
                (loss <= allowed).then_some((next, loss))
            });
            let Some((next, lower)) = next else { break };
            let moved = point.iter().zip(&next).map(|(a, b)| (a - b).abs()).fold(0.0_f64, f64::max);
            point = next;
            loss = lower;
            if moved < 1e-11 {
                break;
            }
        }
        if let Some((intercept, weights)) = point.split_first() {
            model.intercept = *intercept;
            model.weights.copy_from_slice(weights);
        }
    }

    fn log_odds(&self, point: &[f64]) -> impl Iterator<Item = (&Row<'_>, &[f64], f64)> {
        self.rows.iter().zip(self.design.chunks_exact(self.size)).map(move |(row, design)| {
            (row, design, design.iter().zip(point).map(|(x, p)| x * p).sum())
        })
    }

    fn loss(&self, point: &[f64]) -> f64 {
        let losses =
            self.log_odds(point).map(|(row, _, odds)| row.weight * log_loss(odds, row.label));
        let penalty: f64 = point.iter().skip(1).map(|p| p * p).sum();
        losses.sum::<f64>() + 0.5 * self.l2 * penalty
    }

    fn derivatives(&self, point: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let size = self.size;
        let mut gradient = vec![0.0; size];
        let mut hessian = vec![0.0; size * size];
        for (row, design, odds) in self.log_odds(point) {
            let probability = sigmoid(odds);
            let residual = row.weight * (probability - f64::from(u8::from(row.label)));
            let curvature = row.weight * probability * (1.0 - probability);
            for i in 0..size {
                gradient[i] += residual * design[i];
                let scaled = curvature * design[i];
                for j in 0..=i {
                    hessian[i * size + j] += scaled * design[j];
                }
            }
        }
        for i in 0..size {
            if i > 0 {
                gradient[i] += self.l2 * point[i];
                hessian[i * size + i] += self.l2;
            }
            for j in 0..i {
                hessian[j * size + i] = hessian[i * size + j];
            }
        }
        (gradient, hessian)
    }
}

/// Solves for the Newton step, adding to the diagonal until the Hessian is positive definite
/// (it is flat where every row is classified with certainty).
fn newton_step(hessian: &mut [f64], gradient: &[f64]) -> Option<Vec<f64>> {
    let size = gradient.len();
    let mut added = 1e-10;
    for _ in 0..30 {
        if let Some(step) = cholesky(hessian, gradient) {
            return Some(step);
        }
        for i in 0..size {
            hessian[i * size + i] += added;
        }
        added *= 10.0;
    }
    None
}

/// Negative log-probability of the label in nats, without overflow.
fn log_loss(log_odds: f64, label: bool) -> f64 {
    let margin = if label { log_odds } else { -log_odds };
    if margin > 0.0 { (-margin).exp().ln_1p() } else { margin.exp().ln_1p() - margin }
}

#[cfg(test)]
#[path = "logistic_tests.rs"]
mod tests;
