//! How much choosing the best of many flatters it.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::errors::Measure;

/// What the best arm of one half of the utterances makes of the other half, on the average of
/// many divisions. Rates are in percent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Flattery {
    /// Arms that were chosen among.
    pub arms: usize,
    /// Divisions into two halves, each used both ways.
    pub divisions: u32,
    /// Word error rate of the chosen arm on the half that it was chosen on.
    pub chosen: f64,
    /// Word error rate of the same arm on the other half.
    pub other: f64,
    /// `other - chosen`: how much too good the best arm looks, in points. On all utterances
    /// it is less than on half of them, about 0.7 of it.
    pub points: f64,
}

/// Chooses the arm with the fewest errors on one half of the groups (of two such, the first),
/// looks at it on the other half, and the other way round, for so many random divisions.
///
/// Both ways of a division together have every utterance once on either side, so that what is
/// left between the two rates is the choice. It counts only the choice among these arms: that
/// arms were dropped on some of the same utterances flatters the rest a little more.
///
/// `None` with fewer than two arms, groups or divisions to choose among, or without words.
/// An arm that lacks errors for some utterances is left out.
#[must_use]
pub fn flattery(
    utterances: &[Measure],
    arms: &[&[u32]],
    divisions: u32,
    seed: u64,
) -> Option<Flattery> {
    let arms: Vec<&[u32]> =
        arms.iter().copied().filter(|errors| errors.len() >= utterances.len()).collect();
    let groups = groups(utterances, &arms);
    if arms.len() < 2 || groups.len() < 2 || divisions == 0 {
        return None;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut order: Vec<usize> = (0..groups.len()).collect();
    let mut chosen = Sums::default();
    let mut other = Sums::default();
    for _ in 0..divisions {
        order.shuffle(&mut rng);
        let (left, right) = order.split_at(order.len() / 2);
        let (left, right) = (add(&groups, left, arms.len()), add(&groups, right, arms.len()));
        for (own, rest) in [(&left, &right), (&right, &left)] {
            let Some(best) = (0..arms.len()).min_by_key(|&arm| own.errors[arm]) else { continue };
            chosen.add(own.errors[best], own.words);
            other.add(rest.errors[best], rest.words);
        }
    }
    let (chosen, other) = (chosen.rate()?, other.rate()?);
    Some(Flattery { arms: arms.len(), divisions, chosen, other, points: other - chosen })
}

/// Words, and errors of each arm.
#[derive(Debug, Clone, Default)]
struct Group {
    words: u64,
    errors: Vec<u64>,
}

fn groups(utterances: &[Measure], arms: &[&[u32]]) -> Vec<Group> {
    let mut groups: BTreeMap<u32, Group> = BTreeMap::new();
    for (place, utterance) in utterances.iter().enumerate() {
        let group = groups.entry(utterance.group).or_default();
        group.errors.resize(arms.len(), 0);
        group.words += u64::from(utterance.words);
        for (sum, errors) in group.errors.iter_mut().zip(arms) {
            *sum += u64::from(errors[place]);
        }
    }
    groups.into_values().collect()
}

fn add(groups: &[Group], places: &[usize], arms: usize) -> Group {
    let mut sum = Group { words: 0, errors: vec![0; arms] };
    for &place in places {
        sum.words += groups[place].words;
        for (sum, errors) in sum.errors.iter_mut().zip(&groups[place].errors) {
            *sum += errors;
        }
    }
    sum
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    errors: u64,
    words: u64,
}

impl Sums {
    fn add(&mut self, errors: u64, words: u64) {
        self.errors += errors;
        self.words += words;
    }

    fn rate(self) -> Option<f64> {
        (self.words > 0).then(|| 100.0 * self.errors as f64 / self.words as f64)
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    fn utterances(many: u32) -> Vec<Measure> {
        (0..many).map(|group| Measure { words: 10, group }).collect()
    }

    /// Errors of an arm that makes one in each utterance with this probability.
    fn arm(rng: &mut ChaCha8Rng, many: u32, probability: f64) -> Vec<u32> {
        (0..many).map(|_| u32::from(rng.random_bool(probability))).collect()
    }

    #[test]
    fn nothing_to_choose_flatters_nothing() {
        let errors: &[u32] = &[1, 2];
        assert_eq!(flattery(&utterances(2), &[errors], 10, 1), None);
        assert_eq!(flattery(&utterances(2), &[errors, &[1]], 10, 1), None);
        assert_eq!(flattery(&utterances(2), &[errors, errors], 0, 1), None);
        assert_eq!(flattery(&[], &[&[], &[]], 5, 1), None);
        assert_eq!(flattery(&[Measure::default(); 2], &[&[0, 0], &[0, 0]], 5, 1), None);
        let same = flattery(&utterances(2), &[errors, errors], 50, 1).unwrap();
        assert_eq!((same.points, same.chosen), (0.0, 15.0));
    }

    #[test]
    fn a_clear_winner_is_not_flattered_and_the_first_of_equals_is() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let equal: Vec<Vec<u32>> = (0..20).map(|_| arm(&mut rng, 400, 0.5)).collect();
        let refs: Vec<&[u32]> = equal.iter().map(Vec::as_slice).collect();
        let found = flattery(&utterances(400), &refs, 200, 1).unwrap();
        assert!(found.points > 0.3, "{found:?}");
        assert_eq!(flattery(&utterances(400), &refs, 200, 1), Some(found));

        let mut clear = equal.clone();
        clear[7] = vec![0; 400];
        clear[7][..40].fill(1);
        let refs: Vec<&[u32]> = clear.iter().map(Vec::as_slice).collect();
        let found = flattery(&utterances(400), &refs, 200, 1).unwrap();
        assert!(found.points.abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn it_foretells_what_fresh_utterances_show() {
        // Twenty arms that are equal: whatever the best one gains on half of the utterances is
        // chance, and is gone on fresh ones.
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let (mut told, mut true_points) = (0.0, 0.0);
        for _ in 0..30 {
            let all: Vec<Vec<u32>> = (0..20).map(|_| arm(&mut rng, 300, 0.5)).collect();
            let refs: Vec<&[u32]> = all.iter().map(Vec::as_slice).collect();
            told += flattery(&utterances(300), &refs, 50, 5).unwrap().points;
            // What the best of the first half looks like against its true rate of 5 %.
            let best: u32 =
                all.iter().map(|errors| errors[..150].iter().sum()).min().unwrap_or_default();
            true_points += 5.0 - 100.0 * f64::from(best) / 1500.0;
        }
        assert!((told / true_points - 1.0).abs() < 0.35, "{told} {true_points}");
    }
}
