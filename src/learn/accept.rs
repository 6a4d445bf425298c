//! When a proposal may replace the 1-best.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    Logistic, Trial, fit_validated, folds,
    threshold::{Gains, choose},
};

/// A rule that accepts or refuses proposals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "rule")]
pub enum Acceptance {
    /// The 1-best stands.
    Never,
    /// Every proposal is taken.
    Always,
    /// A proposal is taken where it is probable enough that it has fewer errors.
    When {
        /// Gives that probability.
        model: Logistic,
        /// The least probability to accept, in [0, 1].
        threshold: f64,
    },
}

impl Acceptance {
    /// Whether a proposal with these features (those the rule was learned from, in their
    /// order) is taken.
    #[must_use]
    pub fn accepts(&self, features: &[f64]) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::When { model, threshold } => model.probability(features) >= *threshold,
        }
    }
}

/// How much evidence a rule needs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AcceptanceSettings {
    /// Folds of the cross-validation, at least 2.
    pub folds: usize,
    /// Seed of the folds.
    pub seed: u64,
    /// Standard errors by which held-out errors must be fewer than the 1-best's before
    /// anything is accepted.
    pub clear: f64,
    /// Standard errors by which a learned rule must do better than accepting all where
    /// that is a clear gain.
    pub worth: f64,
    /// Groups in which the errors must differ: with fewer the 1-best stands.
    pub min_groups: usize,
}

impl Default for AcceptanceSettings {
    fn default() -> Self {
        Self { folds: 5, seed: 1, clear: 2.0, worth: 1.0, min_groups: 10 }
    }
}

/// Errors on held-out data.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Proposals that were accepted.
    pub accepted: usize,
    /// Word errors.
    pub errors: u64,
    /// Errors fewer than with the 1-best throughout; negative where there are more.
    pub saved: i64,
    /// Standard error of `saved`, by groups, if there were no difference.
    pub spread: f64,
}

/// What a rule was learned from and what speaks for it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Utterances.
    pub items: usize,
    /// Groups of utterances.
    pub groups: usize,
    /// Proposals with fewer errors than the 1-best.
    pub better: usize,
    /// Proposals with more errors.
    pub worse: usize,
    /// Proposals with as many errors.
    pub equal: usize,
    /// Keeping the 1-best throughout.
    pub never: Outcome,
    /// Accepting all.
    pub always: Outcome,
    /// Deciding each utterance by a model and a threshold that never saw its group.
    pub learned: Outcome,
    /// Errors that the learned rule saves over accepting all.
    pub saved_over_always: i64,
    /// Standard error of `saved_over_always`.
    pub spread_over_always: f64,
}

/// A rule and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LearnedRule {
    /// The rule.
    pub rule: Acceptance,
    /// What speaks for it.
    pub evidence: Evidence,
    /// Of each trial, whether a rule learned from the other folds accepts it.
    pub held_out: Vec<bool>,
}

/// Learns when to accept proposals, so that no harm is done: a logistic regression says how
/// probable it is that a proposal has fewer errors (label `e1 < e0`, weight `|e1 - e0|`,
/// ties left out), and a threshold on it is chosen from probabilities of held-out groups.
/// The whole of this is repeated on the rest of the corpus for each held-out fold, and the
/// errors there decide, against the 1-best (which stands unless something is clearly
/// better) and against accepting all (which is taken where it is a clear gain and a learned
/// rule is hardly better). The order of the trials does not matter beyond rounding. No
/// trials give [`Acceptance::Never`].
#[must_use]
pub fn learn_acceptance(trials: &[Trial<'_>], settings: &AcceptanceSettings) -> LearnedRule {
    let groups: Vec<&str> = trials.iter().map(|trial| trial.group).collect();
    let k = settings.folds.max(2);
    let fold_of = folds(&groups, k, settings.seed);
    let mut accepted = vec![false; trials.len()];
    for fold in 0..k {
        let rest: Vec<&Trial<'_>> = trials
            .iter()
            .zip(&fold_of)
            .filter(|(_, other)| **other != fold)
            .map(|(trial, _)| trial)
            .collect();
        let rule = rule_from(&rest, settings);
        for (i, trial) in trials.iter().enumerate().filter(|(i, _)| fold_of[*i] == fold) {
            accepted[i] = rule.accepts(&trial.features);
        }
    }

    let (always, all) = outcome(trials, |_| true);
    let (learned, some) = outcome(trials, |i| accepted[i]);
    let mut over_always = Gains::default();
    for (trial, _) in trials.iter().zip(&accepted).filter(|(_, accepted)| !**accepted) {
        over_always.add(trial.group, -trial.saved());
    }

    let clear = |gains: &Gains<'_>, times: f64| {
        gains.total() > 0 && gains.total() as f64 >= times * gains.spread()
    };
    let is_gain =
        |gains: &Gains<'_>| clear(gains, settings.clear) && gains.decisive() >= settings.min_groups;
    let rule = match (is_gain(&all), is_gain(&some)) {
        (true, true) if clear(&over_always, settings.worth) => {
            rule_from(&trials.iter().collect::<Vec<_>>(), settings)
        }
        (true, _) => Acceptance::Always,
        (false, true) => rule_from(&trials.iter().collect::<Vec<_>>(), settings),
        (false, false) => Acceptance::Never,
    };
    let count = |wanted: fn(i64) -> bool| trials.iter().filter(|t| wanted(t.saved())).count();
    let evidence = Evidence {
        items: trials.len(),
        groups: groups.iter().collect::<BTreeSet<_>>().len(),
        better: count(|saved| saved > 0),
        worse: count(|saved| saved < 0),
        equal: count(|saved| saved == 0),
        never: outcome(trials, |_| false).0,
        always,
        learned,
        saved_over_always: over_always.total(),
        spread_over_always: over_always.spread(),
    };
    LearnedRule { rule, evidence, held_out: accepted }
}

/// The learned rule without asking whether it is worth anything.
fn rule_from(trials: &[&Trial<'_>], settings: &AcceptanceSettings) -> Acceptance {
    let decisive: Vec<&Trial<'_>> =
        trials.iter().copied().filter(|trial| trial.saved() != 0).collect();
    let features: Vec<Vec<f64>> = decisive.iter().map(|trial| trial.features.clone()).collect();
    let labels: Vec<bool> = decisive.iter().map(|trial| trial.saved() > 0).collect();
    let weights: Vec<f64> =
        decisive.iter().map(|trial| trial.saved().unsigned_abs() as f64).collect();
    let groups: Vec<&str> = decisive.iter().map(|trial| trial.group).collect();
    let seed = settings.seed.wrapping_add(1);
    let validated = fit_validated(&features, &labels, &weights, &groups, settings.folds, seed);
    match choose(&decisive, &validated.held_out) {
        Some(threshold) => Acceptance::When { model: validated.model, threshold },
        None => Acceptance::Never,
    }
}

/// What accepting some of the proposals costs and saves.
fn outcome<'a>(trials: &[Trial<'a>], accepts: impl Fn(usize) -> bool) -> (Outcome, Gains<'a>) {
    let mut gains = Gains::default();
    let (mut accepted, mut errors) = (0, 0);
    for (i, trial) in trials.iter().enumerate() {
        if accepts(i) {
            accepted += 1;
            errors += u64::from(trial.errors_proposal);
            gains.add(trial.group, trial.saved());
        } else {
            errors += u64::from(trial.errors_one_best);
        }
    }
    let outcome = Outcome { accepted, errors, saved: gains.total(), spread: gains.spread() };
    (outcome, gains)
}

#[cfg(test)]
#[path = "accept_tests.rs"]
mod tests;
