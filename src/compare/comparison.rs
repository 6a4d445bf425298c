//! Adds utterances up into a comparison.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::compared::{Against, Compared, Flip, Slice, System};
use super::errors::Errors;
use super::names::Names;
use super::pair::PairSums;
use super::sums::{Resampled, Sums, percent};
use super::text::{Reference, Text};
use crate::score::{EditCounts, Rule, bootstrap, holm};

/// One utterance to compare.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// Its id, for the lists of utterances.
    pub id: &'a str,
    /// What was said; without it the utterance is only counted.
    pub reference: Option<&'a str>,
    /// What the recogniser wrote.
    pub one_best: &'a str,
    /// The text of each system, in their order. With fewer texts than systems the utterance
    /// is only counted; what is beyond them is passed over.
    pub texts: &'a [&'a str],
    /// What it is shown with (speaker, recording), where that is known.
    pub group: Option<&'a str>,
    /// Utterances with the same key are resampled together (speaker, sentence).
    pub resampling_key: &'a str,
}

/// How much is shown at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Utterances in each list of changes.
    pub utterances: usize,
    /// Groups of each compared system.
    pub groups: usize,
}

impl Default for Limits {
    /// Ten of each.
    fn default() -> Self {
        Self { utterances: 10, groups: 10 }
    }
}

/// References of fewer words than the number are in this slice, if in none before.
const LENGTHS: [(u64, &str); 4] = [(5, "0-4"), (10, "5-9"), (20, "10-19"), (u64::MAX, "20+")];

/// Collects two or more systems' texts, one utterance at a time.
///
/// Keeps the texts of the few utterances that it shows, sums for each group, and for each
/// resampling key four bytes a system and one hash; nothing else grows with the corpus.
///
/// ```
/// use gec::compare::{Comparison, Item, Limits};
/// use gec::score::Rule;
///
/// let mut comparison = Comparison::new(Rule::default(), ["1best", "mbr"], Limits::default());
/// comparison.add(&Item {
///     id: "1",
///     reference: Some("show me flights"),
///     one_best: "show me fights",
///     texts: &["show me fights", "show me flights"],
///     group: None,
///     resampling_key: "speaker 1",
/// });
/// let compared = comparison.finish();
/// assert_eq!(compared.against[0].flips.became_right.count, 1);
/// ```
#[derive(Debug)]
pub struct Comparison {
    rule: Rule,
    names: Vec<String>,
    limits: Limits,
    utterances: u64,
    compared: u64,
    incomplete: u64,
    cased: u64,
    one_best: EditCounts,
    systems: Vec<EditCounts>,
    lengths: [Sums; LENGTHS.len()],
    groups: BTreeMap<String, Sums>,
    resampled: Resampled,
    pairs: Vec<PairSums>,
}

