//! Intervals and comparisons by bootstrap, resampled by group.

use std::cmp::Reverse;
use std::collections::HashMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::multinomial::binomial;

/// Groups of equal sums that occur at least this often are drawn together: one binomial
/// draw then costs less than so many single ones.
const DRAWN_TOGETHER: u64 = 24;

/// What one group (speaker, sentence) adds to the corpus sums.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupSums {
    /// Reference words.
    pub words: u32,
    /// Errors of the corrected text.
    pub errors: u32,
    /// Errors of the 1-best.
    pub baseline_errors: u32,
}

/// A 95 % interval, in the unit of what it is about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The 2.5 % percentile.
    pub low: f64,
    /// The 97.5 % percentile.
    pub high: f64,
}

/// What resampling says about a corpus word error rate. Rates are fractions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// Of the corpus word error rate.
    pub wer: Interval,
    /// Of the rate minus the 1-best's, both from the same resample (paired).
    pub difference: Interval,
    /// Two-sided probability of so clear a difference if there were none: twice the share
    /// of resamples on the rarer side of zero, with one added to counts and resamples, so
    /// never 0; at most 1, and at least that of all `n` groups which differ lying on one side
    /// by chance, 2^(1-n): resampling a handful of groups has no spread to speak of.
    pub p_value: f64,
    /// Whether the interval of the difference excludes zero, with `p_value` below 0.05.
    pub real: bool,
}

/// Percentile bootstrap of the corpus word error rate (Bisani and Ney 2004), groups being
/// drawn with replacement. `None` without groups, reference words or resamples.
///
/// The same groups (in any order) and the same seed give the same answer. Groups whose
/// sums are equal are interchangeable, so a resample draws how often each such sum occurs
/// rather than one group after another; 300,000 groups take a fraction of a second.
#[must_use]
pub fn bootstrap(groups: &[GroupSums], resamples: u32, seed: u64) -> Option<Bootstrap> {
    if resamples == 0 || groups.iter().all(|group| group.words == 0) {
        return None;
    }
    let urn = Urn::new(groups);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut rates = Vec::with_capacity(resamples as usize);
    let mut differences = Vec::with_capacity(resamples as usize);
    for _ in 0..resamples {
        let sums = urn.resample(&mut rng);
        // A resample without any reference word has no rate and says nothing.
        if sums.words > 0 {
            rates.push(sums.errors as f64 / sums.words as f64);
            let difference = sums.errors as i64 - sums.baseline_errors as i64;
            differences.push(difference as f64 / sums.words as f64);
        }
    }
    rates.sort_unstable_by(f64::total_cmp);
    differences.sort_unstable_by(f64::total_cmp);

    let not_above = differences.iter().filter(|difference| **difference <= 0.0).count();
    let not_below = differences.iter().filter(|difference| **difference >= 0.0).count();
    let rarer = not_above.min(not_below);
    let differing = groups.iter().filter(|group| group.errors != group.baseline_errors).count();
    let chance = 2.0_f64.powi(1 - i32::try_from(differing).unwrap_or(i32::MAX));
    let p_value = (2.0 * (rarer + 1) as f64 / (differences.len() + 1) as f64).max(chance).min(1.0);
    let wer = interval(&rates)?;
    let difference = interval(&differences)?;
    let real = p_value < 0.05 && (difference.low > 0.0 || difference.high < 0.0);
    Some(Bootstrap { wer, difference, p_value, real })
}

/// The middle 95 % of sorted values, interpolated linearly between neighbours.
fn interval(sorted: &[f64]) -> Option<Interval> {
    let at = |share: f64| {
        let place = share * (sorted.len().checked_sub(1)?) as f64;
        let low = *sorted.get(place.floor() as usize)?;
        let high = *sorted.get(place.ceil() as usize)?;
        Some(low + (high - low) * place.fract())
    };
    Some(Interval { low: at(0.025)?, high: at(0.975)? })
}

/// Sums over a whole resample.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    words: u64,
    errors: u64,
    baseline_errors: u64,
}

impl Sums {
    fn add(&mut self, group: &GroupSums, times: u64) {
        self.words += u64::from(group.words) * times;
        self.errors += u64::from(group.errors) * times;
        self.baseline_errors += u64::from(group.baseline_errors) * times;
    }
}

/// Groups to draw from: the frequent sums with their multiplicity, the others one by one.
struct Urn {
    frequent: Vec<(GroupSums, u64)>,
    others: Vec<GroupSums>,
    total: u64,
}

impl Urn {
    fn new(groups: &[GroupSums]) -> Self {
        let mut counts: HashMap<GroupSums, u64> = HashMap::new();
        for group in groups {
            *counts.entry(*group).or_default() += 1;
        }
        let mut counts: Vec<(GroupSums, u64)> = counts.into_iter().collect();
        // The order decides which draw goes where: it must not be the map's.
        counts.sort_unstable_by_key(|(sums, count)| (Reverse(*count), *sums));
        let cut = counts.partition_point(|(_, count)| *count >= DRAWN_TOGETHER);
        let others = counts
            .split_off(cut)
            .into_iter()
            .flat_map(|(sums, count)| std::iter::repeat_n(sums, count as usize))
            .collect();
        Self { frequent: counts, others, total: groups.len() as u64 }
    }

