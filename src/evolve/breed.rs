//! Children: selected, mixed, changed, checked, and never seen before.

use std::collections::BTreeSet;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::fitness::Candidate;
use super::found::Origin;
use super::genome::{Genome, Part};
use super::operators::{Operators, pick};
use super::sentences::Sentence;

/// How often a child is drawn anew before it is given up.
const ATTEMPTS: usize = 40;

/// Says what is wrong with the text of a template file.
pub type Check<'c> = &'c (dyn Fn(&str) -> Result<(), String> + Sync);

/// A child that is worth evaluating.
pub(super) struct Child<'s> {
    pub genome: Genome<'s>,
    pub candidate: Candidate,
    pub origin: Origin,
}

/// A sentence of a parent that a model is asked to say in other words.
pub(super) struct Request {
    parent: usize,
    part: usize,
    sentence: usize,
    pub text: String,
    pub seed: u64,
}

/// Makes children, and keeps what has been made before.
pub(super) struct Breeder<'s, 'c> {
    pub operators: Operators<'s>,
    pub check: Check<'c>,
    pub rng: ChaCha8Rng,
    /// Members that compete to become a parent.
    pub tournament: usize,
    /// Probability that a child has two parents.
    pub crossover: f64,
    /// Probability of one more mutation, after each.
    pub mutation: f64,
    /// Hashes of all candidates so far, the refused ones too.
    pub seen: BTreeSet<String>,
    /// Drawn children that were no valid template, since the last reset.
    pub invalid: usize,
    /// Drawn children that had been there before, since the last reset.
    pub duplicates: usize,
}

impl<'s> Breeder<'s, '_> {
    /// A child of a population, whose best come first; `None` where none was found that is
    /// valid and new, or the population is empty.
    pub(super) fn child(&mut self, population: &[&Genome<'s>]) -> Option<Child<'s>> {
        for _ in 0..ATTEMPTS {
            let first = population.get(self.parent(population.len())?)?;
            let second = population.get(self.parent(population.len())?)?;
            let mixed = !std::ptr::eq(*first, *second) && self.rng.random_bool(self.crossover);
            let (mut genome, origin) = if mixed {
                (self.operators.recombine(&mut self.rng, first, second), Origin::Recombined)
            } else {
                ((*first).clone(), Origin::Mutated)
            };
            let mut again = !mixed || self.rng.random_bool(self.mutation);
            while again {
                self.operators.mutate(&mut self.rng, &mut genome);
                again = self.rng.random_bool(self.mutation);
            }
            if let Some(child) = self.admit(genome, first, origin) {
                return Some(child);
            }
        }
        None
    }

    /// Tournament selection: the best of some members that are drawn with replacement.
    fn parent(&mut self, members: usize) -> Option<usize> {
        let draws = self.tournament.max(1);
        if members == 0 {
            return None;
        }
        (0..draws).map(|_| self.rng.random_range(0..members)).min()
    }

    /// Draws a sentence to be rewritten; `None` where the parent that was drawn has none
    /// without Jinja.
    pub(super) fn request(&mut self, population: &[&Genome<'s>]) -> Option<Request> {
        let parent = self.parent(population.len())?;
        let seed = self.rng.random();
        let mut places: Vec<(usize, usize, &Sentence)> = Vec::new();
        for (at, part) in population.get(parent)?.parts().iter().enumerate() {
            if let Part::Sentences(sentences) = part {
                let plain = sentences.iter().enumerate().filter(|(_, one)| !one.has_tags());
                places.extend(plain.map(|(sentence, one)| (at, sentence, one)));
            }
        }
        let (part, sentence, one) = pick(&mut self.rng, &places)?;
        let text = one.text.clone();
        Some(Request { parent, part: *part, sentence: *sentence, text, seed })
    }

    /// The child in which a sentence is replaced by a proposal.
    pub(super) fn rewritten(
        &mut self,
        population: &[&Genome<'s>],
        request: &Request,
        proposal: String,
    ) -> Option<Child<'s>> {
        let parent = population.get(request.parent)?;
        let mut genome = (*parent).clone();
        if let Some(Part::Sentences(sentences)) = genome.parts.get_mut(request.part) {
            sentences.get_mut(request.sentence)?.text = proposal;
        }
        self.admit(genome, parent, Origin::Rewritten)
    }

    /// Takes a genome that is new and valid. One that is not valid is repaired: its parts are
    /// given back the parent's contents, one after the other, until it is.
    fn admit(
        &mut self,
        mut genome: Genome<'s>,
        parent: &Genome<'s>,
        origin: Origin,
    ) -> Option<Child<'s>> {
        let mut at = 0;
        loop {
            let candidate = genome.candidate();
            if !self.seen.insert(candidate.hash.clone()) {
                self.duplicates += 1;
                return None;
            }
            if (self.check)(&candidate.source).is_ok() {
                return Some(Child { genome, candidate, origin });
            }
            self.invalid += 1;
            let differs = |at: &usize| genome.parts[*at] != parent.parts[*at];
            at = (at..genome.parts.len().min(parent.parts.len())).find(differs)?;
            genome.parts[at] = parent.parts[at].clone();
        }
    }
}
