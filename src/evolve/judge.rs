//! Evaluating candidates, within a budget, and never twice.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::error::EvolveError;
use super::fitness::{Candidate, Fitness, Score};
use super::memo::Memo;
use super::parallel::in_parallel;
use super::plan::SearchSettings;
use crate::llm::BoxFuture;

/// Tells the seconds since some fixed time.
pub type Clock<'c> = &'c (dyn Fn() -> f64 + Sync);

/// Asks the fitness for what the memo does not know, and counts.
pub(super) struct Judge<'e> {
    fitness: &'e dyn Fitness,
    clock: Clock<'e>,
    settings: &'e SearchSettings,
    /// When the time is over, by the clock.
    end: f64,
    /// The utterances, in the order in which candidates are evaluated on them.
    order: Vec<usize>,
    /// Evaluations of an utterance that the search asked for.
    pub asked: u64,
    /// Those that were not in the memo.
    pub new: u64,
}

impl<'e> Judge<'e> {
    pub(super) fn new(
        fitness: &'e dyn Fitness,
        clock: Clock<'e>,
        settings: &'e SearchSettings,
    ) -> Self {
        let mut order: Vec<usize> = (0..settings.utterances).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(settings.seed));
        let end = clock() + settings.max_seconds;
        Self { fitness, clock, settings, end, order, asked: 0, new: 0 }
    }

    /// Whether the time is over.
    pub(super) fn is_late(&self) -> bool {
        (self.clock)() >= self.end
    }

    /// How many candidates can be evaluated on so many utterances within the budget.
    pub(super) fn affordable(&self, utterances: usize) -> usize {
        let left = self.settings.max_evaluations.saturating_sub(self.asked);
        let utterances = u64::try_from(utterances).unwrap_or(u64::MAX);
        let many = left.checked_div(utterances).unwrap_or(u64::MAX);
        usize::try_from(many).unwrap_or(usize::MAX)
    }

    /// Evaluates candidates, which were evaluated on the first `from` utterances, on the
    /// first `to`. What comes of it is in the memo; late candidates may be missing there.
    ///
    /// # Errors
    /// That of the first candidate that fails; those that were under way are finished first.
    pub(super) async fn evaluate(
        &mut self,
        memo: &mut Memo,
        candidates: &[&Candidate],
        from: usize,
        to: usize,
    ) -> Result<(), EvolveError> {
        self.asked += (candidates.len() * to.saturating_sub(from)) as u64;
        let known = |one: &Candidate| memo.score(&one.hash).map_or(0, |score| score.errors.len());
        let todo: Vec<(&Candidate, &[usize])> = candidates
            .iter()
            .filter_map(|one| Some((*one, self.order.get(known(one)..to)?)))
            .filter(|(_, utterances)| !utterances.is_empty())
            .collect();
        let futures: Vec<BoxFuture<'_, Result<Score, _>>> =
            todo.iter().map(|(one, utterances)| self.fitness.evaluate(one, utterances)).collect();
        let (clock, end) = (self.clock, self.end);
        let go_on = |done: &[Option<Result<Score, _>>]| {
            clock() < end && !done.iter().flatten().any(Result::is_err)
        };
        let scores = in_parallel(futures, self.settings.concurrency, go_on).await;
        let mut failed = Ok(());
        for ((candidate, utterances), score) in todo.iter().zip(scores) {
            let Some(score) = score else { continue };
            match checked(candidate, utterances.len(), score) {
                Ok(score) => {
                    self.new += utterances.len() as u64;
                    memo.add(&candidate.hash, score);
                }
                Err(error) if failed.is_ok() => failed = Err(error),
                Err(_) => {}
            }
        }
        failed
    }

    /// The score on all utterances, where it is known.
    pub(super) fn whole<'m>(&self, memo: &'m Memo, candidate: &Candidate) -> Option<&'m Score> {
        memo.score(&candidate.hash).filter(|score| score.errors.len() == self.order.len())
    }

    /// The errors on the first part of the utterances, where they are known.
    pub(super) fn part<'m>(&self, memo: &'m Memo, candidate: &Candidate) -> Option<&'m [u32]> {
        memo.score(&candidate.hash)?.errors.get(..self.settings.first())
    }
}

fn checked(
    candidate: &Candidate,
    asked: usize,
    score: Result<Score, super::error::Failure>,
) -> Result<Score, EvolveError> {
    match score {
        Ok(score) if score.errors.len() == asked => Ok(score),
        Ok(score) => {
            let got = score.errors.len();
            Err(EvolveError::Score { candidate: candidate.short(), asked, got })
        }
        Err(source) => Err(EvolveError::Fitness { candidate: candidate.short(), source }),
    }
}
