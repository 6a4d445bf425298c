//! Settings chosen by cross-validation, and whether to have a table at all.

use std::collections::BTreeMap;

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::{Evidence, Pair, RewriteSettings, RewriteTable};
use crate::score::{Distance, Symbols};

/// How far the errors saved must lie above none, in standard errors over groups.
const LEAST_STANDARD_ERRORS: f64 = 1.0;

/// How one candidate did on pairs held out of its learning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// What it was learned with.
    pub settings: RewriteSettings,
    /// Corpus WER of the rewritten 1-best in percent, not normalised.
    pub wer: f64,
    /// Word errors fewer than in the 1-best as it is; negative where there are more.
    pub saved: f64,
    /// Standard error of `saved`, from its spread over groups.
    pub standard_error: f64,
}

/// What a cross-validation found.
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    /// Corpus WER of the 1-best as it is in percent, not normalised; 0 without references.
    pub untouched_wer: f64,
    /// The candidates in the order given.
    pub candidates: Vec<Candidate>,
    /// The candidate that saved most, if that is more than its standard error; the first of
    /// equals. Without one the best table is the empty one.
    pub best: Option<RewriteSettings>,
}

/// Learns from all folds but one and rewrites that one, for every fold and candidate.
///
/// Folds are made of whole groups, dealt out in an order that depends on `seed` alone. At
/// least two are made. Only pairs of rank 0 are measured; all pairs teach.
#[must_use]
pub fn cross_validate(
    pairs: &[Pair<'_>],
    candidates: &[RewriteSettings],
    folds: usize,
    seed: u64,
) -> Validation {
    let folds = folds.max(2);
    let fold_of_group = deal(pairs, folds, seed);
    let fold_of = |pair: &Pair<'_>| fold_of_group.get(pair.group).copied();

    let mut counter = Counter::default();
    let (mut words, mut untouched) = (0.0, 0.0);
    let mut saved: Vec<BTreeMap<&str, f64>> = vec![BTreeMap::new(); candidates.len()];
    for fold in 0..folds {
        let (held_out, training): (Vec<_>, Vec<_>) =
            pairs.iter().partition(|pair| fold_of(pair) == Some(fold));
        let tables = tables(&training, candidates);
        for pair in held_out.iter().filter(|pair| pair.rank == 0) {
            let before = counter.errors(pair.reference, pair.hypothesis);
            words += pair.reference.split_whitespace().count() as f64;
            untouched += before;
            for (table, saved) in tables.iter().zip(&mut saved) {
                let text = table.rewrite(pair.hypothesis);
                if text != pair.hypothesis {
                    let less = before - counter.errors(pair.reference, &text);
                    *saved.entry(pair.group).or_default() += less;
                }
            }
        }
    }

    let percent = |errors: f64| if words > 0.0 { 100.0 * errors / words } else { 0.0 };
    let results = candidates.iter().zip(saved).map(|(settings, by_group)| {
        // The sum of nothing is minus zero, which would be printed.
        let saved = by_group.values().sum::<f64>() + 0.0;
        let squares = by_group.values().map(|one| one * one).sum::<f64>() + 0.0;
        Candidate {
            settings: *settings,
            wer: percent(untouched - saved),
            saved,
            standard_error: squares.sqrt(),
        }
    });
    let candidates: Vec<Candidate> = results.collect();
    let mut best: Option<&Candidate> = None;
    for one in &candidates {
        let is_real = one.saved > LEAST_STANDARD_ERRORS * one.standard_error;
        if is_real && best.is_none_or(|best| one.saved > best.saved) {
            best = Some(one);
        }
    }
    let best = best.map(|one| one.settings);
    Validation { untouched_wer: percent(untouched), candidates, best }
}

/// The table of each candidate. Evidence is collected once for all that need the same.
fn tables(pairs: &[Pair<'_>], candidates: &[RewriteSettings]) -> Vec<RewriteTable> {
    let mut collected: BTreeMap<[usize; 3], Evidence> = BTreeMap::new();
    let tables = candidates.iter().map(|settings| {
        let RewriteSettings { hypotheses, max_words, context_words, .. } = *settings;
        collected
            .entry([hypotheses, max_words, context_words])
            .or_insert_with(|| Evidence::for_settings(pairs, settings))
            .table(settings)
    });
    tables.collect()
}

/// The table learned from all pairs with the settings that five folds choose among
/// [`RewriteSettings::candidates`]: the empty one where none of them helps.
#[must_use]
pub fn learn_validated(pairs: &[Pair<'_>], seed: u64) -> (RewriteTable, Validation) {
    let validation = cross_validate(pairs, &RewriteSettings::candidates(), 5, seed);
    let best = validation.best.as_ref();
    let table = best.map_or_else(RewriteTable::default, |best| super::learn(pairs, best));
    (table, validation)
}

/// The fold of each group.
fn deal<'a>(pairs: &[Pair<'a>], folds: usize, seed: u64) -> BTreeMap<&'a str, usize> {
    let mut groups: Vec<&str> = pairs.iter().map(|pair| pair.group).collect();
    groups.sort_unstable();
    groups.dedup();
    groups.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    groups.into_iter().enumerate().map(|(place, group)| (group, place % folds)).collect()
}

#[derive(Default)]
struct Counter {
    distance: Distance,
}

impl Counter {
    /// Word errors of a text, as a number that sums and squares well.
    fn errors(&mut self, reference: &str, text: &str) -> f64 {
        let mut symbols = Symbols::default();
        let (reference, text) = (symbols.words(reference), symbols.words(text));
        self.distance.between(&reference, &text) as f64
    }
}
