//! `gec prompt evolve`: a search for a better template.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use serde::Serialize;
use tokio::sync::Mutex;

use super::one;

use crate::{
    cli::{prompt::EvolveArgs, run::RunArgs, runs::ListFormat},
    commands::{
        Context, ExitStatus, Interrupt,
        arms::{self, Arms, Known},
        corpora::Ready,
        equip::needs_model,
        failure::Hinted,
        model, report, runs,
    },
    corpus::Source,
    correct::Parameters,
    datasets::ResolvedCorpus,
    evolve::{
        Candidate, Evolution, EvolveError, Failure, Fitness, Found, Generation, Memo, Rewriter,
        Score, SearchSettings, SettingsSpace, Start, Stopped, Variants,
    },
    llm::{BoxFuture, GenerateRequest, LanguageModel, Sampled},
    prompt::{ChatTemplate, Message, Role, Selection, Template},
    score::{GroupSums, Rule, bootstrap},
    store::Store,
    sweep,
};

/// What is printed at the end.
#[derive(Serialize)]
struct Outcome {
    /// The file that was written.
    output: PathBuf,
    /// What it began as, and what the best starting template is called.
    start: String,
    best_start: String,
    /// How `gec run` uses it.
    command: String,
    development: Figures,
    test: Figures,
    /// Test utterances whose reference is among those that templates were chosen on.
    test_known: usize,
    found: Found,
}

/// Word errors of the best template and of the best starting template on the same utterances.
#[derive(Serialize)]
struct Figures {
    data: String,
    utterances: usize,
    words: u64,
    best_errors: u64,
    start_errors: u64,
    best_wer: Option<f64>,
    start_wer: Option<f64>,
    /// Difference in points, and its paired 95 % interval.
    difference: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    real: bool,
}

/// Runs the verb and writes its outcome to `out`.
///
/// # Errors
/// Where a corpus, a template or the model is not as it should be, or the search cannot begin.
pub(super) async fn run(
    args: &EvolveArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let rule = report::rule(&args.rule)?;
    if !needs_model(&args.method, &Parameters::default(), None) {
        let hint = "methods that read a template are generate, uadf, cascade and others";
        return Err(Hinted::new(format!("`{}` asks no model", args.method), hint).into());
    }
    let folder = args.output.with_extension("evolve");
    if args.output.is_dir() || folder == args.output {
        let message = format!("`{}` cannot be the template's file", args.output.display());
        return Err(Hinted::new(message, "name a file, such as `best.jinja`").into());
    }
    let interrupt = Interrupt::listen();
    let store = Store::open(&context.db).await?;
    let Some((ready, test)) = corpora(args, &store, context).await? else {
        return stopped(store, context).await;
    };
    fs_err::create_dir_all(&folder)?;
    // Hundreds of runs that nobody will ask for again do not belong among the others.
    let work = Store::open(&folder.join("evaluations.db")).await?;
    let corpus = work.copy_corpus(&context.db, &ready.corpus).await?;
    let ready = Ready { corpus, ..ready };
    let model = model::load(&args.model, context).await?;
    let starts = starts(args, model.as_ref())?;
    let known = arms::known(&ready, &work, &rule).await?;
    let all = arms::known(&test, &store, &rule).await?;
    let (rows, sums) = choose(&known, Some(args.limit), args.search_seed);
    let arms =
        Arms::with_model(&ready, &work, context, &interrupt, &args.model, Arc::clone(&model));
    let bench =
        Bench { args, rule, rows: &rows, folder: &folder, arms: Mutex::new(arms), words: &sums };
    let found = match search(args, &starts, &bench, model.as_ref(), context).await {
        Err(EvolveError::Fitness { .. }) if interrupt.is_set() => {
            drop(bench);
            return stopped(work, context).await;
        }
        found => found?,
    };
    drop(bench);
    work.close().await?;
    write_template(&args.output, &found.best.candidate.source)?;

    let (test_rows, test_sums) = choose(&all, args.test_limit, args.search_seed);
    let test_known = overlap(&known, &rows, &all, &test_rows);
    let best_start = best_start(&found);
    let arms = Arms::with_model(&test, &store, context, &interrupt, &args.model, model);
    let bench = Bench {
        args,
        rule,
        rows: &test_rows,
        folder: &folder,
        arms: Mutex::new(arms),
        words: &test_sums,
    };
    let everything: Vec<usize> = (0..test_rows.len()).collect();
    let mut errors = Vec::new();
    // The best one last, so that it is the last run.
    for candidate in [&best_start.candidate, &found.best.candidate] {
        match bench.score(candidate, &everything).await? {
            Some(score) => errors.push(score.errors),
            None => {
                drop(bench);
                return stopped(store, context).await;
            }
        }
    }
    drop(bench);
    store.close().await?;
    let seed = rule.seed;
    let figures = |ready: &Ready, sums: &[sweep::Measure], best: &[u32], start: &[u32]| {
        compared(&data(ready), sums, best, start, (rule.resamples, seed))
    };
    let outcome = Outcome {
        output: args.output.clone(),
        start: found.best.start.clone(),
        best_start: best_start.start.clone(),
        command: command(args, &found.best.candidate),
        development: figures(&ready, &sums, &found.best.score.errors, &best_start.score.errors),
        test: figures(&test, &test_sums, &errors[1], &errors[0]),
        test_known,
        found,
    };
    match args.format {
        ListFormat::Json => runs::write_json(&outcome, out)?,
        ListFormat::Table => table(&outcome, out)?,
    }
    Ok(ExitStatus::Done)
}

