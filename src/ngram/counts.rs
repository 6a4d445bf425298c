//! How often each n-gram of the highest order occurs.

use super::{MAX_ORDER, Vocabulary};

/// An n-gram from its oldest word, padded behind with zeros.
pub(super) type Gram = [u32; MAX_ORDER];

/// The n-grams of the highest order in sentences that begin with order - 1 times
/// [`Vocabulary::START`] and end with [`Vocabulary::END`]. All lower orders follow from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) order: usize,
    /// Sorted, each once.
    pub(super) grams: Vec<(Gram, u32)>,
}

impl Counts {
    pub(super) fn of(sentences: impl IntoIterator<Item = Vec<u32>>, order: usize) -> Self {
        let order = order.clamp(1, MAX_ORDER);
        let mut all = Vec::new();
        for sentence in sentences {
            let mut gram: Gram = [0; MAX_ORDER];
            gram[..order].fill(Vocabulary::START);
            for word in sentence.into_iter().chain([Vocabulary::END]) {
                gram[..order].rotate_left(1);
                gram[order - 1] = word;
                all.push((gram, 1));
            }
        }
        Self { order, grams: merged(all) }
    }

    /// The n-grams one word shorter, each with the number of longer ones that end in it.
    pub(super) fn shortened(grams: &[(Gram, u32)], order: usize) -> Vec<(Gram, u32)> {
        let shorter = grams.iter().map(|(gram, _)| {
            let mut shorter: Gram = [0; MAX_ORDER];
            shorter[..order - 1].copy_from_slice(&gram[1..order]);
            (shorter, 1)
        });
        merged(shorter.collect())
    }
}

/// Sorts and adds up.
pub(super) fn merged(mut grams: Vec<(Gram, u32)>) -> Vec<(Gram, u32)> {
    grams.sort_unstable();
    grams.dedup_by(|later, first| {
        let same = later.0 == first.0;
        if same {
            first.1 = first.1.saturating_add(later.1);
        }
        same
    });
    grams
}
