//! How genomes are changed and mixed.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::blocks::{BlockKind, Start};
use super::genome::{Genome, Part};
use super::sentences::Sentence;
use super::settings::{Settings, SettingsSpace};
use super::variants::Variants;

/// How much likelier an instruction is changed than another block: it has many more forms.
const INSTRUCTION_WEIGHT: usize = 3;

/// What new genomes are made of.
#[derive(Clone, Copy)]
pub(super) struct Operators<'s> {
    pub starts: &'s [Start],
    pub variants: &'s Variants,
    pub space: &'s SettingsSpace,
}

/// One of some values; `None` where there are none.
pub(super) fn pick<'v, T>(rng: &mut ChaCha8Rng, values: &'v [T]) -> Option<&'v T> {
    if values.is_empty() { None } else { values.get(rng.random_range(0..values.len())) }
}

impl<'s> Operators<'s> {
    /// A child with the skeleton of the first parent. Each block is taken from either parent
    /// (uniform crossover); an instruction begins as the first parent's and goes on as the
    /// second's, without saying anything twice (one-point crossover); each setting is taken
    /// from either. Blocks are not taken from a template that asks for another output.
    pub(super) fn recombine(
        &self,
        rng: &mut ChaCha8Rng,
        first: &Genome<'s>,
        second: &Genome<'s>,
    ) -> Genome<'s> {
        let mut child = first.clone();
        if first.start.header.output == second.start.header.output {
            let kinds: Vec<BlockKind> = first.start.kinds().collect();
            for (at, kind) in kinds.iter().enumerate() {
                let nth = kinds[..at].iter().filter(|other| *other == kind).count();
                let mut alike = second.blocks().filter(|(other, _)| other == kind);
                let Some((_, other)) = alike.nth(nth) else { continue };
                match (&mut child.parts[at], other) {
                    (Part::Sentences(own), Part::Sentences(other)) => cross(rng, own, other),
                    (own, other) if rng.random_bool(0.5) => *own = other.clone(),
                    _ => {}
                }
            }
            say_nothing_twice(&mut child);
        }
        let Settings { examples, selection, hypotheses } = &second.settings;
        if rng.random_bool(0.5) && child.shows_examples() && second.shows_examples() {
            child.settings.examples = *examples;
        }
        if rng.random_bool(0.5) {
            child.settings.selection = *selection;
        }
        if rng.random_bool(0.5) {
            child.settings.hypotheses = *hypotheses;
        }
        child
    }

    /// Makes one small change: in one block, or to one setting. Returns whether there was
    /// something to change in the place that was drawn.
    pub(super) fn mutate(&self, rng: &mut ChaCha8Rng, genome: &mut Genome<'s>) -> bool {
        let mut places = vec![genome.parts.len()];
        for (at, part) in genome.parts.iter().enumerate() {
            let weight = if matches!(part, Part::Sentences(_)) { INSTRUCTION_WEIGHT } else { 1 };
            places.extend(std::iter::repeat_n(at, weight));
        }
        let Some(&place) = pick(rng, &places) else { return false };
        match genome.parts.get(place) {
            None => self.mutate_settings(rng, genome),
            Some(Part::Text(text)) => {
                let Some(kind) = genome.start.kinds().nth(place) else { return false };
                let others = self.texts(kind, genome, text);
                let chosen = pick(rng, &others).map(|text| Part::Text((*text).to_owned()));
                chosen.map(|part| genome.parts[place] = part).is_some()
            }
            Some(Part::Sentences(_)) => self.mutate_sentences(rng, genome, place),
        }
    }

    /// Other texts for a block: variants, and what the starting templates have there.
    fn texts(&self, kind: BlockKind, genome: &Genome<'s>, own: &str) -> Vec<&'s str> {
        let output = genome.start.header.output;
        let mut found: Vec<&str> = self.variants.blocks(kind, output).collect();
        for start in self.starts.iter().filter(|start| start.header.output == output) {
            for (_, part) in start.kinds().zip(&start.parts).filter(|(other, _)| *other == kind) {
                match part {
                    Part::Text(text) if !found.contains(&text.as_str()) => found.push(text),
                    _ => {}
                }
            }
        }
        found.retain(|text| *text != own);
        found
    }

    fn mutate_sentences(
        &self,
        rng: &mut ChaCha8Rng,
        genome: &mut Genome<'s>,
        place: usize,
    ) -> bool {
        let new = self.new_sentence(rng, genome);
        let Some(Part::Sentences(sentences)) = genome.parts.get_mut(place) else { return false };
        let many = sentences.len();
        match rng.random_range(0..4) {
            0 => {
                let Some(sentence) = (many > 0).then(|| rng.random_range(0..many)) else {
                    return false;
                };
                let wordings = self.variants.rewordings(&sentences[sentence]);
                let chosen = pick(rng, &wordings);
                chosen.map(|wording| sentences[sentence].text = (*wording).to_owned()).is_some()
            }
            1 if many > 1 => {
                sentences.remove(rng.random_range(0..many));
                true
            }
            2 if many > 1 => {
                let moved = sentences.remove(rng.random_range(0..many));
                sentences.insert(rng.random_range(0..many), moved);
                true
            }
            3 => {
                let at = rng.random_range(0..=many);
                new.map(|sentence| sentences.insert(at, sentence)).is_some()
            }
            _ => false,
        }
    }

    /// A sentence about something that the genome does not speak of yet.
    fn new_sentence(&self, rng: &mut ChaCha8Rng, genome: &Genome<'s>) -> Option<Sentence> {
        let there = |name: &str| genome.sentences().any(|one| one.topic.as_deref() == Some(name));
        let topics = self.variants.topics(genome.start.header.output);
        let missing: Vec<_> = topics.filter(|topic| !there(&topic.name)).collect();
        let topic = pick(rng, &missing)?;
        let text = pick(rng, &topic.wordings)?.clone();
        Some(Sentence { before: " ".to_owned(), text, topic: Some(topic.name.clone()) })
    }

    fn mutate_settings(&self, rng: &mut ChaCha8Rng, genome: &mut Genome<'s>) -> bool {
        let shows_examples = genome.shows_examples();
        let Settings { examples, selection, hypotheses } = &mut genome.settings;
        match rng.random_range(0..3) {
            0 if shows_examples => change(rng, examples, &self.space.examples),
            1 if shows_examples => change(rng, selection, &self.space.selections),
            2 => change(rng, hypotheses, &self.space.hypotheses),
            _ => false,
        }
    }
}

