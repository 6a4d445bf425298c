//! Choosing a few of many examples.

use std::collections::HashMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Diversity;

/// What examples are worth to an utterance. Numbers are places in the index.
pub(super) struct Ranking<'a> {
    /// How like the utterance each example is, at most 1.
    pub(super) cosines: Vec<f32>,
    /// Decides among examples that are equally like it, where something does.
    pub(super) among_equals: Option<Vec<f32>>,
    /// How like each example is to the one of this number, at most 1.
    pub(super) among: Box<dyn Fn(usize) -> Vec<f32> + 'a>,
}

/// What may be chosen.
pub(super) struct Candidates<'a> {
    /// For each example, the number of its reference; no two of one are chosen.
    pub(super) references: &'a [u32],
    /// The reference of the utterance, which is never chosen.
    pub(super) own: Option<u32>,
}

impl Candidates<'_> {
    /// The first `k` of a seeded order that may be shown. The order is shuffled only as far
    /// as it is read: `moved` holds the places whose content is not their own number.
    pub(super) fn random(&self, seed: u64, k: usize) -> Vec<usize> {
        let total = self.references.len();
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut moved: HashMap<usize, usize> = HashMap::new();
        let mut chosen = Vec::with_capacity(k.min(total));
        let mut taken: Vec<u32> = self.own.into_iter().collect();
        for place in 0..total {
            if chosen.len() == k {
                break;
            }
            // u64, so that 32-bit machines draw the same numbers.
            let drawn = random.random_range(place as u64..total as u64) as usize;
            let number = moved.get(&drawn).copied().unwrap_or(drawn);
            let displaced = moved.get(&place).copied().unwrap_or(place);
            moved.insert(drawn, displaced);
            if !taken.contains(&self.references[number]) {
                taken.push(self.references[number]);
                chosen.push(number);
            }
        }
        chosen
    }

    /// Up to `k`, the best first; among equals the first in the corpus wins.
    pub(super) fn ranked(
        &self,
        ranking: &Ranking<'_>,
        diversity: Option<Diversity>,
        k: usize,
    ) -> Vec<usize> {
        let total = self.references.len();
        let share = diversity.map_or(0.0, |diversity| diversity.share() as f32);
        // The similarity to the most similar of those chosen.
        let mut closest: Option<Vec<f32>> = None;
        let mut chosen: Vec<usize> = Vec::with_capacity(k.min(total));
        let mut taken: Vec<u32> = self.own.into_iter().collect();
        // k passes are cheaper than sorting thousands of cosines for a handful of them.
        while chosen.len() < k {
            let value = |number: usize| {
                let cosine = ranking.cosines[number];
                let close = closest.as_ref().map_or(0.0, |closest| share * closest[number]);
                let last = ranking.among_equals.as_ref().map_or(0.0, |values| values[number]);
                ((1.0 - share) * cosine - close, cosine, last)
            };
            let allowed = |number: usize| !taken.contains(&self.references[number]);
            let mut best = None::<(usize, _)>;
            for number in 0..total {
                let worth = value(number);
                if best.is_none_or(|(_, best)| worth > best) && allowed(number) {
                    best = Some((number, worth));
                }
            }
            let Some((best, _)) = best else { break };
            taken.push(self.references[best]);
            chosen.push(best);
            if share > 0.0 && chosen.len() < k {
                let like = (ranking.among)(best);
                match &mut closest {
                    None => closest = Some(like),
                    Some(closest) => closest
                        .iter_mut()
                        .zip(like)
                        .for_each(|(closest, like)| *closest = closest.max(like)),
                }
            }
        }
        chosen
    }
}
