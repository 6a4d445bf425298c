//! The search as a whole, on a landscape whose optimum is known.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::blocks::Start;
use super::error::{EvolveError, Failure};
use super::fitness::Fitness;
use super::fixtures::{Landscape, header, load, marked, space};
use super::found::{Found, Generation, Origin, Stopped};
use super::judge::Clock;
use super::memo::Memo;
use super::plan::SearchSettings;
use super::rewriter::Rewriter;
use super::search::Evolution;
use super::tags::is_balanced;
use super::variants::Variants;
use crate::llm::BoxFuture;

/// One choice of each block, two sentences and two settings: one of
/// 9 * 4 * 4 * 4 * 4 * 4 * 4 combinations of what is wanted and what could stand there.
const WANTED: [&str; 7] = [
    "{% for hypothesis in hypotheses|reverse %}",
    "The corrected sentence, on one line:",
    "Heard: {{ example.one_best }}",
    "Words that stand in every hypothesis are almost certainly right.",
    "When in doubt, copy the first hypothesis word for word.",
    "max_hypotheses = 10\n",
    "examples = 3\n",
];
const GRID: u64 = 9 * 4 * 4 * 4 * 4 * 4 * 4;

fn settings() -> SearchSettings {
    SearchSettings {
        of: "made up".to_owned(),
        utterances: 48,
        population: 12,
        generations: 60,
        patience: 20,
        seed: 11,
        ..SearchSettings::default()
    }
}

/// Loading thousands of templates takes long; the property tests do that.
fn quick_check(source: &str) -> Result<(), String> {
    if is_balanced(source) { Ok(()) } else { Err("tags do not match".to_owned()) }
}

struct Given<'g> {
    sources: Vec<String>,
    settings: SearchSettings,
    rewriter: Option<&'g dyn Rewriter>,
    clock: Clock<'g>,
}

impl Default for Given<'_> {
    fn default() -> Self {
        Self { sources: vec![marked()], settings: settings(), rewriter: None, clock: &|| 0.0 }
    }
}

impl Given<'_> {
    fn run(&self, fitness: &dyn Fitness, memo: &mut Memo) -> Result<Found, EvolveError> {
        let variants = Variants::built_in()?;
        let mut starts = Vec::new();
        for source in &self.sources {
            starts.push(Start::divide("mine", source, &variants)?);
        }
        let evolution = Evolution {
            starts: &starts,
            variants: &variants,
            space: &space(),
            settings: &self.settings,
            check: &quick_check,
            fitness,
            rewriter: self.rewriter,
            clock: self.clock,
            observer: &|_, _| {},
        };
        fn sendable<T: Send>(future: T) -> T {
            future
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(sendable(evolution.run(memo)))
    }
}

fn children(found: &Found) -> usize {
    found.log.iter().map(|generation| generation.children).sum()
}

#[test]
fn the_planted_optimum_is_found_with_a_fraction_of_the_grid() {
    let mut missed = Vec::new();
    for seed in 0..10 {
        let landscape = Landscape::of(&WANTED);
        let given = Given { settings: SearchSettings { seed, ..settings() }, ..Default::default() };
        let found = given.run(&landscape, &mut Memo::default()).unwrap();
        assert!(found.evaluations < GRID * 48 / 100, "seed {seed}: {}", found.evaluations);
        assert_eq!(load(&found.best.candidate.source), Ok(()));
        missed.push(
            WANTED.iter().filter(|text| !found.best.candidate.source.contains(**text)).count(),
        );
    }
    // It starts with all seven missed. A search may end before the last sentence was drawn.
    assert!(missed.iter().all(|many| *many <= 1), "{missed:?}");
    assert!(missed.iter().filter(|many| **many == 0).count() >= 6, "{missed:?}");
}

#[test]
fn racing_saves_evaluations_and_finds_the_same() {
    let evaluations = |first_part| {
        let given = Given {
            settings: SearchSettings { first_part, generations: 20, ..settings() },
            ..Default::default()
        };
        let found = given.run(&Landscape::of(&WANTED), &mut Memo::default()).unwrap();
        assert!(found.best.score.total() < found.starts[0].score.total());
        assert_eq!(found.best.score.errors.len(), 48);
        found.evaluations as f64 / children(&found) as f64
    };
    let (raced, whole) = (evaluations(0.25), evaluations(1.0));
    assert!(raced < 0.85 * whole, "{raced} {whole}");
}

