use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

fn exact_confidence(logits: &[f32], tau: f64) -> f64 {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = logits.iter().map(|z| ((f64::from(*z) - f64::from(most)) / tau).exp()).sum();
    1.0 / sum
}

fn worst_error(logits: &[f32]) -> f64 {
    let mut steps = TeacherForced::default();
    steps.push(logits, 0);
    (0..=40)
        .map(|i| 0.1 * 100_f64.powf(f64::from(i) / 40.0))
        .map(|tau| (steps.mean_confidence(tau).unwrap() - exact_confidence(logits, tau)).abs())
        .fold(0.0, f64::max)
}

/// Steps whose right token is drawn from `softmax(logits)`, and whose model says `logits`
/// times `factor`.
fn simulated(steps: usize, factor: f32, seed: u64) -> TeacherForced {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut model = TeacherForced::default();
    for _ in 0..steps {
        let width = 2.0 + 8.0 * rng.random::<f32>();
        let logits: Vec<f32> = (0..24).map(|_| width * rng.random::<f32>()).collect();
        let weights: Vec<f64> = logits.iter().map(|z| f64::from(*z).exp()).collect();
        let mut left = rng.random::<f64>() * weights.iter().sum::<f64>();
        let mut right = 0;
        while right + 1 < weights.len() && left >= weights[right] {
            left -= weights[right];
            right += 1;
        }
        let said: Vec<f32> = logits.iter().map(|z| z * factor).collect();
        model.push(&said, right);
    }
    model
}

#[test]
fn calibrated_models_have_temperature_one() {
    let found = simulated(150_000, 1.0, 1).temperature();
    assert!(!found.at_limit && (found.tau - 1.0).abs() < 0.02, "{found:?}");
}

#[test]
fn models_twice_too_sure_have_temperature_two_and_get_calibrated_by_it() {
    let model = simulated(150_000, 2.0, 2);
    let found = model.temperature();
    assert!(!found.at_limit && (found.tau - 2.0).abs() < 0.04, "{found:?}");
    let before = model.reliability(1.0, 15).expected_error();
    let after = model.reliability(found.tau, 15).expected_error();
    assert!(before > 0.1 && after < 0.01, "from {before} to {after}");
}

#[test]
fn models_half_as_sure_have_temperature_one_half() {
    let found = simulated(150_000, 0.5, 3).temperature();
    assert!(!found.at_limit && (found.tau - 0.5).abs() < 0.01, "{found:?}");
}

#[test]
fn a_large_vocabulary_at_one_distance_is_the_hardest_case_and_close_enough() {
    // All but the greatest on a plateau as wide as a class, at every distance where it can
    // weigh as much as the greatest.
    for distance in [0.5_f32, 1.0, 1.25, 2.0, 4.0, 12.6, 40.0, 126.0] {
        for shape in 0..2 {
            let mut logits = vec![0.0; 300_000];
            for (i, logit) in logits.iter_mut().enumerate().skip(1) {
                let place = (i % 1000) as f32 / 1000.0;
                let place = if shape == 0 { place } else { place.powi(12) };
                *logit = -distance * (1.0 + place / 33.0);
            }
            let worst = worst_error(&logits);
            assert!(worst < 1e-3, "{worst} at {distance}");
        }
    }
}

#[test]
fn impossible_tokens_and_empty_steps_do_not_count() {
    let mut steps = TeacherForced::default();
    assert_eq!((steps.accuracy(), steps.mean_confidence(1.0)), (None, None));
    assert_eq!(steps.temperature(), Temperature { tau: 1.0, at_limit: true });
    steps.push(&[], 0);
    steps.push(&[f32::NEG_INFINITY, f32::NAN], 0);
    assert!(steps.is_empty());
    steps.push(&[f32::NEG_INFINITY, 0.0, f32::NAN, 0.0, f32::INFINITY, -1e30], 3);
    assert_eq!((steps.len(), steps.accuracy()), (1, Some(0.0)));
    assert!((steps.mean_confidence(1.0).unwrap() - 0.5).abs() < 1e-9);
    steps.push(&[2.0, 2.0], 0);
    assert_eq!(steps.accuracy(), Some(0.5));
}

#[test]
fn a_large_vocabulary_takes_little_room() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let logits: Vec<f32> = (0..150_000)
        .map(|_| 3.0 * (0..12).map(|_| rng.random::<f32>() - 0.5).sum::<f32>())
        .collect();
    let mut steps = TeacherForced::default();
    steps.push(&logits, 0);
    assert!(steps.classes.len() < 160, "{} classes", steps.classes.len());
    assert!(worst_error(&logits) < 1e-3);
}

#[test]
fn classes_begin_at_their_edges() {
    let mut distance = 0.0_f32;
    while distance < FARTHEST {
        let class = class_of(distance);
        assert!(edge_of(class) <= distance && distance < edge_of(class + 1), "{distance}");
        distance = (distance * 1.003).max(distance + 0.001);
    }
}

proptest! {
    #[test]
    fn the_confidence_is_that_of_all_logits(
        width in 0.01_f32..60.0, power in 0.2_f32..4.0, lead in 0.0_f32..25.0,
        tokens in 2_usize..3000, seed in 0_u64..1000,
    ) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut logits: Vec<f32> =
            (0..tokens).map(|_| width * rng.random::<f32>().powf(power)).collect();
        logits[tokens / 2] = width + lead;
        let worst = worst_error(&logits);
        prop_assert!(worst < 1e-3, "{worst}");
    }
}
