//! What one utterance adds to a row.

use std::borrow::Cow;

use super::alignment::align;
use super::compounds::compound_counts;
use super::distance::Distance;
use super::oracles::{Oracles, oracles};
use super::rule::Rule;
use super::scorer::Item;
use super::symbols::{Characters, Symbols};
use super::wer::EditCounts;

/// Different words in most N-best lists.
const USUAL_WORDS: usize = 56;

/// Buffers that are used again for each utterance.
#[derive(Debug, Default)]
pub(super) struct Work {
    distance: Distance,
    characters: Characters,
    buffers: [Vec<u32>; 2],
}

/// The texts of one utterance, normalised.
pub(super) struct Texts<'a> {
    reference: Cow<'a, str>,
    one_best: Cow<'a, str>,
    /// `None` where it is the 1-best.
    corrected: Option<Cow<'a, str>>,
    /// The other hypotheses; none where the 1-best is right already.
    others: Vec<Cow<'a, str>>,
}

impl<'a> Texts<'a> {
    pub(super) fn new(rule: &Rule, reference: &'a str, one_best: &'a str, item: &Item<'a>) -> Self {
        let normalize = |text| rule.normalizer.normalize(text);
        let reference = normalize(reference);
        let corrected = (item.corrected != one_best).then(|| normalize(item.corrected));
        let one_best = normalize(one_best);
        let others = match item.nbest.get(1..) {
            Some(others) if one_best != reference => {
                others.iter().map(|text| normalize(text)).collect()
            }
            _ => Vec::new(),
        };
        Self { reference, one_best, corrected, others }
    }

    fn corrected(&self) -> &str {
        self.corrected.as_deref().unwrap_or(&self.one_best)
    }
}

/// Errors of one utterance.
pub(super) struct Score {
    /// Of the corrected text, in words.
    pub(super) counts: EditCounts,
    /// Of the 1-best, in words.
    pub(super) baseline_errors: u64,
    /// Of the corrected text, in characters.
    pub(super) character_errors: u64,
    /// Of the reference.
    pub(super) characters: u64,
    pub(super) oracles: Oracles,
}

impl Score {
    pub(super) fn of(texts: &Texts<'_>, merge_compounds: bool, work: &mut Work) -> Self {
        let corrected = texts.corrected();
        let characters = texts.reference.chars().count() as u64;
        if texts.one_best == texts.reference && corrected == texts.reference {
            return Self {
                counts: EditCounts::all_hits(words(corrected).count()),
                baseline_errors: 0,
                character_errors: 0,
                characters,
                oracles: Oracles::default(),
            };
        }

        let mut symbols = Symbols::with_capacity(USUAL_WORDS);
        let mut number = |text| Numbered { text, words: symbols.spaced_words(text) };
        let reference = number(&texts.reference);
        let one_best = number(&texts.one_best);
        let judge = Judge { reference: &reference, merge_compounds };
        let (counts, baseline_errors) = if corrected == texts.one_best {
            let counts = judge.counts(&one_best);
            (counts, counts.errors())
        } else {
            let baseline_errors = judge.errors(&one_best, &mut work.distance);
            (judge.counts(&number(corrected)), baseline_errors)
        };

        let right = texts.others.contains(&texts.reference);
        let oracles = if right || baseline_errors == 0 {
            Oracles::default()
        } else {
            let mut best = baseline_errors;
            let mut list = vec![one_best.words];
            for text in &texts.others {
                let hypothesis = number(text);
                best = best.min(judge.errors(&hypothesis, &mut work.distance));
                list.push(hypothesis.words);
            }
            oracles(&reference.words, &list, best)
        };
        let character_errors = character_errors(&texts.reference, corrected, work);
        Self { counts, baseline_errors, character_errors, characters, oracles }
    }
}

/// The words of a normalised text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(' ').filter(|word| !word.is_empty())
}

fn character_errors(reference: &str, hypothesis: &str, work: &mut Work) -> u64 {
    if reference == hypothesis {
        return 0;
    }
    work.characters.pair(reference, hypothesis, &mut work.buffers);
    work.distance.between(&work.buffers[0], &work.buffers[1])
}

/// A normalised text and the numbers of its words.
struct Numbered<'t> {
    text: &'t str,
    words: Vec<u32>,
}

/// Compares hypotheses with one reference.
struct Judge<'t> {
    reference: &'t Numbered<'t>,
    merge_compounds: bool,
}

impl Judge<'_> {
    fn counts(&self, hypothesis: &Numbered<'_>) -> EditCounts {
        if self.reference.words == hypothesis.words {
            EditCounts::all_hits(self.reference.words.len())
        } else if self.merge_compounds {
            let reference: Vec<&str> = words(self.reference.text).collect();
            let hypothesis: Vec<&str> = words(hypothesis.text).collect();
            compound_counts(&reference, &hypothesis)
        } else {
            align(&self.reference.words, &hypothesis.words).into_iter().collect()
        }
    }

    /// Errors alone, which needs no alignment unless compounds are merged.
    fn errors(&self, hypothesis: &Numbered<'_>, distance: &mut Distance) -> u64 {
        if self.merge_compounds {
            self.counts(hypothesis).errors()
        } else {
            distance.between(&self.reference.words, &hypothesis.words)
        }
    }
}