#[test]
fn the_result_does_not_depend_on_the_order_in_which_evaluations_end() {
    let run = |detours, concurrency| {
        let mut landscape = Landscape::of(&WANTED);
        landscape.detours = detours;
        let given = Given {
            settings: SearchSettings { concurrency, generations: 8, ..settings() },
            ..Default::default()
        };
        let mut memo = Memo::default();
        (given.run(&landscape, &mut memo).unwrap(), memo)
    };
    let (alone, memo) = run(0, 1);
    for (detours, concurrency) in [(7, 3), (13, 12), (2, 100)] {
        let (other, other_memo) = run(detours, concurrency);
        assert_eq!(other, alone);
        assert_eq!(other_memo, memo);
    }
}

#[test]
fn an_interrupted_search_resumes_and_evaluates_nothing_twice() {
    let given = Given {
        settings: SearchSettings { generations: 6, concurrency: 3, ..settings() },
        ..Default::default()
    };
    let undisturbed = given.run(&Landscape::of(&WANTED), &mut Memo::default()).unwrap();

    let mut memo = Memo::default();
    let mut landscape = Landscape::of(&WANTED);
    landscape.fails_at = 40;
    let error = given.run(&landscape, &mut memo).unwrap_err();
    assert!(matches!(error, EvolveError::Fitness { .. }), "{error}");
    assert!(error.hint().unwrap().contains("kept"));
    let text = serde_json::to_string(&memo).unwrap();
    let mut memo: Memo = serde_json::from_str(&text).unwrap();
    landscape.fails_at = 0;
    let resumed = given.run(&landscape, &mut memo).unwrap();

    assert_eq!((&resumed.best, &resumed.log), (&undisturbed.best, &undisturbed.log));
    assert!(resumed.new_evaluations < undisturbed.new_evaluations);
    let evaluated = landscape.evaluated.lock().unwrap();
    let distinct: BTreeSet<_> = evaluated.iter().collect();
    assert_eq!(distinct.len(), evaluated.len());
    assert_eq!(evaluated.len() as u64, undisturbed.new_evaluations);

    let again = given.run(&Landscape::of(&WANTED), &mut memo).unwrap();
    assert_eq!((again.new_evaluations, again.best), (0, undisturbed.best));
}

#[test]
fn a_memo_of_another_search_is_refused() {
    let mut memo = Memo::default();
    let given =
        Given { settings: SearchSettings { generations: 0, ..settings() }, ..Default::default() };
    given.run(&Landscape::of(&WANTED), &mut memo).unwrap();
    assert_eq!(memo.len(), 1);
    let other = Given {
        settings: SearchSettings { seed: 12, ..given.settings.clone() },
        ..Default::default()
    };
    let error = other.run(&Landscape::of(&WANTED), &mut memo).unwrap_err();
    assert!(error.to_string().contains("seed 11"), "{error}");
}

#[test]
fn an_invalid_start_is_named_with_what_is_wrong() {
    let given = Given {
        sources: vec![marked(), format!("{}{{% if a %}}", header())],
        ..Default::default()
    };
    let error = given.run(&Landscape::of(&WANTED), &mut Memo::default()).unwrap_err();
    assert_eq!(error.to_string(), "the starting template `mine` cannot be used: tags do not match");
    let none = Given { sources: vec![], ..Default::default() };
    let error = none.run(&Landscape::of(&WANTED), &mut Memo::default()).unwrap_err();
    assert_eq!(error.to_string(), "`starts` must not be empty");
}

