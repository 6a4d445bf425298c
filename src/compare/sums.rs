//! Sums over utterances: of slices, and of what is resampled together.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::compared::Slice;
use crate::score::GroupSums;

/// Sums over some utterances.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums {
    utterances: u64,
    words: u64,
    errors: Vec<u64>,
}

impl Sums {
    pub(super) fn add(&mut self, words: u64, errors: &[u64]) {
        self.utterances += 1;
        self.words += words;
        self.errors.resize(errors.len().max(self.errors.len()), 0);
        self.errors.iter_mut().zip(errors).for_each(|(sum, errors)| *sum += errors);
    }

    /// How far the errors of a system are from the first's.
    pub(super) fn apart(&self, system: usize) -> u64 {
        let errors = |system: usize| self.errors.get(system).copied().unwrap_or(0);
        errors(system).abs_diff(errors(0))
    }

    /// As shown, of so many systems.
    pub(super) fn slice(&self, name: &str, systems: usize) -> Slice {
        let mut errors = self.errors.clone();
        errors.resize(systems, 0);
        let wer = errors.iter().map(|errors| percent(*errors as f64, self.words)).collect();
        Slice { name: name.to_owned(), utterances: self.utterances, words: self.words, errors, wer }
    }
}

/// Words and errors of all systems by resampling key: four bytes for each of them.
#[derive(Debug, Default)]
pub(super) struct Resampled {
    places: HashMap<u64, usize>,
    /// For each key in order of arrival, the words and then the errors of each system.
    sums: Vec<u32>,
}

impl Resampled {
    pub(super) fn add(&mut self, key: &str, words: u64, errors: &[u64]) {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let width = errors.len() + 1;
        let place = *self.places.entry(hasher.finish()).or_insert(self.sums.len());
        if place == self.sums.len() {
            self.sums.resize(place + width, 0);
        }
        for (sum, more) in
            self.sums.iter_mut().skip(place).zip(std::iter::once(&words).chain(errors))
        {
            *sum = sum.saturating_add(u32::try_from(*more).unwrap_or(u32::MAX));
        }
    }

    /// A system's sums beside the first's, of so many systems.
    pub(super) fn against(&self, system: usize, systems: usize) -> Vec<GroupSums> {
        let groups = self.sums.chunks(systems + 1).map(|sums| {
            let at = |place: usize| sums.get(place).copied().unwrap_or(0);
            GroupSums { words: at(0), errors: at(system + 1), baseline_errors: at(1) }
        });
        groups.collect()
    }
}

/// In percent, as rows of scores have it.
pub(super) fn percent(sum: f64, per: u64) -> Option<f64> {
    (per > 0).then(|| 100.0 * (sum / per as f64))
}
