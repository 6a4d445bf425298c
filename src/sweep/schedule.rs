//! How many utterances which arms get: the rungs of successive halving.

use serde::{Deserialize, Serialize};

/// How bad arms are dropped early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halving {
    /// At each rung one of so many arms goes on, with so many times the utterances; at least 2.
    pub eta: u32,
    /// Utterances of the first rung, at least 1.
    pub first: u32,
}

impl Default for Halving {
    fn default() -> Self {
        Self { eta: 3, first: 50 }
    }
}

/// A number of utterances at which arms are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rung {
    /// Utterances that an arm has been run on when it is decided whether it goes on.
    pub utterances: usize,
    /// The best so many arms go on.
    pub quota: usize,
    /// No more than so many arms go on, however little is known against them.
    pub most: usize,
}

/// The rungs of a sweep (Jamieson and Talwalkar 2016, Non-stochastic best arm identification;
/// `eta` as in Li et al. 2018, Hyperband). The last rung has all utterances, and nothing is
/// decided there.
///
/// Half as many as the quota may go on beside it, where they are not clearly worse than the
/// best ([`progress`](super::progress)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    rungs: Vec<Rung>,
    arms: usize,
}

impl Schedule {
    /// Rungs for so many arms beside the baseline; without halving there is one. No rung is
    /// made at more than two thirds of the utterances: it would spare too little.
    #[must_use]
    pub fn new(arms: usize, utterances: usize, halving: Option<Halving>) -> Self {
        let mut rungs = Vec::new();
        if let Some(halving) = halving {
            let eta = halving.eta.max(2) as usize;
            let mut at = halving.first.max(1) as usize;
            let mut share = eta;
            while at.saturating_mul(3) <= utterances.saturating_mul(2) && arms > 1 {
                let quota = arms.div_ceil(share).max(1);
                rungs.push(Rung { utterances: at, quota, most: quota + quota.div_ceil(2) });
                at = at.saturating_mul(eta);
                share = share.saturating_mul(eta);
            }
        }
        rungs.push(Rung { utterances, quota: arms, most: arms });
        Self { rungs, arms }
    }

    /// The rungs, the last one with all utterances.
    #[must_use]
    pub fn rungs(&self) -> &[Rung] {
        &self.rungs
    }

    /// Utterances that all arms together are run on at most, the baseline aside.
    #[must_use]
    pub fn most_evaluations(&self) -> usize {
        let mut before = 0;
        let mut arms = self.arms;
        let mut sum = 0_usize;
        for rung in &self.rungs {
            sum = sum.saturating_add(arms.saturating_mul(rung.utterances - before));
            before = rung.utterances;
            arms = arms.min(rung.most);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_third_goes_on_with_three_times_the_utterances() {
        let schedule = Schedule::new(24, 300, Some(Halving { eta: 3, first: 50 }));
        let rung = |utterances, quota, most| Rung { utterances, quota, most };
        assert_eq!(schedule.rungs(), [rung(50, 8, 12), rung(150, 3, 5), rung(300, 24, 24)]);
        assert_eq!(schedule.most_evaluations(), 24 * 50 + 12 * 100 + 5 * 150);
    }

    #[test]
    fn what_is_small_is_run_in_full() {
        let all = |arms, utterances| [Rung { utterances, quota: arms, most: arms }];
        let halving = Some(Halving::default());
        assert_eq!(Schedule::new(24, 60, halving).rungs(), all(24, 60));
        assert_eq!(Schedule::new(1, 3000, halving).rungs(), all(1, 3000));
        assert_eq!(Schedule::new(24, 3000, None).rungs(), all(24, 3000));
        assert_eq!(Schedule::new(0, 0, halving).most_evaluations(), 0);
    }

    proptest! {
        #[test]
        fn rungs_climb_to_all_utterances_and_never_cost_more_than_everything(
            arms in 0_usize..500, utterances in 0_usize..5000, eta in 0_u32..12, first in 0_u32..90
        ) {
            let schedule = Schedule::new(arms, utterances, Some(Halving { eta, first }));
            let at: Vec<usize> = schedule.rungs().iter().map(|rung| rung.utterances).collect();
            prop_assert!(at.is_sorted() && at.last() == Some(&utterances));
            prop_assert!(schedule.rungs().iter().all(|rung| rung.quota <= rung.most));
            prop_assert!(schedule.most_evaluations() <= arms * utterances);
        }
    }
}
