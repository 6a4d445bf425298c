use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// `(group, errors of the 1-best, errors of the proposal, features)`.
type Sample = (String, u32, u32, Vec<f64>);

/// Proposals that save a word with a probability that follows the first of six features
/// (`slope` log-odds for one unit of it, around `bias`), and cost one otherwise; every third
/// changes nothing.
fn simulated(items: usize, bias: f64, slope: f64, seed: u64) -> Vec<Sample> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..items)
        .map(|i| {
            let features: Vec<f64> = (0..6).map(|_| rng.random::<f64>() * 4.0 - 2.0).collect();
            let odds = bias + slope * features[0];
            let is_better = rng.random::<f64>() < 1.0 / (1.0 + (-odds).exp());
            let size = 1 + u32::from(rng.random::<f64>() < 0.3);
            let proposal = match (i % 3, is_better) {
                (0, _) => 3,
                (_, true) => 3 - size,
                (_, false) => 3 + size,
            };
            (format!("{}", i / 2), 3, proposal, features)
        })
        .collect()
}

fn trials(samples: &[Sample]) -> Vec<Trial<'_>> {
    let mut trials = Vec::new();
    for (group, errors_one_best, errors_proposal, features) in samples {
        trials.push(Trial {
            group,
            errors_one_best: *errors_one_best,
            errors_proposal: *errors_proposal,
            features: features.clone(),
        });
    }
    trials
}

fn learned(samples: &[Sample]) -> LearnedRule {
    learn_acceptance(&trials(samples), &AcceptanceSettings::default())
}

/// Errors that a rule saves on data it never saw, for each utterance.
fn saved_on(rule: &Acceptance, samples: &[Sample]) -> f64 {
    let trials = trials(samples);
    let accepted = trials.iter().filter(|trial| rule.accepts(&trial.features));
    accepted.map(|trial| trial.saved() as f64).sum::<f64>() / samples.len() as f64
}

#[test]
fn nothing_and_too_little_keep_the_one_best() {
    assert_eq!(learned(&[]).rule, Acceptance::Never);
    let few: Vec<Sample> = (0..6).map(|i| (format!("{i}"), 2, 0, vec![0.0])).collect();
    let answer = learned(&few);
    assert_eq!(answer.rule, Acceptance::Never);
    assert_eq!((answer.evidence.better, answer.evidence.always.saved), (6, 12));
    // Much of the same sentence is no more evidence than the sentence once.
    let same: Vec<Sample> = (0..200).map(|_| ("same".to_owned(), 2, 0, vec![0.0])).collect();
    assert_eq!(learned(&same).rule, Acceptance::Never);
}

#[test]
fn noise_does_no_harm_over_many_seeds() {
    let mut accepting = 0;
    let mut saved = 0.0;
    for seed in 0..100 {
        let rule = learned(&simulated(300, 0.0, 0.0, seed)).rule;
        accepting += usize::from(rule != Acceptance::Never);
        saved += saved_on(&rule, &simulated(600, 0.0, 0.0, 1000 + seed)) / 100.0;
    }
    assert!(accepting <= 8, "{accepting} of 100 corpora of noise were accepted");
    assert!(saved.abs() < 0.01, "{saved} errors an utterance");
}

#[test]
fn a_method_that_mostly_harms_is_never_accepted() {
    for seed in 0..20 {
        let answer = learned(&simulated(300, -0.8, 0.0, seed));
        assert_eq!(answer.rule, Acceptance::Never, "{:?}", answer.evidence);
    }
}

#[test]
fn a_clear_signal_is_used_and_gains_most_of_what_can_be_gained() {
    for seed in 0..10 {
        let answer = learned(&simulated(600, -0.3, 2.0, seed));
        assert!(matches!(answer.rule, Acceptance::When { .. }), "{answer:?}");
        let fresh = simulated(4000, -0.3, 2.0, 500 + seed);
        let ideal: f64 = trials(&fresh)
            .iter()
            .filter(|trial| trial.features[0] > 0.15)
            .map(|trial| trial.saved() as f64)
            .sum::<f64>()
            / 4000.0;
        let gained = saved_on(&answer.rule, &fresh);
        assert!(gained > 0.85 * ideal, "{gained} of {ideal}, seed {seed}");
        let promised = answer.evidence.learned.saved as f64 / 600.0;
        assert!((promised - gained).abs() < 0.12, "{promised} held out, {gained} on fresh data");
    }
}

#[test]
fn a_method_that_helps_everywhere_is_always_accepted() {
    let mut always = 0;
    for seed in 0..20 {
        let answer = learned(&simulated(300, 1.5, 0.0, seed));
        assert_ne!(answer.rule, Acceptance::Never, "{:?}", answer.evidence);
        always += usize::from(answer.rule == Acceptance::Always);
    }
    assert!(always >= 18, "{always} of 20");
}

#[test]
fn the_provenance_counts_what_there_was() {
    let samples = simulated(300, -0.3, 2.0, 1);
    let found = learned(&samples).evidence;
    assert_eq!((found.items, found.groups, found.equal), (300, 150, 100));
    assert_eq!(found.better + found.worse, 200);
    assert_eq!((found.never.errors, found.never.saved, found.never.accepted), (900, 0, 0));
    let proposals: u32 = samples.iter().map(|sample| sample.2).sum();
    assert_eq!(found.always.errors, u64::from(proposals));
    for outcome in [found.always, found.learned] {
        assert_eq!(900 - i64::try_from(outcome.errors).unwrap(), outcome.saved);
    }
    assert_eq!(found.saved_over_always, found.learned.saved - found.always.saved);
}

#[test]
fn the_order_of_trials_does_not_matter() {
    let mut samples = simulated(300, -0.3, 2.0, 2);
    let before = learned(&samples);
    samples.reverse();
    let after = learned(&samples);
    assert_eq!(before.evidence, after.evidence);
    for sample in &samples {
        assert_eq!(before.rule.accepts(&sample.3), after.rule.accepts(&sample.3));
    }
}

#[test]
fn a_rule_survives_json() {
    let answer = learned(&simulated(400, -0.3, 2.0, 3));
    let json = serde_json::to_string(&answer).unwrap();
    assert!(json.contains("\"rule\":\"when\""), "{json}");
    assert_eq!(serde_json::from_str::<LearnedRule>(&json).unwrap(), answer);
}
