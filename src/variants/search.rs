//! The likeliest sentences that a lattice holds.

use super::{
    lattice::{Arc, Numbered, Words, arcs},
    options::Options,
};
use crate::{
    ngram::{NgramModel, Vocabulary},
    normalize::WordMap,
};

/// Beginnings that are kept at each place.
const BEAM: usize = 30;

/// Sentences that each hypothesis gives.
const BEST: usize = 20;

/// What a nat of the n-gram model weighs against one of the options.
const LANGUAGE: f64 = 0.3;

/// What each word earns, in nats: both models favour few words.
const WORD: f64 = 0.3;

/// Nats of the n-gram model taken from each word that it does not know.
const UNKNOWN: f64 = 3.0;

/// A sentence and the log-probability of the arcs that lead to it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) text: String,
    pub(super) channel: f64,
}

/// A beginning of a sentence.
#[derive(Debug, Clone, Default)]
struct Partial {
    words: Vec<u32>,
    channel: f64,
    language: f64,
}

impl Partial {
    fn score(&self) -> f64 {
        self.channel + LANGUAGE * self.language + WORD * self.words.len() as f64
    }
}

/// Searches hypotheses.
pub(super) struct Search<'a> {
    options: &'a Options,
    language: &'a NgramModel,
    /// The n-gram model's number of each word that the options know.
    numbers: &'a [u32],
}

impl<'a> Search<'a> {
    /// `numbers` are those of [`Search::numbers`].
    pub(super) fn new(options: &'a Options, language: &'a NgramModel, numbers: &'a [u32]) -> Self {
        Self { options, language, numbers }
    }

    /// The n-gram model's number of each word that the options know.
    pub(super) fn numbers(options: &Options, language: &NgramModel) -> Vec<u32> {
        let known = language.vocabulary();
        let all = 0..options.vocabulary.end();
        all.map(|number| known.number(options.vocabulary.word(number))).collect()
    }

    /// For each hypothesis of a list the best sentences, the best first. A hypothesis without
    /// words gives none.
    pub(super) fn all(&self, list: &[(&'a str, f64)]) -> Vec<Vec<Found>> {
        let mut words = Words::new(&self.options.vocabulary);
        let numbered: Vec<Numbered> = list
            .iter()
            .map(|(text, belief)| Numbered {
                words: text.split_whitespace().map(|word| words.number(word)).collect(),
                belief: *belief,
            })
            .collect();
        let each = 0..numbered.len();
        each.map(|which| {
            let found = self.through(&arcs(&numbered, which, self.options, &words));
            let texts = found.into_iter();
            texts.map(|one| Found { text: words.text(&one.words), channel: one.channel }).collect()
        })
        .collect()
    }

    fn through(&self, arcs: &[Vec<Arc>]) -> Vec<Partial> {
        let mut places: Vec<WordMap<Vec<u32>, Partial>> = vec![WordMap::default(); arcs.len() + 1];
        places[0].insert(Vec::new(), Partial::default());
        for (place, from_here) in arcs.iter().enumerate() {
            for partial in best(std::mem::take(&mut places[place]), BEAM) {
                for arc in from_here {
                    let next = self.extended(&partial, arc);
                    let known = places[arc.end].get_mut(&next.words);
                    match known {
                        Some(known) if known.channel >= next.channel => {}
                        Some(known) => *known = next,
                        None => {
                            places[arc.end].insert(next.words.clone(), next);
                        }
                    }
                }
            }
        }
        let mut last = places.pop().unwrap_or_default();
        if arcs.is_empty() {
            last.clear();
        }
        for partial in last.values_mut() {
            partial.language += self.word(&partial.words, Vocabulary::END);
        }
        best(last, BEST)
    }

    fn extended(&self, partial: &Partial, arc: &Arc) -> Partial {
        let mut next = partial.clone();
        next.channel += arc.cost;
        for word in &arc.words {
            let number = self.number(*word);
            if number == Vocabulary::UNKNOWN {
                next.language -= UNKNOWN;
            }
            next.language += self.word(&next.words, number);
            next.words.push(*word);
        }
        next
    }

    fn number(&self, word: u32) -> u32 {
        self.numbers.get(word as usize).copied().unwrap_or(Vocabulary::UNKNOWN)
    }

    /// Natural log-probability of a word of the n-gram model after words of the list.
    fn word(&self, before: &[u32], number: u32) -> f64 {
        let mut history = [Vocabulary::START; crate::ngram::MAX_ORDER];
        let wanted = self.language.order() - 1;
        let recent = &before[before.len().saturating_sub(wanted)..];
        for (slot, word) in history[..wanted].iter_mut().rev().zip(recent.iter().rev()) {
            *slot = self.number(*word);
        }
        self.language.probability(&history[..wanted], number).ln()
    }
}

/// The best, the best first; equal ones in the order of their words.
fn best(partials: WordMap<Vec<u32>, Partial>, count: usize) -> Vec<Partial> {
    let mut all: Vec<(f64, Partial)> =
        partials.into_values().map(|partial| (partial.score(), partial)).collect();
    all.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.words.cmp(&b.1.words)));
    all.truncate(count);
    all.into_iter().map(|(_, partial)| partial).collect()
}