impl Comparison {
    /// A comparison of these systems that has seen nothing. The first is what the others are
    /// compared with.
    pub fn new<N: Into<String>>(
        rule: Rule,
        names: impl IntoIterator<Item = N>,
        limits: Limits,
    ) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        Self {
            rule,
            limits,
            utterances: 0,
            compared: 0,
            incomplete: 0,
            cased: 0,
            one_best: EditCounts::default(),
            systems: vec![EditCounts::default(); names.len()],
            lengths: Default::default(),
            groups: BTreeMap::new(),
            resampled: Resampled::default(),
            pairs: names.iter().skip(1).map(|_| PairSums::new(limits.utterances)).collect(),
            names,
        }
    }

    /// Adds one utterance.
    pub fn add(&mut self, item: &Item<'_>) {
        self.utterances += 1;
        let Some(raw_reference) = item.reference else { return };
        let Some(texts) = item.texts.get(..self.names.len()) else {
            self.incomplete += 1;
            return;
        };
        self.compared += 1;
        let normalize = |text| self.rule.normalizer.normalize(text);
        let reference = normalize(raw_reference);
        let normal: Vec<Cow<'_, str>> = texts.iter().map(|text| normalize(text)).collect();
        let one_best = normalize(item.one_best);
        let reference =
            Reference { text: &reference, words: reference.split_whitespace().collect() };
        let align = |text| Text::new(&reference, text, self.rule.merge_compounds);
        self.one_best += align(&one_best).counts;
        let texts: Vec<Text<'_>> = normal.iter().map(|text| align(text)).collect();
        let words = &reference.words;

        let names = Names::of(raw_reference, &self.rule);
        self.cased += u64::from(names.cased);
        let errors: Vec<u64> = texts.iter().map(|text| text.counts.errors()).collect();
        self.systems.iter_mut().zip(&texts).for_each(|(sum, text)| *sum += text.counts);
        let length = words.len() as u64;
        let slice = LENGTHS.iter().position(|(below, _)| length < *below).unwrap_or(0);
        self.lengths[slice].add(length, &errors);
        if let Some(group) = item.group {
            match self.groups.get_mut(group) {
                Some(sums) => sums.add(length, &errors),
                None => self.groups.entry(group.to_owned()).or_default().add(length, &errors),
            }
        }
        self.resampled.add(item.resampling_key, length, &errors);

        let Some((first, others)) = texts.split_first() else { return };
        let mut first_errors = None;
        for ((pair, text), raw) in self.pairs.iter_mut().zip(others).zip(item.texts.iter().skip(1))
        {
            pair.matched.add(&first.ops, &text.ops);
            if first.words == text.words {
                continue;
            }
            let before =
                first_errors.get_or_insert_with(|| Errors::of(words, &first.words, &names));
            pair.classes(before, &Errors::of(words, &text.words, &names));
            let [before, after] = [first, text].map(|text| text.counts.errors());
            pair.flip(before, after, || Flip {
                id: item.id.to_owned(),
                reference: raw_reference.to_owned(),
                one_best: item.one_best.to_owned(),
                first: item.texts.first().map_or("", |text| text).to_owned(),
                second: (*raw).to_owned(),
                first_errors: before,
                second_errors: after,
            });
        }
    }

    /// The answer, with intervals and tests.
    #[must_use]
    pub fn finish(self) -> Compared {
        let words = self.one_best.reference_units();
        let systems: Vec<System> = self
            .names
            .iter()
            .zip(&self.systems)
            .map(|(name, counts)| system(name, counts, words))
            .collect();
        let count = systems.len();
        let lengths = LENGTHS
            .iter()
            .zip(&self.lengths)
            .map(|((_, name), sums)| sums.slice(name, count))
            .collect();
        let mut against: Vec<Against> = (1..)
            .zip(self.pairs)
            .filter_map(|(number, pair)| {
                let (first, second) = (systems.first()?, systems.get(number)?);
                let bounds = bootstrap(
                    &self.resampled.against(number, count),
                    self.rule.resamples,
                    self.rule.seed,
                );
                let more = second.errors as f64 - first.errors as f64;
                Some(Against {
                    first: first.name.clone(),
                    second: second.name.clone(),
                    difference: percent(more, words),
                    low: bounds.map(|bounds| 100.0 * bounds.difference.low),
                    high: bounds.map(|bounds| 100.0 * bounds.difference.high),
                    bootstrap_p: bounds.map(|bounds| bounds.p_value),
                    real: bounds.is_some_and(|bounds| bounds.real),
                    matched: pair.matched.finish(),
                    holm_p: None,
                    classes: pair.changes(),
                    flips: pair.flips(),
                    groups: largest(&self.groups, number, count, self.limits.groups),
                })
            })
            .collect();
        if against.len() > 1 {
            let p_values: Vec<f64> = against.iter().map(|pair| pair.matched.p_value).collect();
            for (pair, corrected) in against.iter_mut().zip(holm(&p_values)) {
                pair.holm_p = Some(corrected);
            }
        }
        Compared {
            rule: self.rule.to_string(),
            utterances: self.utterances,
            compared: self.compared,
            incomplete: self.incomplete,
            cased: self.cased,
            words,
            one_best: system("1-best", &self.one_best, words),
            systems,
            lengths,
            against,
        }
    }
}

fn system(name: &str, counts: &EditCounts, words: u64) -> System {
    System {
        name: name.to_owned(),
        errors: counts.errors(),
        wer: percent(counts.errors() as f64, words),
        substitutions: counts.substitutions,
        deletions: counts.deletions,
        insertions: counts.insertions,
    }
}

/// The groups in which a system differs most from the first; none where it differs in none.
fn largest(
    groups: &BTreeMap<String, Sums>,
    system: usize,
    systems: usize,
    most: usize,
) -> Vec<Slice> {
    let mut order: Vec<(&String, &Sums)> =
        groups.iter().filter(|(_, sums)| sums.apart(system) > 0).collect();
    order.sort_by_key(|(_, sums)| Reverse(sums.apart(system)));
    order.into_iter().take(most).map(|(name, sums)| sums.slice(name, systems)).collect()
}