/// The corpora of the two splits, both looked up before anything is done. Examples are those
/// of the development split for both, so that templates are chosen with what they will have:
/// no prompt shows an example with the utterance's own reference. `None` where the user
/// interrupted it.
async fn corpora(
    args: &EvolveArgs,
    store: &Store,
    context: &Context,
) -> anyhow::Result<Option<(Ready, Ready)>> {
    let named = (args.dataset.as_str(), args.split.as_deref(), "train");
    let Some(mut ready) = one(named, &args.asr, store, context).await? else { return Ok(None) };
    let dataset = args.test_dataset.as_deref().unwrap_or(&args.dataset);
    let named = (dataset, args.test_split.as_deref(), "test");
    let Some(mut test) = one(named, &args.asr, store, context).await? else { return Ok(None) };
    if ready.corpus.id == test.corpus.id {
        return Err(Hinted::new(
            format!("`{}` would be both developed and tested on", data(&ready)),
            "name others with `--split` and `--test-split`, or a corpus with `--test-dataset`",
        )
        .into());
    }
    let examples = &ready.resolved;
    let are_there = match &examples.source {
        Source::Embedded { .. } => true,
        Source::File(path) | Source::Folder(path) => path.exists(),
    };
    if are_there && !examples.audio {
        let examples = Box::new(ResolvedCorpus { training: None, ..examples.clone() });
        ready.resolved.training = Some(examples.clone());
        test.resolved.training.get_or_insert(examples);
    }
    Ok(Some((ready, test)))
}

async fn stopped(store: Store, context: &Context) -> anyhow::Result<ExitStatus> {
    store.close().await?;
    context.note("interrupted: what was evaluated is kept; the same command goes on from here");
    Ok(ExitStatus::Interrupted)
}

fn data(ready: &Ready) -> String {
    let key = &ready.corpus.key;
    runs::corpus_name(&key.dataset, &key.subset, &key.split)
}

/// A stratified sample: keys, and the words and group of each.
fn choose(known: &[Known], limit: Option<usize>, seed: u64) -> (Vec<i64>, Vec<sweep::Measure>) {
    let candidates = known.iter().map(|one| sweep::Candidate {
        key: one.row,
        distinct: one.distinct,
        words: one.measure.words as usize,
    });
    let rows = sweep::sample(candidates, limit, seed);
    let of: BTreeMap<i64, sweep::Measure> =
        known.iter().map(|one| (one.row, one.measure)).collect();
    let measures = rows.iter().filter_map(|row| of.get(row).copied()).collect();
    (rows, measures)
}