    /// As many groups as there are, drawn with replacement.
    fn resample(&self, rng: &mut ChaCha8Rng) -> Sums {
        let mut sums = Sums::default();
        let (mut draws, mut left) = (self.total, self.total);
        for (group, count) in &self.frequent {
            let drawn = binomial(rng, draws, *count as f64 / left as f64);
            sums.add(group, drawn);
            draws -= drawn;
            left -= count;
        }
        if !self.others.is_empty() {
            for _ in 0..draws {
                sums.add(&self.others[rng.random_range(0..self.others.len())], 1);
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn groups(many: u32) -> Vec<GroupSums> {
        (0..many)
            .map(|i| {
                let words = 5 + i.wrapping_mul(2_654_435_761) % 20;
                let baseline_errors = (i.wrapping_mul(40_503) >> 7) % (words / 3 + 1);
                GroupSums { words, errors: baseline_errors / 2, baseline_errors }
            })
            .collect()
    }

    fn rate(groups: &[GroupSums]) -> f64 {
        let words: u32 = groups.iter().map(|group| group.words).sum();
        f64::from(groups.iter().map(|group| group.errors).sum::<u32>()) / f64::from(words)
    }

    #[test]
    fn nothing_to_resample_gives_nothing() {
        assert_eq!(bootstrap(&[], 1000, 1), None);
        assert_eq!(bootstrap(&groups(5), 0, 1), None);
        assert_eq!(
            bootstrap(&[GroupSums { words: 0, errors: 3, baseline_errors: 0 }], 100, 1),
            None
        );
    }

    #[test]
    fn one_group_has_no_spread() {
        let only = [GroupSums { words: 10, errors: 1, baseline_errors: 3 }];
        let answer = bootstrap(&only, 100, 1).unwrap();
        assert_eq!(answer.wer, Interval { low: 0.1, high: 0.1 });
        assert_eq!(answer.difference, Interval { low: -0.2, high: -0.2 });
        assert_eq!((answer.p_value, answer.real), (1.0, false));
    }

    #[test]
    fn a_handful_of_groups_proves_nothing() {
        let group = GroupSums { words: 10, errors: 0, baseline_errors: 3 };
        let of = |many: usize| bootstrap(&vec![group; many], 1000, 1).unwrap();
        assert_eq!((of(5).p_value, of(5).real), (0.0625, false));
        assert_eq!((of(6).p_value, of(6).real), (0.03125, true));
    }

    #[test]
    fn order_does_not_matter_and_the_seed_does() {
        let mut all = groups(500);
        let answer = bootstrap(&all, 500, 3).unwrap();
        all.reverse();
        assert_eq!(bootstrap(&all, 500, 3).unwrap(), answer);
        assert_ne!(bootstrap(&all, 500, 4).unwrap(), answer);
    }

    #[test]
    fn the_interval_is_as_wide_as_the_theory_says() {
        // Independent groups of ten words and 0 or 1 errors: the rate is a binomial share.
        let all: Vec<GroupSums> = (0..4000)
            .map(|i| GroupSums { words: 10, errors: u32::from(i % 4 == 0), baseline_errors: 0 })
            .collect();
        let answer = bootstrap(&all, 4000, 5).unwrap();
        let spread = 1.96 * (0.25_f64 * 0.75 / 4000.0).sqrt() / 10.0;
        assert!((answer.wer.high - 0.025 - spread).abs() < 0.1 * spread, "{answer:?}");
        assert!((0.025 - spread - answer.wer.low).abs() < 0.1 * spread, "{answer:?}");
    }

    #[test]
    fn drawing_together_and_one_by_one_agree() {
        // The same corpus with sums made all different by a trifle, so that none is frequent.
        let alike: Vec<GroupSums> = (0..3000)
            .map(|i| GroupSums { words: 10_000, errors: 1000 * (i % 3), baseline_errors: 1000 })
            .collect();
        let apart: Vec<GroupSums> = alike
            .iter()
            .zip(0..)
            .map(|(group, i)| GroupSums { words: group.words + i % 200, ..*group })
            .collect();
        let one = bootstrap(&alike, 3000, 7).unwrap();
        let two = bootstrap(&apart, 3000, 7).unwrap();
        let width = |interval: Interval| interval.high - interval.low;
        assert!((width(one.wer) / width(two.wer) - 1.0).abs() < 0.1, "{one:?} {two:?}");
    }

    #[test]
    fn equal_systems_do_not_differ() {
        let mut all = groups(300);
        all.iter_mut().for_each(|group| group.errors = group.baseline_errors);
        let answer = bootstrap(&all, 1000, 1).unwrap();
        assert_eq!(answer.difference, Interval { low: 0.0, high: 0.0 });
        assert!(!answer.real);
        assert_eq!(answer.p_value, 1.0);
    }

    #[test]
    fn a_clear_gain_is_real_and_a_doubtful_one_is_not() {
        let answer = bootstrap(&groups(300), 1000, 1).unwrap();
        assert!(answer.real && answer.difference.high < 0.0 && answer.p_value < 0.01);
        let mut doubtful = groups(300);
        for (i, group) in doubtful.iter_mut().enumerate() {
            group.errors = group.baseline_errors;
            group.errors += u32::from(i < 6);
            group.baseline_errors += u32::from((6..13).contains(&i));
        }
        let answer = bootstrap(&doubtful, 1000, 1).unwrap();
        assert!(!answer.real && answer.p_value > 0.1, "{answer:?}");
    }

    proptest! {
        #[test]
        fn the_interval_is_around_the_estimate(many in 20_u32..300, seed in 0_u64..100) {
            let all = groups(many);
            let answer = bootstrap(&all, 200, seed).unwrap();
            prop_assert!(answer.wer.low <= rate(&all) && rate(&all) <= answer.wer.high);
        }
    }
}
