//! The search: generation after generation.

use std::collections::BTreeSet;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::blocks::Start;
use super::breed::{Breeder, Check, Child, Request};
use super::error::{EvolveError, Failure};
use super::fitness::{Candidate, Fitness, is_worse};
use super::found::{Found, Generation, Individual, Origin, Standing, Stopped};
use super::genome::Genome;
use super::judge::{Clock, Judge};
use super::memo::Memo;
use super::operators::Operators;
use super::parallel::in_parallel;
use super::plan::SearchSettings;
use super::rewriter::{Rewriter, usable};
use super::settings::SettingsSpace;
use super::variants::Variants;
use crate::llm::BoxFuture;

/// A search and everything it is given.
pub struct Evolution<'e> {
    /// The starting templates, at least one. They are in the race themselves.
    pub starts: &'e [Start],
    /// Texts to exchange.
    pub variants: &'e Variants,
    /// Settings to choose among.
    pub space: &'e SettingsSpace,
    /// The numbers of the search.
    pub settings: &'e SearchSettings,
    /// Says what is wrong with the text of a template file. It should load it as a
    /// [`crate::prompt::Template`].
    pub check: Check<'e>,
    /// Evaluates candidates.
    pub fitness: &'e dyn Fitness,
    /// Proposes wordings, where there is a model to do so. Without one, blocks and sentences
    /// are only recombined.
    pub rewriter: Option<&'e dyn Rewriter>,
    /// Tells the seconds since some fixed time.
    pub clock: Clock<'e>,
    /// Is shown every generation, and the memo as it is then.
    pub observer: &'e (dyn Fn(&Generation, &Memo) + Sync),
}

/// A genome and what it is worth.
struct Member<'s> {
    genome: Genome<'s>,
    individual: Individual,
}