/// How many of the test utterances have a reference that was also chosen on.
fn overlap(known: &[Known], rows: &[i64], test: &[Known], test_rows: &[i64]) -> usize {
    let chosen: BTreeSet<i64> = rows.iter().copied().collect();
    let tested: BTreeSet<i64> = test_rows.iter().copied().collect();
    let seen: BTreeSet<[u8; 32]> =
        known.iter().filter(|one| chosen.contains(&one.row)).map(|one| one.reference).collect();
    test.iter().filter(|one| tested.contains(&one.row) && seen.contains(&one.reference)).count()
}

/// The templates to begin with, divided.
fn starts(args: &EvolveArgs, model: &dyn LanguageModel) -> anyhow::Result<Vec<Start>> {
    let mut names = args.templates.clone();
    if names.is_empty() {
        names.push(model::default_template(&args.method, &args.method, model.info(), true));
    }
    let variants = Variants::built_in()?;
    let divide = |name: &String| {
        let template = Template::load(name)?;
        Ok(Start::divide(name, template.source(), &variants)?)
    };
    names.iter().map(divide).collect()
}

async fn search(
    args: &EvolveArgs,
    starts: &[Start],
    bench: &Bench<'_>,
    model: &dyn LanguageModel,
    context: &Context,
) -> Result<Found, EvolveError> {
    let info = model.info();
    let settings = SearchSettings {
        of: format!("{} {:?} {} {}", args.dataset, args.split, args.method, info.hash),
        utterances: bench.rows.len(),
        population: args.population as usize,
        generations: args.generations,
        elite: (args.population as usize / 2).max(1),
        patience: args.patience as usize,
        max_evaluations: args.max_evaluations.unwrap_or(u64::MAX),
        max_seconds: args.max_seconds.unwrap_or(f64::INFINITY),
        // Each evaluation keeps the engine busy by itself.
        concurrency: 1,
        seed: args.search_seed,
        ..SearchSettings::default()
    };
    let space = SettingsSpace {
        examples: args.examples.clone(),
        selections: vec![Selection::Nearest, Selection::Errors, Selection::Random { seed: 0 }],
        hypotheses: args.hypotheses.clone(),
    };
    let chat = match &info.chat_template {
        Some(source) if args.reword => ChatTemplate::new(source, &info.bos, &info.eos).ok(),
        _ => None,
    };
    if args.reword && chat.is_none() {
        context.note("the model has no chat template: it is not asked to reword instructions");
    }
    let reworder = chat.map(|chat| Reworder { model, chat });
    let variants = Variants::built_in()?;
    let begun = Instant::now();
    let words: u64 = bench.words.iter().map(|one| u64::from(one.words)).sum();
    let observe = |generation: &Generation, _: &Memo| {
        let Some(best) = generation.population.first() else { return };
        context.note(&format!(
            "generation {}: best {} errors ({:.2} %), {} children, {} dropped early, {} kept, {} \
             evaluations so far",
            generation.number,
            best.errors,
            100.0 * best.errors as f64 / words.max(1) as f64,
            generation.children,
            generation.dropped,
            generation.kept,
            generation.evaluations,
        ));
    };
    let evolution = Evolution {
        starts,
        variants: &variants,
        space: &space,
        settings: &settings,
        check: &|source: &str| {
            Template::from_source("candidate", source)
                .map(|_| ())
                .map_err(|error| error.to_string())
        },
        fitness: bench,
        rewriter: reworder.as_ref().map(|reworder| reworder as &dyn Rewriter),
        clock: &|| begun.elapsed().as_secs_f64(),
        observer: &observe,
    };
    // What was evaluated is in the database, which is asked again where a search is resumed.
    evolution.run(&mut Memo::default()).await
}

/// Corrects utterances of one corpus with candidates.
struct Bench<'a> {
    args: &'a EvolveArgs,
    rule: Rule,
    rows: &'a [i64],
    words: &'a [sweep::Measure],
    /// Where candidates are written for the run to load.
    folder: &'a Path,
    arms: Mutex<Arms<'a>>,
}