#[test]
fn a_budget_is_kept_and_one_that_is_too_small_is_refused() {
    for max_evaluations in [48, 50, 100, 777, 2000] {
        let given = Given {
            settings: SearchSettings { max_evaluations, ..settings() },
            ..Default::default()
        };
        let landscape = Landscape::of(&WANTED);
        let found = given.run(&landscape, &mut Memo::default()).unwrap();
        assert!(found.evaluations <= max_evaluations);
        assert_eq!(found.stopped, Stopped::Evaluations);
        assert_eq!(landscape.evaluated.lock().unwrap().len() as u64, found.new_evaluations);
    }
    let given = Given {
        settings: SearchSettings { max_evaluations: 47, ..settings() },
        ..Default::default()
    };
    let error = given.run(&Landscape::of(&WANTED), &mut Memo::default()).unwrap_err();
    assert!(error.to_string().contains("take 48 evaluations"), "{error}");
}

#[test]
fn time_ends_a_search_and_what_was_found_stays() {
    let now = AtomicUsize::new(0);
    let clock = || now.fetch_add(1, Ordering::SeqCst) as f64;
    let run = |max_seconds| {
        let settings = SearchSettings { max_seconds, ..settings() };
        let given = Given { settings, clock: &clock, ..Default::default() };
        given.run(&Landscape::of(&WANTED), &mut Memo::default())
    };
    let found = run(100.0).unwrap();
    assert_eq!(found.stopped, Stopped::Seconds);
    assert!(found.best.cost < found.starts[0].cost);
    assert!(matches!(run(1.0).unwrap_err(), EvolveError::Time));
}

#[test]
fn without_gain_the_best_start_is_the_result() {
    // Errors only where something is missing that no variant has.
    let given = Given {
        sources: vec![marked(), marked().replace("Guesses:", "Hypotheses of a recogniser:")],
        settings: SearchSettings { patience: 3, token_price: 0.0, ..settings() },
        ..Default::default()
    };
    let found = given.run(&Landscape::of(&["no template says this"]), &mut Memo::default());
    let found = found.unwrap();
    assert_eq!((found.stopped, found.log.len()), (Stopped::NoGain, 4));
    let least = found.starts.iter().map(|one| one.score.total()).min();
    assert_eq!(Some(found.best.score.total()), least);
}

#[test]
fn a_better_start_wins_though_tokens_are_dear() {
    let long = marked().replace("Guesses:", &"These are guesses. ".repeat(50));
    let given = Given {
        sources: vec![marked(), long],
        settings: SearchSettings { token_price: 1.0, generations: 5, ..settings() },
        ..Default::default()
    };
    let found = given.run(&Landscape::of(&["These are guesses."]), &mut Memo::default()).unwrap();
    assert_eq!(found.best.score.total(), 0);
}

/// Proposes what is wanted for one sentence, and fails for another.
struct Helper;

impl Rewriter for Helper {
    fn rewrite<'a>(&'a self, text: &'a str, seed: u64) -> BoxFuture<'a, Result<String, Failure>> {
        Box::pin(async move {
            match text {
                text if text.starts_with("Write down") => Ok("\"Be brief!\"".to_owned()),
                text if text.starts_with("You repair") => Err("no answer".into()),
                _ => Ok(format!("Say {seed} {{{{ one_best }}}}")),
            }
        })
    }
}

#[test]
fn a_rewriter_finds_what_no_variant_holds() {
    let given = Given {
        settings: SearchSettings { generations: 10, rewrites: 3, ..settings() },
        rewriter: Some(&Helper),
        ..Default::default()
    };
    let mut memo = Memo::default();
    let found = given.run(&Landscape::of(&["Be brief!"]), &mut memo).unwrap();
    assert_eq!(found.best.score.total(), 0);
    let rewritten = |one: &Generation| {
        one.population.iter().any(|standing| standing.origin == Origin::Rewritten)
    };
    assert!(found.log.iter().any(rewritten));
    let failures: Vec<_> =
        found.log.iter().filter_map(|one| one.rewriter_failure.as_deref()).collect();
    assert!(failures.contains(&"no answer"), "{failures:?}");
    assert!(!serde_json::to_string(&found).unwrap().contains("Say "));
    let again = given.run(&Landscape::of(&["Be brief!"]), &mut memo).unwrap();
    assert_eq!((again.best, again.new_evaluations), (found.best, 0));
}
