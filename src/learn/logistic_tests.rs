use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// Rows of three features with known coefficients: intercept -0.4, then 1.5, -0.8, 0.
fn simulated(rows: usize, seed: u64) -> (Vec<Vec<f64>>, Vec<bool>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut features = Vec::new();
    let mut labels = Vec::new();
    for _ in 0..rows {
        let row: Vec<f64> = (0..3).map(|_| rng.random::<f64>() * 4.0 - 2.0).collect();
        let odds = -0.4 + 1.5 * row[0] - 0.8 * row[1];
        labels.push(rng.random::<f64>() < sigmoid(odds));
        features.push(row);
    }
    (features, labels)
}

/// Derivative of the objective by each coefficient, straight from its definition.
fn slopes(
    model: &Logistic,
    rows: &[Vec<f64>],
    labels: &[bool],
    weights: &[f64],
    l2: f64,
) -> Vec<f64> {
    let mut slopes: Vec<f64> =
        std::iter::once(0.0).chain(model.weights.iter().map(|w| l2 * w)).collect();
    for ((row, label), weight) in rows.iter().zip(labels).zip(weights) {
        let residual = weight * (model.probability(row) - f64::from(u8::from(*label)));
        slopes[0] += residual;
        for column in 0..row.len() {
            slopes[column + 1] +=
                residual * (row[column] - model.mean[column]) / model.scale[column];
        }
    }
    slopes
}

#[test]
fn known_coefficients_are_recovered() {
    let (features, labels) = simulated(20_000, 1);
    let model = Logistic::fit(&features, &labels, &vec![1.0; labels.len()], 1e-3);
    let raw: Vec<f64> = model.weights.iter().zip(&model.scale).map(|(w, s)| w / s).collect();
    for (found, wanted) in raw.iter().zip([1.5, -0.8, 0.0]) {
        assert!((found - wanted).abs() < 0.06, "{raw:?}");
    }
    assert!((model.probability(&[0.0, 0.0, 0.0]) - sigmoid(-0.4)).abs() < 0.015);
}

#[test]
fn a_weight_of_two_is_the_same_row_twice() {
    let (features, labels) = simulated(200, 2);
    let weights: Vec<f64> = (0..200).map(|i| f64::from(i % 3)).collect();
    let (mut more, mut more_labels) = (Vec::new(), Vec::new());
    for i in 0..200 {
        for _ in 0..i % 3 {
            more.push(features[i].clone());
            more_labels.push(labels[i]);
        }
    }
    let weighted = Logistic::fit(&features, &labels, &weights, 0.5);
    let repeated = Logistic::fit(&more, &more_labels, &vec![1.0; more.len()], 0.5);
    for row in &features {
        assert!((weighted.probability(row) - repeated.probability(row)).abs() < 1e-9);
    }
}

#[test]
fn missing_and_constant_features_are_harmless() {
    let (mut features, labels) = simulated(500, 3);
    let weights = vec![1.0; 500];
    let plain = Logistic::fit(&features, &labels, &weights, 1.0);
    for row in &mut features {
        row.extend([0.1 + 0.2, f64::NAN, f64::INFINITY]);
    }
    let padded = Logistic::fit(&features, &labels, &weights, 1.0);
    assert_eq!(padded.scale[3..], [0.0; 3]);
    for row in &features {
        assert!((plain.probability(&row[..3]) - padded.probability(row)).abs() < 1e-9);
    }
    let missing = plain.probability(&[f64::NAN, 0.3]);
    assert!((missing - plain.probability(&[plain.mean[0], 0.3, plain.mean[2]])).abs() < 1e-12);
}

#[test]
fn separable_data_converge_and_a_smaller_penalty_is_surer() {
    let features: Vec<Vec<f64>> = (0..20).map(|i| vec![f64::from(i)]).collect();
    let labels: Vec<bool> = (0..20).map(|i| i >= 10).collect();
    let weights = vec![1.0; 20];
    let mut before = 0.5;
    for l2 in [1.0, 1e-3, 1e-6] {
        let model = Logistic::fit(&features, &labels, &weights, l2);
        let worst = slopes(&model, &features, &labels, &weights, l2)
            .into_iter()
            .fold(0.0_f64, |most, slope| most.max(slope.abs()));
        assert!(worst < 1e-8, "l2 {l2}: slope {worst}");
        let sure = model.probability(&[12.0]);
        assert!(sure > before, "l2 {l2}: {sure}");
        before = sure;
    }
    let none = Logistic::fit(&features, &labels, &weights, 0.0);
    assert!(none.weights[0].is_finite() && none.probability(&[12.0]) > 0.99);
}

