use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// Sets of four in which the right one is drawn by `exp(2 x0 - x1)`; a third feature is noise.
fn simulated(count: usize, seed: u64) -> Vec<Vec<Alternative>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..count)
        .map(|_| {
            let rows: Vec<Vec<f64>> =
                (0..4).map(|_| (0..3).map(|_| rng.random::<f64>() * 2.0 - 1.0).collect()).collect();
            let odds: Vec<f64> = rows.iter().map(|row| (2.0 * row[0] - row[1]).exp()).collect();
            let mut draw = rng.random::<f64>() * odds.iter().sum::<f64>();
            let right = odds.iter().position(|one| {
                draw -= one;
                draw < 0.0
            });
            let set = rows.into_iter().enumerate().map(|(place, features)| Alternative {
                features,
                errors: u32::from(Some(place) != right),
            });
            set.collect()
        })
        .collect()
}

fn fit(sets: &[Vec<Alternative>]) -> Choice {
    Choice::fit(&sets.iter().map(Vec::as_slice).collect::<Vec<_>>(), 1e-6)
}

#[test]
fn the_weights_that_made_the_data_are_found() {
    let choice = fit(&simulated(4000, 1));
    let raw: Vec<f64> = choice.weights.iter().zip(&choice.scale).map(|(w, s)| w / s).collect();
    assert!((raw[0] - 2.0).abs() < 0.15, "{raw:?}");
    assert!((raw[1] + 1.0).abs() < 0.15, "{raw:?}");
    assert!(raw[2].abs() < 0.15, "{raw:?}");
}

#[test]
fn nothing_and_what_never_differs_teach_nothing() {
    assert_eq!(fit(&[]), Choice { scale: vec![], weights: vec![] });
    let same = vec![Alternative { features: vec![1.0, f64::NAN], errors: 1 }; 3];
    assert_eq!(fit(&[same]).weights, Vec::<f64>::new());
    assert_eq!(fit(&[]).best(&[vec![1.0], vec![2.0]]), Some(0));
    assert_eq!(fit(&[]).best(&[]), None);
    assert!(fit(&[]).probabilities(&[]).is_empty());
}

#[test]
fn where_several_are_right_any_of_them_will_do() {
    let one = |x: f64, errors| Alternative { features: vec![x], errors };
    let sets: Vec<Vec<Alternative>> =
        (0..50).map(|_| vec![one(1.0, 0), one(0.9, 0), one(-3.0, 2)]).collect();
    let best = fit(&sets).best(&[vec![1.0], vec![-3.0]]);
    assert_eq!(best, Some(0));
}

#[test]
fn a_choice_survives_json() {
    let choice = fit(&simulated(100, 2));
    let json = serde_json::to_string(&choice).unwrap();
    assert_eq!(serde_json::from_str::<Choice>(&json).unwrap(), choice);
}

proptest! {
    #[test]
    fn probabilities_sum_to_one_whatever_the_features(
        rows in prop::collection::vec(prop::collection::vec(-1e300_f64..1e300, 0..5), 1..6),
    ) {
        let probabilities = fit(&simulated(30, 3)).probabilities(&rows);
        prop_assert_eq!(probabilities.len(), rows.len());
        prop_assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn any_sets_give_finite_weights(
        sets in prop::collection::vec(
            prop::collection::vec((prop::collection::vec(-1e6_f64..1e6, 2), 0_u32..3), 0..4), 0..6,
        ),
    ) {
        let sets: Vec<Vec<Alternative>> = sets
            .into_iter()
            .map(|set| {
                let all = set.into_iter();
                all.map(|(features, errors)| Alternative { features, errors }).collect()
            })
            .collect();
        prop_assert!(fit(&sets).weights.iter().all(|weight| weight.is_finite()));
    }
}
