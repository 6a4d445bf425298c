//! Which phrases become rules.

use serde::{Deserialize, Serialize};

use super::{Evidence, Pair, RewriteTable, Rule, evidence::Choice};
use crate::{normalize::WordMap, score::Distance};

/// How a table is learned. The default suits a few thousand pairs of one domain.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RewriteSettings {
    /// How many hypotheses of each list teach, the 1-best first. With 0 the table is empty.
    pub hypotheses: usize,
    /// Most words of a phrase as the recogniser writes it. With 0 the table is empty.
    pub max_words: usize,
    /// Most of them that are only there to be sure of the place: correct words around a
    /// run of errors. A place where only words are missing has one in any case.
    pub context_words: usize,
    /// Least occurrences that a rule must put right.
    pub min_hits: u32,
    /// Least word errors saved for each occurrence, above what shorter rules save: from 0
    /// (whatever saves anything) to several (only what mends whole phrases).
    pub min_gain: f64,
    /// Occurrences without gain that are taken to have been missed, at least 0. What was
    /// seen once counts for less than what always held.
    pub discount: f64,
}

impl Default for RewriteSettings {
    fn default() -> Self {
        Self {
            hypotheses: 2,
            max_words: 7,
            context_words: 1,
            min_hits: 1,
            min_gain: 0.4,
            discount: 2.0,
        }
    }
}

impl RewriteSettings {
    /// Settings to choose from, the most careful first.
    #[must_use]
    pub fn candidates() -> Vec<Self> {
        let careful = [(5, 0.7, 2.0), (3, 0.6, 1.0), (2, 0.4, 3.0), (2, 0.4, 1.0)];
        let trusting = [(1, 0.6, 3.0), (1, 0.45, 3.0), (1, 0.4, 2.0), (1, 0.4, 1.5)];
        let all =
            [1, 2].into_iter().flat_map(|hypotheses| {
                careful.into_iter().chain(trusting).map(move |(min_hits, min_gain, discount)| {
                    Self { hypotheses, min_hits, min_gain, discount, ..Self::default() }
                })
            });
        all.collect()
    }
}

/// Learns a table from hypotheses with references. No pairs, or none with an error, give
/// the empty table.
#[must_use]
pub fn learn(pairs: &[Pair<'_>], settings: &RewriteSettings) -> RewriteTable {
    Evidence::for_settings(pairs, settings).table(settings)
}

impl Evidence {
    /// The evidence that these settings need. Others that differ only in `min_hits`,
    /// `min_gain` and `discount` need the same.
    #[must_use]
    pub fn for_settings(pairs: &[Pair<'_>], settings: &RewriteSettings) -> Self {
        let teach = pairs.iter().filter(|pair| pair.rank < settings.hypotheses);
        let teach: Vec<Pair<'_>> = teach.copied().collect();
        Self::collect(&teach, settings.max_words, settings.context_words)
    }

    /// The table under these settings, of the phrases that the evidence was collected for.
    #[must_use]
    pub fn table(&self, settings: &RewriteSettings) -> RewriteTable {
        let mut kept: WordMap<&[u32], &[u32]> = WordMap::default();
        let mut rules = Vec::new();
        let mut distance = Distance::default();
        for entry in &self.entries {
            let now = apply(&kept, &entry.from);
            if entry.choices.len() == 1 && now == entry.from {
                continue;
            }
            let known = entry.choices.iter().find(|choice| choice.to == now);
            let errors = known.map_or_else(
                || self.outcome(&entry.places, &entry.from, &now, &mut distance).1,
                |choice| choice.errors,
            );
            let seen = entry.places.len();
            let is_worth_it = |choice: &&Choice| {
                let saved = errors.saturating_sub(choice.errors) as f64;
                saved > 0.0
                    && choice.hits >= settings.min_hits
                    && saved >= settings.min_gain * (seen as f64 + settings.discount)
            };
            let worthy = entry.choices.iter().filter(is_worth_it);
            // The first of equals is the least phrase: no chance is in it.
            if let Some(best) = worthy.min_by_key(|one| (one.errors, u32::MAX - one.hits)) {
                kept.insert(&entry.from, &best.to);
                rules.push(Rule {
                    from: self.text(&entry.from),
                    to: self.text(&best.to),
                    hits: best.hits,
                    seen: u32::try_from(seen).unwrap_or(u32::MAX),
                });
            }
        }
        RewriteTable::new(rules)
    }
}

/// What the rules kept so far make of a phrase, as [`RewriteTable::rewrite`] would.
fn apply(kept: &WordMap<&[u32], &[u32]>, phrase: &[u32]) -> Vec<u32> {
    let mut written = Vec::with_capacity(phrase.len());
    let mut at = 0;
    while at < phrase.len() {
        let longest =
            (at + 1..=phrase.len()).rev().find_map(|end| Some((end, *kept.get(&phrase[at..end])?)));
        match longest {
            Some((end, to)) => {
                written.extend_from_slice(to);
                at = end;
            }
            None => {
                written.push(phrase[at]);
                at += 1;
            }
        }
    }
    written
}
