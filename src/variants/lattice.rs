//! The ways through a hypothesis.

use super::options::{Options, blocks};
use crate::ngram::Vocabulary;

/// Log-probability of a word as it stands that no hypothesis had in training.
const UNSEEN: f64 = -2.0;

/// Log-probability of taking from another hypothesis what it has in a place, beside how much
/// less probable that hypothesis is.
const OTHER: f64 = -2.0;

/// Log-probability that such a word is spelled in letters, which references write apart.
const SPELLED: f64 = -2.0;

/// The longest word that may be spelled in letters.
const MOST_LETTERS: usize = 5;

/// A way from one place of a hypothesis to a later one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Arc {
    pub(super) end: usize,
    pub(super) words: Vec<u32>,
    /// Natural log-probability.
    pub(super) cost: f64,
}

/// Words of one list: those that the options know by their numbers, others behind them.
pub(super) struct Words<'a> {
    known: &'a Vocabulary,
    others: Vec<&'a str>,
}

impl<'a> Words<'a> {
    pub(super) fn new(known: &'a Vocabulary) -> Self {
        Self { known, others: Vec::new() }
    }

    pub(super) fn number(&mut self, word: &'a str) -> u32 {
        let number = self.known.number(word);
        if number != Vocabulary::UNKNOWN {
            return number;
        }
        let place = self.others.iter().position(|other| *other == word).unwrap_or_else(|| {
            self.others.push(word);
            self.others.len() - 1
        });
        u32::try_from(place).map_or(u32::MAX, |place| self.known.end().saturating_add(place))
    }

    /// The letters of a word that is not known, if each is a known word.
    fn letters(&self, number: u32) -> Option<Vec<u32>> {
        let place = number.checked_sub(self.known.end())?;
        let word = self.others.get(place as usize)?;
        let mut buffer = [0; 4];
        let letters = word.chars().map(|letter| self.known.number(letter.encode_utf8(&mut buffer)));
        let letters: Vec<u32> = letters.take(MOST_LETTERS + 1).collect();
        let are_known = letters.iter().all(|letter| *letter != Vocabulary::UNKNOWN);
        (are_known && (2..=MOST_LETTERS).contains(&letters.len())).then_some(letters)
    }

    pub(super) fn text(&self, numbers: &[u32]) -> String {
        let word = |number: &u32| match number.checked_sub(self.known.end()) {
            Some(place) => self.others.get(place as usize).copied().unwrap_or(""),
            None => self.known.word(*number),
        };
        numbers.iter().map(word).collect::<Vec<_>>().join(" ")
    }
}

/// A hypothesis as numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Numbered {
    pub(super) words: Vec<u32>,
    /// Natural log-probability in the list.
    pub(super) belief: f64,
}

/// For each place of a hypothesis the arcs that begin there.
pub(super) fn arcs(
    list: &[Numbered],
    which: usize,
    options: &Options,
    known: &Words<'_>,
) -> Vec<Vec<Arc>> {
    let hypothesis = &list[which];
    let words = &hypothesis.words;
    let mut arcs: Vec<Vec<Arc>> = vec![Vec::new(); words.len()];
    for (start, here) in arcs.iter_mut().enumerate() {
        for end in start + 1..=words.len().min(start + options.longest) {
            for way in options.ways.get(&words[start..end]).into_iter().flatten() {
                here.push(Arc { end, words: way.to.clone(), cost: way.cost });
            }
        }
        if !options.ways.contains_key(&words[start..=start]) {
            let end = start + 1;
            here.push(Arc { end, words: vec![words[start]], cost: UNSEEN });
            if let Some(words) = known.letters(words[start]) {
                here.push(Arc { end, words, cost: SPELLED });
            }
        }
    }
    let others = list.iter().enumerate().filter(|(place, _)| *place != which);
    for (_, other) in others {
        let cost = OTHER + (other.belief - hypothesis.belief).min(0.0);
        for (hypothesis, there) in differences(words, &other.words) {
            let arc = Arc { end: hypothesis.end, words: other.words[there].to_vec(), cost };
            arcs[hypothesis.start].push(arc);
        }
    }
    arcs
}

type Ranges = (std::ops::Range<usize>, std::ops::Range<usize>);

/// Where two hypotheses differ; where words are only missing from the first, with the word
/// before that place or else the one after it.
fn differences(words: &[u32], other: &[u32]) -> Vec<Ranges> {
    let blocks = blocks(words, other);
    let mut differences = Vec::new();
    for (place, block) in blocks.iter().enumerate().filter(|(_, block)| !block.is_equal) {
        let (mut here, mut there) = (block.hypothesis.clone(), block.reference.clone());
        if here.is_empty() {
            if let Some(before) = place.checked_sub(1).and_then(|before| blocks.get(before)) {
                (here.start, there.start) = (before.hypothesis.start, before.reference.start);
            } else if let Some(after) = blocks.get(place + 1) {
                (here.end, there.end) = (after.hypothesis.end, after.reference.end);
            }
        }
        if !here.is_empty() {
            differences.push((here, there));
        }
    }
    differences
}
