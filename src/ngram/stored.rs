//! The compact form of models in a profile.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    MAX_ORDER, NgramModel, Vocabulary,
    counts::{Counts, Gram, merged},
    vocabulary::FIRST,
};

/// Version of the stored form. It changes when a stored model would give other probabilities.
const VERSION: u32 = 1;

/// Why a stored model cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredError {
    /// It was written by another version of the program.
    Version(u32),
    /// It is not what was written.
    Damaged,
}

impl fmt::Display for StoredError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => {
                write!(f, "an n-gram model of version {version}; this program reads {VERSION}")
            }
            Self::Damaged => f.write_str("a damaged n-gram model"),
        }
    }
}

impl std::error::Error for StoredError {}

/// Counts of sorted n-grams as one row of numbers: for each how many words it shares with the
/// one before, its other words, and how often it was seen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Stored {
    version: u32,
    order: usize,
    words: Vocabulary,
    #[serde(with = "super::row")]
    grams: Vec<u32>,
}

impl From<NgramModel> for Stored {
    fn from(model: NgramModel) -> Self {
        let NgramModel { vocabulary, counts, .. } = model;
        Self { version: VERSION, order: counts.order, words: vocabulary, grams: pack(&counts) }
    }
}

impl TryFrom<Stored> for NgramModel {
    type Error = StoredError;

    fn try_from(stored: Stored) -> Result<Self, StoredError> {
        let Stored { version, order, words, grams } = stored;
        if version != VERSION {
            return Err(StoredError::Version(version));
        }
        let counts = unpack(&grams, order, words.len()).ok_or(StoredError::Damaged)?;
        Ok(Self::new(words, counts))
    }
}

pub(super) fn pack(counts: &Counts) -> Vec<u32> {
    let mut row = Vec::new();
    let mut before: &[u32] = &[];
    for (gram, count) in &counts.grams {
        let gram = &gram[..counts.order];
        let shared = gram.iter().zip(before).take_while(|(a, b)| a == b).count();
        row.extend(u32::try_from(shared));
        row.extend_from_slice(&gram[shared..]);
        row.push(*count);
        before = gram;
    }
    row
}

/// `None` where the row cannot have been written for this order and number of words.
pub(super) fn unpack(row: &[u32], order: usize, words: usize) -> Option<Counts> {
    let end = u32::try_from(words).ok()?.checked_add(FIRST)?;
    let mut grams = Vec::new();
    let mut gram: Gram = [0; MAX_ORDER];
    let mut rest = row;
    if !(1..=MAX_ORDER).contains(&order) {
        return None;
    }
    while let Some((shared, after)) = rest.split_first() {
        let new = order.checked_sub(*shared as usize)?;
        let (numbers, after) = after.split_at_checked(new)?;
        let (count, after) = after.split_first()?;
        gram[order - new..order].copy_from_slice(numbers);
        if *count == 0
            || gram.iter().any(|word| *word >= end)
            || gram[order - 1] == Vocabulary::START
        {
            return None;
        }
        grams.push((gram, *count));
        rest = after;
    }
    Some(Counts { order, grams: merged(grams) })
}