impl Bench<'_> {
    /// `None` where the user interrupted it.
    async fn score(
        &self,
        candidate: &Candidate,
        utterances: &[usize],
    ) -> anyhow::Result<Option<Score>> {
        let path = self.folder.join(format!("{}.jinja", candidate.hash));
        if !path.exists() {
            fs_err::write(&path, &candidate.source)?;
        }
        let run = run_args(self.args, candidate, &path)?;
        let rows: Vec<i64> =
            utterances.iter().filter_map(|&place| self.rows.get(place).copied()).collect();
        let done = self.arms.lock().await.run(&run, &rows, &self.rule).await?;
        let words = utterances.iter().filter_map(|&place| self.words.get(place));
        Ok(done.map(|done| Score {
            errors: done.errors,
            words: words.map(|one| u64::from(one.words)).sum(),
            tokens: done.prompt_tokens + done.output_tokens,
        }))
    }
}

impl Fitness for Bench<'_> {
    fn evaluate<'a>(
        &'a self,
        candidate: &'a Candidate,
        utterances: &'a [usize],
    ) -> BoxFuture<'a, Result<Score, Failure>> {
        Box::pin(async move {
            let score = self.score(candidate, utterances).await?;
            score.ok_or_else(|| "it was interrupted".into())
        })
    }
}

/// The run of a candidate.
fn run_args(args: &EvolveArgs, candidate: &Candidate, path: &Path) -> anyhow::Result<RunArgs> {
    let arguments = [
        "--dataset=evolve".to_owned(),
        format!("--method={}", args.method),
        format!("--template={}", path.display()),
        format!("--example-selection={}", selection(candidate)),
        format!("--label=evolve {}", candidate.hash.chars().take(8).collect::<String>()),
    ];
    let mut run = arms::parse(&arguments, &args.model)?;
    run.settings = args.settings.clone();
    Ok(run)
}

/// How to use what was found.
fn command(args: &EvolveArgs, candidate: &Candidate) -> String {
    let mut command = format!(
        "gec run --dataset {} --method {} --template {}",
        args.dataset,
        args.method,
        args.output.display()
    );
    if let Some(model) = &args.model.model {
        command.push_str(&format!(" --model {}", model.display()));
    }
    if candidate.settings.examples > 0 {
        command.push_str(&format!(" --example-selection {}", selection(candidate)));
    }
    command
}

/// How a candidate's examples are chosen.
fn selection(candidate: &Candidate) -> String {
    candidate.settings.selection.to_string()
}

fn best_start(found: &Found) -> &crate::evolve::Individual {
    // There is at least one, or there would be nothing found.
    found.starts.iter().min_by(|a, b| a.cost.total_cmp(&b.cost)).unwrap_or(&found.best)
}

/// Has a model say instructions in other words.
struct Reworder<'a> {
    model: &'a dyn LanguageModel,
    chat: ChatTemplate,
}

impl Rewriter for Reworder<'_> {
    fn rewrite<'a>(
        &'a self,
        sentence: &'a str,
        seed: u64,
    ) -> BoxFuture<'a, Result<String, Failure>> {
        Box::pin(async move {
            let content = format!(
                "Say the following instruction in other words. Keep its meaning. Answer with the \
                 new instruction alone, on one line.\n\n{sentence}"
            );
            let messages = [Message { role: Role::User, content }];
            let prompt = self.chat.render(&messages, true)?;
            let budget = self.model.tokenize(sentence, false).len() * 3 + 32;
            let request = GenerateRequest {
                prompt: self.model.tokenize(&prompt, true),
                max_tokens: budget,
                stop: vec!["\n".to_owned()],
                hook: Box::new(Sampled::new(0.9, 0.95, seed)),
                draft: None,
            };
            Ok(self.model.generate(request).await?.text)
        })
    }
}

