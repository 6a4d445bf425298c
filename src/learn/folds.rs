//! Cross-validation folds that keep groups together.

use std::{cmp::Reverse, collections::BTreeMap};

/// The fold in `0..k` of each item, `groups` naming the group of each. All items of a group
/// are in one fold, and the sizes of two folds differ by at most the largest group.
///
/// Only the names, how often each occurs, `k` and `seed` decide: the order of the items does
/// not, so a corpus that was sorted differently is split the same way. Groups are dealt
/// largest first, equal ones in the order of a seeded hash, always to the smallest fold.
/// Empty for no items; a `k` of 0 is 1. Folds stay empty where there are fewer groups.
#[must_use]
pub fn folds(groups: &[&str], k: usize, seed: u64) -> Vec<usize> {
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    for group in groups {
        *sizes.entry(group).or_default() += 1;
    }
    let mut order: Vec<(Reverse<usize>, [u8; 32], &str)> =
        sizes.into_iter().map(|(name, size)| (Reverse(size), hash(name, seed), name)).collect();
    order.sort_unstable();

    let mut filled = vec![0_usize; k.max(1)];
    let mut fold_of: BTreeMap<&str, usize> = BTreeMap::new();
    for (Reverse(size), _, name) in order {
        let smallest = (0..filled.len()).min_by_key(|&fold| filled[fold]).unwrap_or(0);
        filled[smallest] += size;
        fold_of.insert(name, smallest);
    }
    groups.iter().map(|group| fold_of.get(group).copied().unwrap_or(0)).collect()
}

fn hash(name: &str, seed: u64) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.update(name.as_bytes());
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(items: &[u8]) -> Vec<String> {
        items.iter().map(|item| format!("sentence {item}")).collect()
    }

    fn split(names: &[String], k: usize, seed: u64) -> Vec<usize> {
        folds(&names.iter().map(String::as_str).collect::<Vec<_>>(), k, seed)
    }

    #[test]
    fn edge_cases_have_folds() {
        assert!(folds(&[], 5, 1).is_empty());
        assert_eq!(folds(&["a", "b"], 0, 1), [0, 0]);
        let three = folds(&["a", "b", "c"], 5, 1);
        assert!(three[0] != three[1] && three[1] != three[2] && three[0] != three[2]);
    }

    #[test]
    fn the_seed_makes_another_split_and_the_same_seed_the_same() {
        let all = names(&(0..100).collect::<Vec<_>>());
        assert_eq!(split(&all, 5, 1), split(&all, 5, 1));
        assert_ne!(split(&all, 5, 1), split(&all, 5, 2));
    }

    #[test]
    fn single_items_are_split_evenly_and_not_in_runs() {
        let all = names(&(0..100).collect::<Vec<_>>());
        let fold_of = split(&all, 5, 7);
        for fold in 0..5 {
            assert_eq!(fold_of.iter().filter(|&&other| other == fold).count(), 20);
            let early = fold_of[..50].iter().filter(|&&other| other == fold).count();
            assert!((3..=17).contains(&early), "{early} of fold {fold} in the first half");
        }
    }

    proptest! {
        #[test]
        fn groups_stay_together_and_folds_balance(
            items in prop::collection::vec(0_u8..40, 1..200), k in 1_usize..8, seed in 0_u64..50,
        ) {
            let all = names(&items);
            let fold_of = split(&all, k, seed);
            let mut sizes = vec![0_usize; k];
            let mut largest = 0;
            for (i, item) in items.iter().enumerate() {
                sizes[fold_of[i]] += 1;
                largest = largest.max(items.iter().filter(|other| *other == item).count());
                for j in 0..i {
                    prop_assert!(items[j] != *item || fold_of[j] == fold_of[i]);
                }
            }
            let spread = sizes.iter().max().unwrap() - sizes.iter().min().unwrap();
            prop_assert!(spread <= largest, "{sizes:?}, largest group {largest}");
        }

        #[test]
        fn the_order_of_items_does_not_matter(
            items in prop::collection::vec(0_u8..40, 1..100), k in 1_usize..8, turn in 0_usize..100,
        ) {
            let all = names(&items);
            let mut turned = all.clone();
            turned.rotate_left(turn % items.len());
            let mut fold_of = split(&all, k, 3);
            fold_of.rotate_left(turn % items.len());
            prop_assert_eq!(split(&turned, k, 3), fold_of);
        }
    }
}