/// Another value of some, where there is one.
fn change<T: Copy + PartialEq>(rng: &mut ChaCha8Rng, value: &mut T, values: &[T]) -> bool {
    let others: Vec<T> = values.iter().copied().filter(|other| other != value).collect();
    pick(rng, &others).map(|other| *value = *other).is_some()
}

/// Replaces the end of an instruction by the end of another, cut at the same share of it.
/// An instruction never becomes empty that was not.
fn cross(rng: &mut ChaCha8Rng, own: &mut Vec<Sentence>, other: &[Sentence]) {
    let cut = rng.random_range(0..=own.len());
    let from = (cut * other.len()).checked_div(own.len()).unwrap_or(0);
    let end = &other[from.min(other.len())..];
    if cut + end.len() > 0 {
        own.truncate(cut);
        own.extend_from_slice(end);
    }
}

/// Drops sentences whose text or topic has been there before in the genome, but none that is
/// the last of its block.
fn say_nothing_twice(genome: &mut Genome<'_>) {
    let mut said: Vec<Sentence> = Vec::new();
    for part in &mut genome.parts {
        let Part::Sentences(sentences) = part else { continue };
        let mut left = sentences.len();
        sentences.retain(|one| {
            let again = said.iter().any(|other| {
                other.text == one.text || other.topic.is_some() && other.topic == one.topic
            });
            if again && left > 1 {
                left -= 1;
                return false;
            }
            said.push(one.clone());
            true
        });
    }
}