fn compared(
    data: &str,
    measures: &[sweep::Measure],
    best: &[u32],
    start: &[u32],
    (resamples, seed): (u32, u64),
) -> Figures {
    let mut groups: BTreeMap<u32, GroupSums> = BTreeMap::new();
    for ((one, &errors), &baseline) in measures.iter().zip(best).zip(start) {
        let sums = groups.entry(one.group).or_default();
        sums.words += one.words;
        sums.errors += errors;
        sums.baseline_errors += baseline;
    }
    let groups: Vec<GroupSums> = groups.into_values().collect();
    let words: u64 = groups.iter().map(|sums| u64::from(sums.words)).sum();
    let total = |errors: &[u32]| errors.iter().copied().map(u64::from).sum::<u64>();
    let (best_errors, start_errors) = (total(best), total(start));
    let rate = |errors: u64| (words > 0).then(|| 100.0 * errors as f64 / words as f64);
    let answer = bootstrap(&groups, resamples, seed);
    Figures {
        data: data.to_owned(),
        utterances: best.len(),
        words,
        best_errors,
        start_errors,
        best_wer: rate(best_errors),
        start_wer: rate(start_errors),
        difference: rate(best_errors).zip(rate(start_errors)).map(|(best, start)| best - start),
        low: answer.as_ref().map(|answer| 100.0 * answer.difference.low),
        high: answer.as_ref().map(|answer| 100.0 * answer.difference.high),
        real: answer.is_some_and(|answer| answer.real),
    }
}

/// Writes the template under the name of its file.
fn write_template(path: &Path, source: &str) -> anyhow::Result<()> {
    let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("evolved");
    let mut renamed = false;
    let lines = source.split_inclusive('\n').map(|line| {
        let is_name =
            line.strip_prefix("name").is_some_and(|rest| rest.trim_start().starts_with('='));
        match is_name && !renamed {
            true => {
                renamed = true;
                format!("name = {}\n", serde_json::Value::from(name))
            }
            false => line.to_owned(),
        }
    });
    Ok(fs_err::write(path, lines.collect::<String>())?)
}

fn table(outcome: &Outcome, out: &mut dyn Write) -> anyhow::Result<()> {
    let percent =
        |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.2}"));
    let found = &outcome.found;
    writeln!(
        out,
        "{}, from `{}`; {} evaluations in {} generations, ended because {}",
        runs::printable(&outcome.output.display().to_string()),
        runs::printable(&outcome.start),
        found.evaluations,
        found.log.len().saturating_sub(1),
        match found.stopped {
            Stopped::Generations => "there were as many generations as were asked for",
            Stopped::NoGain => "the best had not changed for some generations",
            Stopped::Evaluations => "the evaluations were used up",
            Stopped::Seconds => "the time was over",
            Stopped::Exhausted => "no other child was found",
        }
    )?;
    for (name, figures) in [("development", &outcome.development), ("test", &outcome.test)] {
        let interval = match (figures.low, figures.high) {
            (Some(low), Some(high)) => {
                format!(" [{low:+.2}, {high:+.2}]{}", if figures.real { "*" } else { "" })
            }
            _ => String::new(),
        };
        writeln!(
            out,
            "{name:12} {:24} {:>5} utterances  {:>7} -> {:>7}  {}{interval}",
            runs::printable(&figures.data),
            figures.utterances,
            percent(figures.start_wer),
            percent(figures.best_wer),
            figures.difference.map_or_else(|| "-".to_owned(), |points| format!("{points:+.2}")),
        )?;
    }
    writeln!(
        out,
        "WER of the best starting template (`{}`) and of the one found, in percent; paired 95 % \
         intervals of the difference, * excludes zero.\nThe development figures were chosen by and \
         flatter; the test split was looked at once.",
        runs::printable(&outcome.best_start)
    )?;
    if outcome.test_known > 0 {
        writeln!(
            out,
            "{} of the test utterances have a reference that was also chosen on.",
            outcome.test_known
        )?;
    }
    if outcome.test.difference.is_some_and(|points| points >= 0.0) {
        writeln!(
            out,
            "On the test split it is no better than `{}`: keep that one.",
            runs::printable(&outcome.best_start)
        )?;
    }
    writeln!(out, "{}", runs::printable(&outcome.command))?;
    Ok(())
}
