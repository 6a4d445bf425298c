//! The penalty of a logistic regression by cross-validation.

use serde::{Deserialize, Serialize};

use super::{Logistic, folds};

/// Penalties tried, in counts of rows (see [`Logistic::fit`]). The greatest is all but a
/// constant, so that features which do not help are switched off.
const PENALTIES: [f64; 8] = [1e5, 1e3, 300.0, 100.0, 30.0, 10.0, 1.0, 0.1];

/// A logistic regression whose penalty was chosen on held-out data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Validated {
    /// Fitted to all rows with the chosen penalty.
    pub model: Logistic,
    /// The penalty.
    pub l2: f64,
    /// Held-out log-loss in nats per unit of weight with that penalty; 0 without rows.
    pub log_loss: f64,
    /// For each row the probability from the model that was fitted without its group, with
    /// the chosen penalty.
    pub held_out: Vec<f64>,
}

/// Chooses the penalty with the least log-loss on held-out groups among eight from 1e5 (all
/// but a constant) to 0.1, the greater among equals, and fits to all rows. Rows, labels,
/// weights and groups go together by position, to the end of the shortest; what they may
/// be is said at [`Logistic::fit`]. `k` folds of [`folds`], at least 2; with fewer than two
/// groups nothing can be held out and the greatest penalty is used.
#[must_use]
pub fn fit_validated(
    features: &[Vec<f64>],
    labels: &[bool],
    weights: &[f64],
    groups: &[&str],
    k: usize,
    seed: u64,
) -> Validated {
    let rows = features.len().min(labels.len()).min(weights.len()).min(groups.len());
    let (features, labels) = (&features[..rows], &labels[..rows]);
    let (weights, groups) = (&weights[..rows], &groups[..rows]);
    let k = k.max(2);
    let fold_of = folds(groups, k, seed);

    let mut best: Option<(f64, f64, Vec<f64>)> = None;
    for l2 in PENALTIES {
        let mut held_out = vec![0.5; rows];
        for fold in 0..k {
            // Rows of the fold weigh nothing: the same as leaving them out.
            let kept: Vec<f64> = weights
                .iter()
                .zip(&fold_of)
                .map(|(&weight, &other)| if other == fold { 0.0 } else { weight })
                .collect();
            if fold_of.contains(&fold) {
                let model = Logistic::fit(features, labels, &kept, l2);
                for row in (0..rows).filter(|&row| fold_of[row] == fold) {
                    held_out[row] = model.probability(&features[row]);
                }
            }
        }
        let loss = mean_log_loss(&held_out, labels, weights);
        if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
            best = Some((loss, l2, held_out));
        }
    }
    let (log_loss, l2, held_out) = best.unwrap_or((0.0, PENALTIES[0], vec![0.5; rows]));
    Validated { model: Logistic::fit(features, labels, weights, l2), l2, log_loss, held_out }
}

fn mean_log_loss(probabilities: &[f64], labels: &[bool], weights: &[f64]) -> f64 {
    let (mut loss, mut total) = (0.0, 0.0);
    for ((&probability, &label), &weight) in probabilities.iter().zip(labels).zip(weights) {
        if weight.is_finite() && weight > 0.0 {
            // One certain mistake must not outweigh everything.
            let right = if label { probability } else { 1.0 - probability }.max(1e-9);
            loss -= weight * right.ln();
            total += weight;
        }
    }
    if total > 0.0 { loss / total } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::fusion::sigmoid;

    struct Data {
        features: Vec<Vec<f64>>,
        labels: Vec<bool>,
        groups: Vec<String>,
    }

    fn simulated(rows: usize, noise: usize, slope: f64, seed: u64) -> Data {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut data = Data { features: vec![], labels: vec![], groups: vec![] };
        for row in 0..rows {
            let features: Vec<f64> = (0..=noise).map(|_| rng.random::<f64>() - 0.5).collect();
            data.labels.push(rng.random::<f64>() < sigmoid(slope * features[0]));
            data.features.push(features);
            data.groups.push(format!("{}", row / 2));
        }
        data
    }

    fn validated(data: &Data) -> Validated {
        let groups: Vec<&str> = data.groups.iter().map(String::as_str).collect();
        fit_validated(&data.features, &data.labels, &vec![1.0; groups.len()], &groups, 5, 1)
    }

    #[test]
    fn noise_is_penalised_away_and_a_signal_is_not() {
        let noise = validated(&simulated(200, 9, 0.0, 1));
        assert!(noise.l2 >= 100.0, "{}", noise.l2);
        assert!(noise.log_loss < 2_f64.ln() + 0.02, "{}", noise.log_loss);
        let signal = validated(&simulated(400, 2, 12.0, 2));
        assert!(signal.l2 <= 10.0 && signal.log_loss < 0.45, "{signal:?}");
    }

    #[test]
    fn held_out_probabilities_never_saw_the_group() {
        // Each group has one label and one feature of its own: what was seen is known by heart.
        let groups: Vec<String> = (0..40).map(|i| format!("{}", i / 2)).collect();
        let features: Vec<Vec<f64>> =
            (0..40).map(|i| (0..20).map(|j| f64::from(u8::from(i / 2 == j))).collect()).collect();
        let labels: Vec<bool> = (0..40).map(|i| (i / 2) % 2 == 0).collect();
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        let weights = [1.0; 40];
        let answer = fit_validated(&features, &labels, &weights, &groups, 5, 1);
        assert!(mean_log_loss(&answer.held_out, &labels, &weights) > 0.6, "{answer:?}");
        let learned = Logistic::fit(&features, &labels, &weights, 0.1);
        let seen: Vec<f64> = features.iter().map(|row| learned.probability(row)).collect();
        assert!(mean_log_loss(&seen, &labels, &weights) < 0.3);
    }

    #[test]
    fn nothing_to_hold_out_gives_the_greatest_penalty() {
        let empty = fit_validated(&[], &[], &[], &[], 5, 1);
        assert_eq!((empty.l2, empty.log_loss), (PENALTIES[0], 0.0));
        let one = fit_validated(
            &[vec![0.0], vec![1.0]],
            &[true, false],
            &[1.0, 1.0],
            &["same", "same"],
            5,
            1,
        );
        assert_eq!(one.l2, PENALTIES[0]);
        assert_eq!(one.held_out, [0.5, 0.5]);
    }
}