impl Evolution<'_> {
    /// Searches. Each generation has as many children as the population has members; the best
    /// of both are the next population, so the best is never lost. Children are evaluated on
    /// the first part of the utterances, and on the rest unless they are clearly worse there
    /// than the worst of the elite, in pairs; so all members, and with them the result, have a
    /// score on all utterances.
    ///
    /// The result depends on what is given and not on the order in which evaluations end,
    /// unless the seconds run out. A search that is given the memo of an interrupted one goes
    /// the same way and evaluates only what is missing there. Drop the future only between
    /// generations; to interrupt it within, let the fitness fail, and the memo has all that
    /// was finished.
    ///
    /// # Errors
    /// Where there is no start or one is no valid template, a setting is out of range, the
    /// memo is of another search, evaluations or seconds do not suffice for the starts, and
    /// where an evaluation fails.
    pub async fn run(&self, memo: &mut Memo) -> Result<Found, EvolveError> {
        let settings = self.settings;
        settings.check()?;
        let starts = self.checked_starts()?;
        memo.claim(&format!(
            "{}, {} utterances, seed {}",
            settings.of, settings.utterances, settings.seed
        ))?;
        let mut judge = Judge::new(self.fitness, self.clock, settings);
        if judge.affordable(settings.utterances) < starts.len() {
            return Err(EvolveError::Budget {
                needed: (starts.len() * settings.utterances) as u64,
                given: settings.max_evaluations,
            });
        }
        let mut breeder = self.breeder(starts.iter().map(|child| child.candidate.hash.clone()));
        judge.evaluate(memo, &candidates(&starts), 0, settings.utterances).await?;
        let started = starts.len();
        let mut population = self.members(&judge, memo, starts, 0);
        if population.len() < started {
            return Err(EvolveError::Time);
        }
        let first_ones: Vec<Individual> =
            population.iter().map(|member| member.individual.clone()).collect();
        let mut log = vec![Generation::default()];
        let mut stale = 0;
        let stopped = loop {
            self.select(&mut population);
            if let Some(generation) = log.last_mut() {
                generation.close(&judge, &population);
                (self.observer)(generation, memo);
            }
            if stale >= settings.patience {
                break Stopped::NoGain;
            }
            if log.len() > settings.generations {
                break Stopped::Generations;
            }
            if judge.is_late() {
                break Stopped::Seconds;
            }
            if judge.affordable(settings.first()) == 0 {
                break Stopped::Evaluations;
            }
            let mut generation = Generation { number: log.len(), ..Generation::default() };
            let children = self.children(&mut breeder, &population, memo, &mut generation).await;
            if children.is_empty() {
                break Stopped::Exhausted;
            }
            let before = lowest_cost(&population);
            let grown = self.race(&mut judge, memo, children, &population, &mut generation).await?;
            population.extend(grown);
            stale = if lowest_cost(&population) < before { 0 } else { stale + 1 };
            log.push(generation);
        };
        let best = best(&first_ones, &population).ok_or_else(no_start)?;
        let (evaluations, new_evaluations) = (judge.asked, judge.new);
        Ok(Found { best, starts: first_ones, log, stopped, evaluations, new_evaluations })
    }

    /// The starting templates as candidates, each only once.
    fn checked_starts(&self) -> Result<Vec<Child<'_>>, EvolveError> {
        let mut found: Vec<Child<'_>> = Vec::new();
        for start in self.starts {
            let genome = Genome::of(start, self.space);
            let candidate = genome.candidate();
            if let Err(reason) = (self.check)(&candidate.source) {
                let template = start.name().to_owned();
                return Err(EvolveError::InvalidStart { template, reason });
            }
            if found.iter().all(|other| other.candidate.hash != candidate.hash) {
                found.push(Child { genome, candidate, origin: Origin::Start });
            }
        }
        if found.is_empty() {
            return Err(no_start());
        }
        Ok(found)
    }

    fn breeder(&self, seen: impl Iterator<Item = String>) -> Breeder<'_, '_> {
        let Self { starts, variants, space, settings, .. } = *self;
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        // Another stream than that of the utterances' order.
        rng.set_stream(1);
        Breeder {
            operators: Operators { starts, variants, space },
            check: self.check,
            rng,
            tournament: settings.tournament,
            crossover: settings.crossover,
            mutation: settings.mutation,
            seen: seen.collect::<BTreeSet<String>>(),
            invalid: 0,
            duplicates: 0,
        }
    }

    /// The children of a generation: what the rewriter proposes, then as many others as fill
    /// it up.
    async fn children<'s>(
        &self,
        breeder: &mut Breeder<'s, '_>,
        population: &[Member<'s>],
        memo: &mut Memo,
        generation: &mut Generation,
    ) -> Vec<Child<'s>> {
        let genomes: Vec<&Genome<'s>> = population.iter().map(|member| &member.genome).collect();
        (breeder.invalid, breeder.duplicates) = (0, 0);
        let most = self.settings.population;
        let mut children = Vec::new();
        if let Some(rewriter) = self.rewriter {
            let many = self.settings.rewrites.min(most);
            let requests: Vec<Request> =
                (0..many).filter_map(|_| breeder.request(&genomes)).collect();
            generation.rewriter_failure = self.ask(rewriter, &requests, memo).await;
            for request in &requests {
                let proposal = memo.rewritten(&request.text, request.seed).cloned().flatten();
                children
                    .extend(proposal.and_then(|text| breeder.rewritten(&genomes, request, text)));
            }
            generation.rewritten = children.len();
        }
        while children.len() < most
            && let Some(child) = breeder.child(&genomes)
        {
            children.push(child);
        }
        (generation.invalid, generation.duplicates) = (breeder.invalid, breeder.duplicates);
        children
    }

    /// Asks the rewriter for what the memo does not know; returns its first failure. A failure
    /// is not kept, so that a resumed search asks again.
    async fn ask(
        &self,
        rewriter: &dyn Rewriter,
        requests: &[Request],
        memo: &mut Memo,
    ) -> Option<String> {
        let unknown: Vec<&Request> =
            requests.iter().filter(|one| memo.rewritten(&one.text, one.seed).is_none()).collect();
        let futures: Vec<BoxFuture<'_, Result<String, Failure>>> =
            unknown.iter().map(|one| rewriter.rewrite(&one.text, one.seed)).collect();
        let answers = in_parallel(futures, self.settings.concurrency, |_| true).await;
        let mut failure = None;
        for (request, answer) in unknown.iter().zip(answers.into_iter().flatten()) {
            match answer {
                Ok(text) => {
                    let proposal = usable(&text, &request.text);
                    memo.add_rewritten(&request.text, request.seed, proposal);
                }
                Err(error) => failure = failure.or_else(|| Some(error.to_string())),
            }
        }
        failure
    }

    /// Evaluates children in two steps, and returns those that were evaluated on everything.
    async fn race<'s>(
        &self,
        judge: &mut Judge<'_>,
        memo: &mut Memo,
        mut children: Vec<Child<'s>>,
        population: &[Member<'s>],
        generation: &mut Generation,
    ) -> Result<Vec<Member<'s>>, EvolveError> {
        let (first, all) = (self.settings.first(), self.settings.utterances);
        children.truncate(judge.affordable(first));
        generation.children = children.len();
        judge.evaluate(memo, &candidates(&children), 0, first).await?;
        let elite = population.len().min(self.settings.elite).saturating_sub(1);
        let worst = population.get(elite).map_or(&[][..], |one| &one.individual.score.errors);
        children.retain(|child| {
            // A child without a score was too late.
            let errors = judge.part(memo, &child.candidate).unwrap_or(&[]);
            !is_worse(errors, worst, self.settings.evidence)
        });
        generation.dropped = generation.children - children.len();
        let affordable = judge.affordable(all - first);
        if affordable < children.len() {
            children.sort_by_cached_key(|child| {
                let errors = judge.part(memo, &child.candidate).unwrap_or(&[]);
                (errors.iter().copied().map(u64::from).sum::<u64>(), child.candidate.hash.clone())
            });
            children.truncate(affordable);
        }
        judge.evaluate(memo, &candidates(&children), first, all).await?;
        Ok(self.members(judge, memo, children, generation.number))
    }

    /// Those children that were evaluated on all utterances.
    fn members<'s>(
        &self,
        judge: &Judge<'_>,
        memo: &Memo,
        children: Vec<Child<'s>>,
        generation: usize,
    ) -> Vec<Member<'s>> {
        let member = |Child { genome, candidate, origin }| {
            let score = judge.whole(memo, &candidate)?.clone();
            let cost = score.cost(self.settings.token_price);
            let start = genome.start.name().to_owned();
            let individual = Individual { candidate, start, origin, generation, score, cost };
            Some(Member { genome, individual })
        };
        children.into_iter().filter_map(member).collect()
    }

    /// Keeps the best, in order.
    fn select(&self, population: &mut Vec<Member<'_>>) {
        population.sort_by(|a, b| by_cost(&a.individual, &b.individual));
        population.truncate(self.settings.population);
    }
}

