//! The few utterances that are shown of many.

use super::compared::{Flip, FlipList};

/// Counts utterances that changed, and keeps those that changed most.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept {
    count: u64,
    most: usize,
    /// The largest differences first, ties in the order of arrival.
    flips: Vec<Flip>,
}

impl Kept {
    /// Keeps so many at most.
    pub(super) fn new(most: usize) -> Self {
        Self { count: 0, most, flips: Vec::new() }
    }

    /// Counts one, and makes its texts only if it is kept.
    pub(super) fn add(&mut self, difference: u64, flip: impl FnOnce() -> Flip) {
        self.count += 1;
        let place = self.flips.partition_point(|kept| apart(kept) >= difference);
        if place < self.most {
            self.flips.truncate(self.most - 1);
            self.flips.insert(place, flip());
        }
    }

    pub(super) fn finish(self) -> FlipList {
        FlipList { count: self.count, kept: self.flips }
    }
}

fn apart(flip: &Flip) -> u64 {
    flip.first_errors.abs_diff(flip.second_errors)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_largest_differences_are_kept(errors in prop::collection::vec(0_u64..6, 0..30), most in 0_usize..9) {
            let mut kept = Kept::new(most);
            let mut all = Vec::new();
            for (number, &second_errors) in errors.iter().enumerate() {
                let flip = Flip {
                    id: number.to_string(),
                    reference: String::new(),
                    one_best: String::new(),
                    first: String::new(),
                    second: String::new(),
                    first_errors: 0,
                    second_errors,
                };
                all.push(flip.clone());
                kept.add(second_errors, || flip);
            }
            all.sort_by_key(|flip| std::cmp::Reverse(apart(flip)));
            all.truncate(most);
            let list = kept.finish();
            prop_assert_eq!((list.count, list.kept), (errors.len() as u64, all));
        }
    }
}
