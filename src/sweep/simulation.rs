//! Whether halving finds the best arm: sweeps with arms whose true rates are known.
//!
//! The spread is as seen in practice: a few arms better than the 1-best, many about as good,
//! and some that write what was not said. Arms fix and break the same utterances more often
//! than not, as prompts for one model do.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::errors::total;
use super::*;

/// Share of the recogniser's errors that an arm fixes, and errors that it makes per word.
const ARMS: [(f64, f64); 24] = [
    (0.42, 0.004),
    (0.40, 0.005),
    (0.38, 0.005),
    (0.36, 0.006),
    (0.35, 0.010),
    (0.30, 0.006),
    (0.30, 0.012),
    (0.28, 0.009),
    (0.25, 0.004),
    (0.25, 0.015),
    (0.22, 0.008),
    (0.20, 0.004),
    (0.20, 0.020),
    (0.18, 0.010),
    (0.15, 0.003),
    (0.15, 0.015),
    (0.10, 0.002),
    (0.10, 0.025),
    (0.08, 0.010),
    (0.05, 0.001),
    (0.05, 0.040),
    (0.30, 0.060),
    (0.20, 0.100),
    (0.10, 0.200),
];

/// Errors per word of the recogniser: most utterances are right, a few are bad.
const RATES: [f64; 10] = [0.0, 0.0, 0.0, 0.0, 0.05, 0.05, 0.1, 0.1, 0.2, 0.3];

/// The 1-best and the arms in a drawn order; the second list is the place of each in [`ARMS`].
fn sweep(many: u32, seed: u64) -> (Vec<Measure>, Vec<Vec<u32>>, Vec<usize>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..ARMS.len()).collect();
    for place in (1..order.len()).rev() {
        order.swap(place, rng.random_range(0..=place));
    }
    let mut utterances = Vec::new();
    let mut errors = vec![Vec::new(); ARMS.len() + 1];
    for group in 0..many {
        let words = rng.random_range(4..20);
        let rate = RATES[rng.random_range(0..RATES.len())];
        // For each word whether it is wrong, and how hard it is to fix and to break: the same
        // for all arms, each of which has luck of its own beside it.
        let of_words: Vec<(bool, f64, f64)> =
            (0..words).map(|_| (rng.random_bool(rate), rng.random(), rng.random())).collect();
        let first = of_words.iter().filter(|(wrong, ..)| *wrong).count();
        errors[0].push(u32::try_from(first).unwrap());
        for (own, &arm) in errors[1..].iter_mut().zip(&order) {
            let (fixed, made) = ARMS[arm];
            let mut count = 0;
            for &(wrong, to_fix, to_break) in &of_words {
                let alone = rng.random_bool(0.4);
                let to_fix = if alone { rng.random() } else { to_fix };
                let to_break = if alone { rng.random() } else { to_break };
                count += u32::from(if wrong { to_fix >= fixed } else { to_break < made });
            }
            own.push(count);
        }
        utterances.push(Measure { words, group });
    }
    (utterances, errors, order)
}

/// The true word error rate of an arm, in percent.
fn true_rate(arm: usize) -> f64 {
    let rate = RATES.iter().sum::<f64>() / RATES.len() as f64;
    let (fixed, made) = ARMS[arm];
    100.0 * (rate * (1.0 - fixed) + (1.0 - rate) * made)
}

/// What came of sweeps with seeds 0 to 39.
struct Outcome {
    /// Utterances that arms were run on, as a share of all arms on all utterances.
    share: f64,
    /// Points that the winner is truly behind the best arm, on the average.
    behind: f64,
    /// The same of the winner of the full grid.
    behind_full: f64,
    /// Winners that are truly within half a point of the best.
    near: usize,
}

fn simulate(many: u32, halving: Option<Halving>) -> Outcome {
    let sweeps = 40;
    let best = (0..ARMS.len()).map(true_rate).fold(f64::INFINITY, f64::min);
    let mut outcome = Outcome { share: 0.0, behind: 0.0, behind_full: 0.0, near: 0 };
    for seed in 0..sweeps {
        let (utterances, full, order) = sweep(many, seed);
        let schedule = Schedule::new(ARMS.len(), utterances.len(), halving);
        let mut so_far = vec![Vec::new(); full.len()];
        let mut evaluations = 0;
        let fates = loop {
            let standing = Standing {
                schedule: &schedule,
                utterances: &utterances,
                errors: &so_far,
                baseline: 0,
                stopped: &[],
                seed,
            };
            let next = progress(&standing);
            if next.tasks.is_empty() {
                break next.fates;
            }
            for task in next.tasks {
                so_far[task.arm].extend_from_slice(&full[task.arm][task.from..task.to]);
                evaluations += if task.arm == 0 { 0 } else { task.to - task.from };
            }
        };
        let winner = |among: &dyn Fn(usize) -> bool| {
            let arms = (1..full.len()).filter(|&arm| among(arm));
            arms.min_by_key(|&arm| total(&full[arm])).map(|arm| true_rate(order[arm - 1])).unwrap()
        };
        let found = winner(&|arm| fates[arm] == Fate::Finished) - best;
        outcome.share += evaluations as f64 / (ARMS.len() * utterances.len()) as f64;
        outcome.behind += found;
        outcome.behind_full += winner(&|_| true) - best;
        outcome.near += usize::from(found < 0.5);
    }
    let sweeps = sweeps as f64;
    outcome.share /= sweeps;
    outcome.behind /= sweeps;
    outcome.behind_full /= sweeps;
    println!(
        "{many} utterances, {halving:?}: {:.1} % of the grid; {:.3} points behind the best \
         (full grid {:.3}); {} of {sweeps} within 0.5",
        100.0 * outcome.share,
        outcome.behind,
        outcome.behind_full,
        outcome.near
    );
    outcome
}

#[test]
fn a_winner_as_good_as_the_full_grids_is_found_with_less_than_half_of_the_work() {
    for many in [300, 1000] {
        let outcome = simulate(many, Some(Halving::default()));
        assert!(outcome.share < 0.5, "{}", outcome.share);
        assert!(outcome.behind < outcome.behind_full + 0.1, "{}", outcome.behind);
        assert!(outcome.near >= 38, "{}", outcome.near);
    }
}

#[test]
fn without_halving_all_is_run() {
    let outcome = simulate(60, None);
    assert!((outcome.share - 1.0).abs() < 1e-9);
    assert!((outcome.behind - outcome.behind_full).abs() < 1e-9);
}