#[test]
fn one_class_gives_a_constant_and_no_rows_a_half() {
    let features: Vec<Vec<f64>> = (0..8).map(|i| vec![f64::from(i)]).collect();
    let model = Logistic::fit(&features, &[true; 8], &[1.0; 8], 1.0);
    assert!((model.probability(&[0.0]) - 0.9).abs() < 1e-12);
    assert_eq!(model.probability(&[0.0]), model.probability(&[99.0]));
    assert_eq!(Logistic::fit(&[], &[], &[], 1.0).probability(&[1.0]), 0.5);
    let weightless = Logistic::fit(&features, &[true; 8], &[f64::NAN; 8], 1.0);
    assert_eq!(weightless.probability(&[1.0]), 0.5);
}

#[test]
fn an_endless_penalty_leaves_the_share_of_yes() {
    let (features, labels) = simulated(300, 4);
    let model = Logistic::fit(&features, &labels, &[1.0; 300], f64::INFINITY);
    let share = labels.iter().filter(|label| **label).count() as f64 / 300.0;
    assert!((model.probability(&features[0]) - share).abs() < 1e-9);
}

#[test]
fn a_model_survives_json() {
    let (features, labels) = simulated(100, 5);
    let model = Logistic::fit(&features, &labels, &[1.0; 100], 0.1);
    let json = serde_json::to_string(&model).unwrap();
    assert_eq!(serde_json::from_str::<Logistic>(&json).unwrap(), model);
}

proptest! {
    #[test]
    fn the_gradient_is_zero_at_the_optimum(
        rows in 20_usize..120, seed in 0_u64..1000, exponent in -3_i32..3,
    ) {
        let (features, labels) = simulated(rows, seed);
        let l2 = 10_f64.powi(exponent);
        let weights: Vec<f64> = (0..rows).map(|i| f64::from((i % 4) as u32 + 1)).collect();
        let model = Logistic::fit(&features, &labels, &weights, l2);
        prop_assume!(labels.iter().any(|label| *label) && labels.iter().any(|label| !label));
        for slope in slopes(&model, &features, &labels, &weights, l2) {
            prop_assert!(slope.abs() < 1e-8, "{slope}");
        }
    }

    #[test]
    fn the_order_of_rows_does_not_matter(
        rows in 10_usize..100, seed in 0_u64..1000, turn in 1_usize..100, exponent in -2_i32..3,
    ) {
        let (mut features, mut labels) = simulated(rows, seed);
        let mut weights: Vec<f64> = (0..rows).map(|i| 0.3 + (i % 5) as f64).collect();
        let l2 = 10_f64.powi(exponent);
        let model = Logistic::fit(&features, &labels, &weights, l2);
        features.rotate_left(turn % rows);
        labels.rotate_left(turn % rows);
        weights.rotate_left(turn % rows);
        let turned = Logistic::fit(&features, &labels, &weights, l2);
        for row in &features {
            prop_assert!((model.probability(row) - turned.probability(row)).abs() < 1e-9);
        }
    }

    #[test]
    fn any_numbers_give_a_probability(
        rows in prop::collection::vec(
            (prop::collection::vec(prop::num::f64::ANY, 0..4), any::<bool>(), prop::num::f64::ANY), 0..12),
        l2 in prop::num::f64::ANY, asked in prop::collection::vec(prop::num::f64::ANY, 0..5),
    ) {
        let features: Vec<Vec<f64>> = rows.iter().map(|row| row.0.clone()).collect();
        let labels: Vec<bool> = rows.iter().map(|row| row.1).collect();
        let weights: Vec<f64> = rows.iter().map(|row| row.2).collect();
        let probability = Logistic::fit(&features, &labels, &weights, l2).probability(&asked);
        prop_assert!((0.0..=1.0).contains(&probability), "{probability}");
    }
}
