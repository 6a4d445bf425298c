//! The number of errors alone, without an alignment: many cells at a time.

use super::alignment::common_ends;

const BITS: usize = 64;

/// Edit distance by bit-parallel columns (Myers 1999, in Hyyrö's blocked form): 64 units of
/// the reference are advanced by a handful of machine instructions.
///
/// Holds only work space; one value serves any number of pairs.
#[derive(Debug, Default)]
pub struct Distance {
    /// For each symbol and block of the reference, the places where it stands.
    places: Vec<u64>,
    /// Per block, the units whose cell is one more than the cell before it.
    rises: Vec<u64>,
    /// Per block, the units whose cell is one less than the cell before it.
    falls: Vec<u64>,
}

impl Distance {
    /// The least number of substitutions, deletions and insertions that turn one sequence
    /// into the other. Symbols should be small numbers (see
    /// [`Symbols`](super::Symbols)): memory grows with the greatest of them.
    pub fn between(&mut self, reference: &[u32], hypothesis: &[u32]) -> u64 {
        let (prefix, suffix) = common_ends(reference, hypothesis);
        let reference = &reference[prefix..reference.len() - suffix];
        let hypothesis = &hypothesis[prefix..hypothesis.len() - suffix];
        if reference.is_empty() || hypothesis.is_empty() {
            return (reference.len() + hypothesis.len()) as u64;
        }

        let blocks = reference.len().div_ceil(BITS);
        self.mark(reference, hypothesis, blocks);
        self.rises.clear();
        self.rises.resize(blocks, u64::MAX);
        self.falls.clear();
        self.falls.resize(blocks, 0);

        let last = 1_u64 << ((reference.len() - 1) % BITS);
        let mut distance = reference.len() as u64;
        for symbol in hypothesis {
            let places = &self.places[*symbol as usize * blocks..][..blocks];
            // Row 0 of the table grows by one with each unit of the hypothesis.
            let (mut carry_rise, mut carry_fall) = (1_u64, 0_u64);
            for (block, places) in places.iter().enumerate() {
                let (rise, fall) = (self.rises[block], self.falls[block]);
                let here = places | carry_fall;
                let straight = (((here & rise).wrapping_add(rise)) ^ rise) | here | fall;
                let across_rise = fall | !(straight | rise);
                let across_fall = rise & straight;
                if block + 1 == blocks {
                    distance += u64::from(across_rise & last != 0);
                    distance -= u64::from(across_fall & last != 0);
                }
                let shifted_rise = (across_rise << 1) | carry_rise;
                let shifted_fall = (across_fall << 1) | carry_fall;
                carry_rise = across_rise >> (BITS - 1);
                carry_fall = across_fall >> (BITS - 1);
                self.rises[block] = shifted_fall | !(straight | shifted_rise);
                self.falls[block] = shifted_rise & straight;
            }
        }
        distance
    }

    fn mark(&mut self, reference: &[u32], hypothesis: &[u32], blocks: usize) {
        let symbols = reference.iter().chain(hypothesis).max().map_or(0, |most| *most as usize + 1);
        if self.places.len() < symbols * blocks {
            self.places.resize(symbols * blocks, 0);
        }
        // Only what this pair uses is cleared, so old marks of other symbols may stay.
        for symbol in reference.iter().chain(hypothesis) {
            self.places[*symbol as usize * blocks..][..blocks].fill(0);
        }
        for (place, symbol) in reference.iter().enumerate() {
            self.places[*symbol as usize * blocks + place / BITS] |= 1 << (place % BITS);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{EditCounts, align};
    use super::*;

    proptest! {
        #[test]
        fn equals_the_cost_of_the_alignment(
            a in prop::collection::vec(0_u32..5, 0..260),
            b in prop::collection::vec(0_u32..5, 0..260),
        ) {
            let counts: EditCounts = align(&a, &b).into_iter().collect();
            let mut distance = Distance::default();
            prop_assert_eq!(distance.between(&a, &b), counts.errors());
            // The work space of one pair must not leak into the next.
            prop_assert_eq!(distance.between(&b, &a), counts.errors());
        }
    }

    #[test]
    fn block_edges_are_counted() {
        let mut distance = Distance::default();
        for length in [1, 63, 64, 65, 127, 128, 129] {
            let reference: Vec<u32> = (0..length).collect();
            let backwards: Vec<u32> = (0..length).rev().collect();
            let counts: EditCounts = align(&reference, &backwards).into_iter().collect();
            assert_eq!(distance.between(&reference, &backwards), counts.errors(), "{length}");
            assert_eq!(distance.between(&reference, &[]), u64::from(length));
        }
    }
}
