//! From probabilities to a decision.

use std::{cmp::Ordering, collections::BTreeMap};

/// One utterance to learn from: what the 1-best and a proposal cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial<'a> {
    /// What must not stand on both sides of a split
    /// ([`Utterance::resampling_key`](crate::corpus::Utterance::resampling_key)).
    pub group: &'a str,
    /// Word errors of the 1-best.
    pub errors_one_best: u32,
    /// Word errors of the proposal.
    pub errors_proposal: u32,
    /// What is known without the reference; what is not known is NaN.
    pub features: Vec<f64>,
}

impl Trial<'_> {
    /// Errors that accepting the proposal saves; negative where it adds some.
    #[must_use]
    pub fn saved(&self) -> i64 {
        i64::from(self.errors_one_best) - i64::from(self.errors_proposal)
    }
}

/// A gain that is not this many standard errors above zero is not worth a lower threshold.
const NOISE: f64 = 1.0;

/// The probability from which on to accept: where the errors are least, or higher where the
/// difference is within one standard error (after the one-standard-error rule of Breiman et
/// al., Classification and Regression Trees, 1984). It is always the probability of one of
/// `trials`, so that what is less probable than anything seen is left alone; `None` where
/// it is best to accept none. Trials and probabilities go together by position.
pub(super) fn choose(trials: &[&Trial<'_>], probabilities: &[f64]) -> Option<f64> {
    let mut order: Vec<(f64, &Trial<'_>)> =
        probabilities.iter().copied().zip(trials.iter().copied()).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    // A threshold cannot tell equal probabilities apart.
    let is_cut = |taken: usize| match (
        taken.checked_sub(1).and_then(|last| order.get(last)),
        order.get(taken),
    ) {
        (Some(last), Some(next)) => last.0.total_cmp(&next.0) != Ordering::Equal,
        _ => true,
    };

    let (mut saved, mut best, mut best_taken) = (0_i64, 0_i64, 0_usize);
    for (i, (_, trial)) in order.iter().enumerate() {
        saved += trial.saved();
        if saved > best && is_cut(i + 1) {
            (best, best_taken) = (saved, i + 1);
        }
    }

    let mut lost = Gains::default();
    let mut taken = best_taken;
    for i in (0..best_taken).rev() {
        lost.add(order[i].1.group, order[i].1.saved());
        if is_cut(i) && lost.total() as f64 <= NOISE * lost.spread() {
            taken = i;
        }
    }
    order.get(taken.checked_sub(1)?).map(|(probability, _)| *probability)
}

/// Errors saved, by group.
#[derive(Debug, Clone, Default)]
pub(super) struct Gains<'a> {
    groups: BTreeMap<&'a str, i64>,
    total: i64,
    squares: i64,
}

impl<'a> Gains<'a> {
    pub(super) fn add(&mut self, group: &'a str, saved: i64) {
        let sum = self.groups.entry(group).or_default();
        self.squares -= *sum * *sum;
        *sum += saved;
        self.squares += *sum * *sum;
        self.total += saved;
    }

    pub(super) fn total(&self) -> i64 {
        self.total
    }

    /// Standard error of the total if nothing were gained on average: groups are
    /// independent, so their squares add up.
    pub(super) fn spread(&self) -> f64 {
        (self.squares as f64).sqrt()
    }

    /// Groups that came out better or worse.
    pub(super) fn decisive(&self) -> usize {
        self.groups.values().filter(|saved| **saved != 0).count()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trials<'a>(saved: &[i64], names: &'a [String]) -> Vec<Trial<'a>> {
        let trial = |(saved, group): (&i64, &'a String)| Trial {
            group,
            errors_one_best: 10,
            errors_proposal: u32::try_from(10 - saved).unwrap(),
            features: vec![],
        };
        saved.iter().zip(names).map(trial).collect()
    }

    fn chosen(saved: &[i64], probabilities: &[f64]) -> Option<f64> {
        let names: Vec<String> = (0..saved.len()).map(|i| i.to_string()).collect();
        let trials = trials(saved, &names);
        choose(&trials.iter().collect::<Vec<_>>(), probabilities)
    }

    #[test]
    fn a_clear_cut_is_found_and_a_single_win_below_it_left() {
        let saved: Vec<i64> = (0..40).map(|i| if i < 20 { 1 } else { -1 }).collect();
        let falling: Vec<f64> = (0..40).map(|i| 1.0 - f64::from(i) / 40.0).collect();
        // The last of the wins is within the noise of none.
        assert_eq!(chosen(&saved, &falling), Some(falling[18]));
        let rising: Vec<f64> = falling.iter().rev().copied().collect();
        assert_eq!(chosen(&saved, &rising), None);
    }

    #[test]
    fn equal_probabilities_stand_or_fall_together() {
        assert_eq!(chosen(&[3, 3, 3, -1], &[0.5; 4]), Some(0.5));
        assert_eq!(chosen(&[3, 1, -3, -3], &[0.5; 4]), None);
        assert_eq!(chosen(&[], &[]), None);
    }

    #[test]
    fn errors_of_one_group_are_one_piece_of_evidence() {
        let probabilities = [0.9, 0.8, 0.7, 0.6, 0.5];
        let names: Vec<String> = vec!["same".into(); 5];
        let trials = trials(&[1; 5], &names);
        assert_eq!(choose(&trials.iter().collect::<Vec<_>>(), &probabilities), None);
        assert!(chosen(&[1; 5], &probabilities).is_some());
    }

    proptest! {
        #[test]
        fn the_threshold_never_saves_less_than_none(
            saved in prop::collection::vec(-3_i64..4, 0..60), seed in 0_u64..1000,
        ) {
            let probabilities: Vec<f64> =
                (0..saved.len()).map(|i| ((i as u64 * 31 + seed * 17) % 23) as f64 / 23.0).collect();
            if let Some(threshold) = chosen(&saved, &probabilities) {
                let kept: i64 = saved
                    .iter()
                    .zip(&probabilities)
                    .filter(|(_, probability)| **probability >= threshold)
                    .map(|(saved, _)| saved)
                    .sum();
                prop_assert!(kept > 0, "{kept}");
            }
        }
    }
}
