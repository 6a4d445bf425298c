//! Errors of arms, utterance by utterance, and what can be added up of them.

use std::collections::BTreeMap;

use crate::score::GroupSums;

/// What all arms have in common of one utterance of the sample.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measure {
    /// Words of its normalised reference.
    pub words: u32,
    /// Its group of resampling (speaker, sentence), numbered by the caller.
    pub group: u32,
}

/// Paired sums by group, of as many utterances as all three lists have: `errors` beside those
/// of a baseline.
pub(super) fn paired(utterances: &[Measure], errors: &[u32], baseline: &[u32]) -> Vec<GroupSums> {
    let mut groups: BTreeMap<u32, GroupSums> = BTreeMap::new();
    for ((utterance, &own), &other) in utterances.iter().zip(errors).zip(baseline) {
        let sums = groups.entry(utterance.group).or_default();
        sums.words = sums.words.saturating_add(utterance.words);
        sums.errors = sums.errors.saturating_add(own);
        sums.baseline_errors = sums.baseline_errors.saturating_add(other);
    }
    groups.into_values().collect()
}

/// All errors.
pub(super) fn total(errors: &[u32]) -> u64 {
    errors.iter().copied().map(u64::from).sum()
}

/// Errors per reference word in percent, of as many utterances as have errors counted;
/// `None` without words.
pub(super) fn rate(utterances: &[Measure], errors: &[u32]) -> Option<f64> {
    let words: u64 =
        utterances.iter().zip(errors).map(|(utterance, _)| u64::from(utterance.words)).sum();
    let counted = errors.get(..utterances.len().min(errors.len())).unwrap_or_default();
    (words > 0).then(|| 100.0 * total(counted) as f64 / words as f64)
}
