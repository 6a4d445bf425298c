//! What the training pairs say of every phrase, whatever the settings.

use std::collections::BTreeMap;

use super::{Pair, sample::Sample};
use crate::{normalize::WordMap, score::Distance};

/// The least share of its occurrences in which a phrase must become something for that to
/// be considered at all. Below it nearly every use would do harm, and common words would
/// cost most of the time.
const LEAST_SHARE: f64 = 0.05;

/// Where a phrase occurs: the sample and the first word.
type Place = (usize, usize);

/// What a phrase could become.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) to: Vec<u32>,
    /// Occurrences around which no error would remain.
    pub(super) hits: u32,
    /// Word errors that would remain around all occurrences.
    pub(super) errors: u64,
}

/// A phrase that could become a rule.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) from: Vec<u32>,
    pub(super) places: Vec<Place>,
    /// The phrase unchanged, then what references have in its place, in order.
    pub(super) choices: Vec<Choice>,
}

/// Every phrase of the training hypotheses that could become a rule, with what decides
/// whether it does. Collected once, it gives a table for any settings quickly.
#[derive(Debug)]
pub struct Evidence {
    words: Vec<String>,
    samples: Vec<Sample>,
    /// By length, then in order.
    pub(super) entries: Vec<Entry>,
}

impl Evidence {
    /// Aligns all pairs and counts. Phrases have at most `max_words` words, at most
    /// `context_words` of them correct words around the errors.
    pub(super) fn collect(pairs: &[Pair<'_>], max_words: usize, context_words: usize) -> Self {
        let (words, samples) = number(pairs);
        let mut evidence = Self { words, samples, entries: Vec::new() };
        evidence.entries = evidence.entries(max_words, context_words);
        evidence
    }

    fn entries(&self, max_words: usize, context_words: usize) -> Vec<Entry> {
        let mut becomes: WordMap<&[u32], BTreeMap<&[u32], u32>> = WordMap::default();
        for sample in &self.samples {
            for block in sample.phrases(max_words, context_words) {
                let from = &sample.hypothesis[block.hypothesis];
                let to = &sample.reference[block.reference];
                *becomes.entry(from).or_default().entry(to).or_default() += 1;
            }
        }
        let mut places = self.places(max_words, |phrase| becomes.contains_key(phrase));
        becomes.retain(|from, choices| {
            let seen = places.get(from).map_or(0, Vec::len) as f64;
            choices.retain(|_, count| f64::from(*count) > LEAST_SHARE * seen);
            !choices.is_empty()
        });

        // Where a phrase was right as it stood, it and its surroundings may be an exception.
        let mut exceptions: WordMap<&[u32], ()> = WordMap::default();
        for from in becomes.keys() {
            let room = context_words.min(max_words - from.len());
            for (sample, first) in places.get(from).into_iter().flatten() {
                let sample = &self.samples[*sample];
                let end = first + from.len();
                if !sample.is_correct(*first..end) {
                    continue;
                }
                for left in 0..=room.min(*first) {
                    for right in 0..=(room - left).min(sample.hypothesis.len() - end) {
                        let around = &sample.hypothesis[first - left..end + right];
                        if !becomes.contains_key(around) {
                            exceptions.insert(around, ());
                        }
                    }
                }
            }
        }
        for (from, found) in self.places(max_words, |phrase| exceptions.contains_key(phrase)) {
            // What was right once proves no exception.
            if found.len() > 1 {
                places.insert(from, found);
                becomes.insert(from, BTreeMap::new());
            }
        }

        let mut distance = Distance::default();
        let mut entries: Vec<Entry> = becomes
            .into_iter()
            .map(|(from, choices)| {
                let places = places.remove(from).unwrap_or_default();
                let choices = std::iter::once(from).chain(choices.into_keys()).map(|to| {
                    let (hits, errors) = self.outcome(&places, from, to, &mut distance);
                    Choice { to: to.to_vec(), hits, errors }
                });
                let choices = choices.collect();
                Entry { from: from.to_vec(), places, choices }
            })
            .collect();
        entries.sort_by(|a, b| (a.from.len(), &a.from).cmp(&(b.from.len(), &b.from)));
        entries
    }

    /// Where each wanted phrase occurs.
    fn places(
        &self,
        max_words: usize,
        wanted: impl Fn(&[u32]) -> bool,
    ) -> WordMap<&[u32], Vec<Place>> {
        let mut places: WordMap<&[u32], Vec<Place>> = WordMap::default();
        for (index, sample) in self.samples.iter().enumerate() {
            let words = &sample.hypothesis;
            for first in 0..words.len() {
                for end in first + 1..=words.len().min(first.saturating_add(max_words)) {
                    if wanted(&words[first..end]) {
                        places.entry(&words[first..end]).or_default().push((index, first));
                    }
                }
            }
        }
        places
    }

    /// How many occurrences would be put right, and the word errors that would remain around
    /// all of them, if each became `to`.
    pub(super) fn outcome(
        &self,
        places: &[Place],
        from: &[u32],
        to: &[u32],
        distance: &mut Distance,
    ) -> (u32, u64) {
        let (mut hits, mut errors) = (0, 0);
        let mut written = Vec::new();
        let harm = distance.between(from, to);
        for (sample, first) in places {
            let sample = &self.samples[*sample];
            let end = first + from.len();
            let remain = if sample.is_correct(*first..end) {
                harm
            } else {
                let block = sample.around(*first..end);
                written.clear();
                written.extend_from_slice(&sample.hypothesis[block.hypothesis.start..*first]);
                written.extend_from_slice(to);
                written.extend_from_slice(&sample.hypothesis[end..block.hypothesis.end]);
                distance.between(&sample.reference[block.reference], &written)
            };
            hits += u32::from(remain == 0);
            errors += remain;
        }
        (hits, errors)
    }

    /// A phrase in words.
    pub(super) fn text(&self, phrase: &[u32]) -> String {
        let words = phrase.iter().filter_map(|number| self.words.get(*number as usize));
        words.map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// Numbers the words of all pairs, in their own order, so that the order of the pairs
/// decides nothing.
fn number(pairs: &[Pair<'_>]) -> (Vec<String>, Vec<Sample>) {
    let texts = pairs.iter().flat_map(|pair| [pair.hypothesis, pair.reference]);
    let mut words: Vec<&str> = texts.flat_map(str::split_whitespace).collect();
    words.sort_unstable();
    words.dedup();
    let numbers: WordMap<&str, u32> = words.iter().copied().zip(0..).collect();
    let of = |text: &str| {
        let all = text.split_whitespace().filter_map(|word| numbers.get(word).copied());
        all.collect::<Vec<u32>>()
    };
    let samples = pairs.iter().map(|pair| Sample::new(of(pair.hypothesis), of(pair.reference)));
    (words.iter().map(|word| (*word).to_owned()).collect(), samples.collect())
}
