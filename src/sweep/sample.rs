//! Which utterances a sweep works on: a stratified sample that grows without changing.

use std::collections::BTreeMap;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What sampling has to know of an utterance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Its key in the store.
    pub key: i64,
    /// Distinct hypotheses in its list.
    pub distinct: usize,
    /// Words of its reference.
    pub words: usize,
}

/// Utterances that are alike as far as sampling goes: whether the list agrees (1, 2 or 3, 4
/// or more distinct hypotheses), and how long the reference is (under 5, 10, 20 words, more).
type Stratum = (u8, u8);

fn stratum(candidate: &Candidate) -> Stratum {
    let agreement = match candidate.distinct {
        0..=1 => 0,
        2..=3 => 1,
        _ => 2,
    };
    let length = match candidate.words {
        0..=4 => 0,
        5..=9 => 1,
        10..=19 => 2,
        _ => 3,
    };
    (agreement, length)
}

/// All keys in an order of which every beginning is a stratified sample; `limit` cuts it.
///
/// In the first n of them every stratum has its proportional share of n, rounded up or down
/// to a whole number next to it. Taking seats by largest remainder anew for every n would do
/// so too, but its samples are not nested (the Alabama paradox). So seats are given one after
/// another, to the stratum with the earliest deadline of those that have earned one: the
/// chairman assignment of Tijdeman (1980), which keeps every count within 1 of its share.
///
/// Within a stratum, a stream of random numbers of its own decides an utterance's place, so
/// the order depends on the keys and the seed, not on the order of the input, and an utterance
/// more changes little.
#[must_use]
pub fn sample(
    candidates: impl IntoIterator<Item = Candidate>,
    limit: Option<usize>,
    seed: u64,
) -> Vec<i64> {
    let mut strata: BTreeMap<Stratum, Vec<(u64, i64)>> = BTreeMap::new();
    for candidate in candidates {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(candidate.key.cast_unsigned());
        strata.entry(stratum(&candidate)).or_default().push((rng.next_u64(), candidate.key));
    }
    let mut strata: Vec<Vec<(u64, i64)>> = strata.into_values().collect();
    for stratum in &mut strata {
        stratum.sort_unstable();
    }
    let sizes: Vec<usize> = strata.iter().map(Vec::len).collect();
    let total: usize = sizes.iter().sum();
    let wanted = limit.unwrap_or(total).min(total);
    let mut taken = vec![0_usize; strata.len()];
    let mut keys = Vec::with_capacity(wanted);
    for seats in 1..=wanted {
        let Some(next) = next_seat(&sizes, &taken, seats, total) else { break };
        let Some((_, key)) = strata[next].get(taken[next]) else { break };
        keys.push(*key);
        taken[next] += 1;
    }
    keys
}

/// The stratum that gets the seat of this number, from 1.
///
/// With `k` strata, shares `p` and counts `x`, a stratum may get seat `n` where its claim
/// `p n - x` is at least `1 / (2k - 2)`, and of those the one gets it whose deadline
/// `(1 - 1 / (2k - 2) - claim) / p` comes first. Everything is multiplied by `2k - 2` and by
/// the total, so the numbers are whole and the answer is exact.
fn next_seat(sizes: &[usize], taken: &[usize], seats: usize, total: usize) -> Option<usize> {
    let scale = (2 * sizes.len()).saturating_sub(2).max(1) as i128;
    let total = total as i128;
    // Time to the deadline as a fraction; denominators are positive.
    let claims = (0..sizes.len()).filter(|&place| sizes[place] > taken[place]).map(|place| {
        let size = sizes[place] as i128;
        let claim = scale * (size * seats as i128 - taken[place] as i128 * total);
        (claim >= total, (scale - 1) * total - claim, size, place)
    });
    claims
        .min_by(|one, other| {
            let earlier = (one.1 * other.2).cmp(&(other.1 * one.2));
            other.0.cmp(&one.0).then(earlier).then(one.3.cmp(&other.3))
        })
        .map(|(.., place)| place)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn corpus(many: usize) -> Vec<Candidate> {
        (0..many)
            .map(|number| Candidate {
                key: number as i64 * 7 + (1 << 32),
                distinct: [1, 1, 1, 5, 2, 8][number % 6],
                words: 1 + (number * 31) % 27,
            })
            .collect()
    }

    #[test]
    fn nothing_gives_nothing_and_a_limit_beyond_the_end_gives_all() {
        assert!(sample([], Some(5), 1).is_empty());
        assert!(sample(corpus(9), Some(0), 1).is_empty());
        assert_eq!(sample(corpus(9), Some(50), 1).len(), 9);
        assert_eq!(sample(corpus(9), None, 1).len(), 9);
    }

    #[test]
    fn the_seed_decides_and_the_order_of_the_input_does_not() {
        let mut all = corpus(200);
        let first = sample(all.clone(), Some(50), 1);
        all.reverse();
        assert_eq!(sample(all.clone(), Some(50), 1), first);
        assert_ne!(sample(all, Some(50), 2), first);
    }

    #[test]
    fn an_utterance_more_changes_little() {
        let mut all = corpus(300);
        let before: BTreeSet<i64> = sample(all.clone(), Some(60), 1).into_iter().collect();
        all.push(Candidate { key: 5, distinct: 3, words: 8 });
        let after: BTreeSet<i64> = sample(all, Some(60), 1).into_iter().collect();
        assert!(
            before.intersection(&after).count() >= 54,
            "{}",
            before.intersection(&after).count()
        );
    }

    proptest! {
        #[test]
        fn every_beginning_is_the_smaller_sample_and_proportional(
            shapes in prop::collection::vec((1_usize..7, 0_usize..30), 1..120),
            seed in 0_u64..50,
        ) {
            let all: Vec<Candidate> = (0_i64..)
                .zip(&shapes)
                .map(|(key, &(distinct, words))| Candidate { key, distinct, words })
                .collect();
            let order = sample(all.iter().copied(), None, seed);
            prop_assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), all.len());
            let of: BTreeMap<i64, Stratum> =
                all.iter().map(|candidate| (candidate.key, stratum(candidate))).collect();
            let mut sizes: BTreeMap<Stratum, usize> = BTreeMap::new();
            for stratum in of.values() {
                *sizes.entry(*stratum).or_default() += 1;
            }
            let mut counts: BTreeMap<Stratum, usize> = BTreeMap::new();
            for (seats, key) in (1..).zip(&order) {
                *counts.entry(of[key]).or_default() += 1;
                for (stratum, size) in &sizes {
                    let share = (*size * seats) as f64 / all.len() as f64;
                    let count = counts.get(stratum).copied().unwrap_or(0) as f64;
                    prop_assert!((count - share).abs() < 1.0, "{share} {count}");
                }
            }
            for limit in 0..all.len() {
                prop_assert_eq!(
                    &sample(all.iter().copied(), Some(limit), seed)[..],
                    &order[..limit]
                );
            }
        }
    }
}