impl Generation {
    /// Fills in how the population stands.
    fn close(&mut self, judge: &Judge<'_>, population: &[Member<'_>]) {
        let born = |member: &&Member<'_>| member.individual.generation == self.number;
        self.kept = population.iter().filter(born).count();
        self.evaluations = judge.asked;
        self.population =
            population.iter().map(|member| Standing::from(&member.individual)).collect();
    }
}

fn no_start() -> EvolveError {
    EvolveError::Setting { setting: "starts", reason: "must not be empty" }
}

fn candidates<'c>(children: &'c [Child<'_>]) -> Vec<&'c Candidate> {
    children.iter().map(|child| &child.candidate).collect()
}

fn by_cost(a: &Individual, b: &Individual) -> std::cmp::Ordering {
    a.cost.total_cmp(&b.cost).then_with(|| a.candidate.hash.cmp(&b.candidate.hash))
}

fn lowest_cost(population: &[Member<'_>]) -> f64 {
    population.iter().map(|member| member.individual.cost).fold(f64::INFINITY, f64::min)
}

/// The least cost among those with no more errors than the best start, which is one of them.
fn best(starts: &[Individual], population: &[Member<'_>]) -> Option<Individual> {
    let most = starts.iter().map(|one| one.score.total()).min().unwrap_or(u64::MAX);
    let all = starts.iter().chain(population.iter().map(|member| &member.individual));
    all.filter(|one| one.score.total() <= most).min_by(|a, b| by_cost(a, b)).cloned()
}
