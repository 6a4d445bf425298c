//! `gec prompt sweep`: many arms on one sample, ranked.

use std::{collections::BTreeMap, io::Write, time::Instant};

use super::one;
use crate::{
    cli::{TableFormat, prompt::SweepArgs, run::RunArgs},
    commands::{
        Context, ExitStatus, Interrupt,
        arms::{self, Arms, Done},
        failure::Hinted,
        report,
    },
    correct::CorrectError,
    prompt::PromptError,
    report::Format,
    score::Rule,
    store::Store,
    sweep::{
        Arm, Candidate, Fate, Measure, Measured, Ranking, Results, Schedule, Spec, Standing,
        affordable, progress, render, sample,
    },
};

/// Runs the verb and writes the ranking to `out`.
///
/// # Errors
/// Where the file, the corpus, a template or a model is not as it should be.
pub(super) async fn run(
    args: &SweepArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let begun = Instant::now();
    let rule = report::rule(&args.rule)?;
    let mut spec =
        Spec::parse(&args.file.display().to_string(), &fs_err::read_to_string(&args.file)?)?;
    spec.repeat = args.repeat.unwrap_or(spec.repeat);
    if let Some(seconds) = args.max_seconds {
        spec.max_seconds = Some(seconds);
        spec.halving.get_or_insert_default();
    }
    let store = Store::open(&context.db).await?;
    let named = (spec.dataset.as_str(), spec.split.as_deref(), "test");
    let Some(ready) = one(named, &args.asr, &store, context).await? else {
        store.close().await?;
        return Ok(ExitStatus::Interrupted);
    };
    let known = arms::known(&ready, &store, &rule).await?;
    let candidates = known.iter().map(|one| Candidate {
        key: one.row,
        distinct: one.distinct,
        words: one.measure.words as usize,
    });
    let rows = sample(candidates, spec.limit, spec.seed);
    let of: BTreeMap<i64, Measure> = known.iter().map(|one| (one.row, one.measure)).collect();
    let utterances: Vec<Measure> = rows.iter().filter_map(|row| of.get(row).copied()).collect();
    let key = &ready.corpus.key;
    let data = format!(
        "{}:{} {}, {} of {} utterances, seed {}",
        key.dataset,
        key.subset,
        key.split,
        rows.len(),
        known.len(),
        spec.seed
    );
    let interrupt = Interrupt::listen();
    let arms = Arms::new(&ready, &store, context, &interrupt);
    let mut sweep = Sweep { args, spec: &spec, rule, rows: &rows, utterances, arms, begun };
    let ranking = sweep.run(&data).await?;
    let Some(ranking) = ranking else {
        store.close().await?;
        context
            .note("interrupted: what was finished is stored; the same command goes on from here");
        return Ok(ExitStatus::Interrupted);
    };
    store.close().await?;
    let format = match args.format {
        TableFormat::Table => Format::Table,
        TableFormat::Json => Format::Json,
        TableFormat::Csv => Format::Csv,
        TableFormat::Md => Format::Markdown,
    };
    out.write_all(render(&ranking, format).as_bytes())?;
    out.flush()?;
    if let Some(best) = ranking.rows.iter().find(|row| row.rank == Some(1)) {
        context
            .note(&format!("the first of them: gec run {}", command(&spec, &best.arm).join(" ")));
    }
    let failed = ranking.rows.iter().any(|row| row.failed > 0);
    Ok((!failed).into())
}

/// The arguments of `gec run` for an arm.
fn command(spec: &Spec, arm: &Arm) -> Vec<String> {
    let mut arguments = vec![format!("--dataset={}", spec.dataset)];
    arguments.extend(spec.split.iter().map(|split| format!("--split={split}")));
    arguments.extend(arm.arguments());
    arguments
}

/// A sweep at work.
struct Sweep<'a> {
    args: &'a SweepArgs,
    spec: &'a Spec,
    rule: Rule,
    /// The sample: keys in the store, in its order, and what is known of each.
    rows: &'a [i64],
    utterances: Vec<Measure>,
    arms: Arms<'a>,
    begun: Instant,
}

impl Sweep<'_> {
    /// Runs what is to be run and ranks it. `None` where the user interrupted it.
    async fn run(&mut self, data: &str) -> anyhow::Result<Option<Ranking>> {
        let Some((arms, runs)) = self.checked().await? else { return Ok(None) };
        let baseline = self.baseline(&arms)?;
        let mut measured = vec![Measured::default(); arms.len()];
        let mut stopped: Vec<usize> = Vec::new();
        let others = arms.len().saturating_sub(1);
        let schedule = Schedule::new(others, self.rows.len(), self.spec.halving);
        let fates = loop {
            let errors: Vec<Vec<u32>> = measured.iter().map(|one| one.errors.clone()).collect();
            let standing = Standing {
                schedule: &schedule,
                utterances: &self.utterances,
                errors: &errors,
                baseline,
                stopped: &stopped,
                seed: self.spec.seed,
            };
            let now = progress(&standing);
            let Some(first) = now.tasks.first() else { break now.fates };
            let mut task = *first;
            if let Some(left) = self.left() {
                let each: Vec<Option<f64>> = measured.iter().map(each).collect();
                let (fitting, others) = affordable(&now.tasks, &each, left);
                // The baseline is what all is compared with, however long it takes.
                let Some(next) =
                    now.tasks.iter().find(|task| task.arm == baseline).or(fitting.first())
                else {
                    stopped.extend(others.iter().map(|task| task.arm));
                    continue;
                };
                task = *next;
            }
            let done = self.arms.run(&runs[task.arm], &self.rows[..task.to], &self.rule).await?;
            let Some(done) = done else { return Ok(None) };
            measured[task.arm] = Measured { repeats: Vec::new(), ..taken(done) };
        };
        let mut cut = 0;
        for (place, arm) in arms.iter().enumerate() {
            if fates[place] != Fate::Finished || !self.repeats(arm, &runs[place]) {
                continue;
            }
            for more in 1..u64::from(self.spec.repeat) {
                let takes = each(&measured[place]).unwrap_or(0.0) * self.rows.len() as f64;
                if self.left().is_some_and(|left| takes > left) {
                    cut += u64::from(self.spec.repeat) - more;
                    break;
                }
                let mut again = runs[place].clone();
                again.settings.seed = self.spec.seed + more;
                let done = self.arms.run(&again, self.rows, &self.rule).await?;
                let Some(done) = done else { return Ok(None) };
                measured[place].repeats.push(done.errors);
            }
        }
        if cut > 0 {
            self.arms.context.note(&format!("there was no time for {cut} repeats"));
        }
        let results = Results {
            data,
            utterances: &self.utterances,
            arms: &arms,
            measured: &measured,
            fates: &fates,
            baseline,
        };
        let rule = Rule { seed: self.spec.seed, ..self.rule };
        Ok(Some(Ranking::new(&results, &rule)))
    }

    /// Seconds that are left, where there is a limit.
    fn left(&self) -> Option<f64> {
        Some(self.spec.max_seconds? - self.begun.elapsed().as_secs_f64())
    }

    /// The arms that can work, each as a run. A combination of a grid that cannot is left out
    /// with a word; what was written down singly has to work. `None` where the user
    /// interrupted it.
    async fn checked(&mut self) -> anyhow::Result<Option<(Vec<Arm>, Vec<RunArgs>)>> {
        let (mut arms, mut runs) = (Vec::new(), Vec::new());
        for arm in self.spec.arms() {
            let mut arguments = command(self.spec, arm);
            arguments.push(format!("--seed={}", self.spec.seed));
            arguments.push(format!("--label={}", arm.label));
            let args = arms::parse(&arguments, &self.args.model)?;
            match self.arms.open(&args).await {
                Ok(Some(_)) => {
                    arms.push(arm.clone());
                    runs.push(args);
                }
                Ok(None) => return Ok(None),
                Err(error) if arm.from_grid && is_mismatch(&error) => {
                    self.arms.context.note(&format!("left out: {}: {error:#}", arm.label));
                }
                Err(error) => return Err(error.context(format!("arm `{}`", arm.label))),
            }
        }
        Ok(Some((arms, runs)))
    }

    /// Where the baseline is among the arms that can work.
    fn baseline(&self, arms: &[Arm]) -> anyhow::Result<usize> {
        let wanted = &self.spec.arms()[self.spec.baseline()];
        arms.iter().position(|arm| arm.key == wanted.key).ok_or_else(|| {
            let hint = "name an arm that can work, or leave `baseline` out";
            Hinted::new(format!("the baseline `{}` cannot work", wanted.label), hint).into()
        })
    }

    fn repeats(&self, arm: &Arm, args: &RunArgs) -> bool {
        let shows = |name: &String| {
            crate::prompt::Template::load(name).is_ok_and(|template| template.header().examples > 0)
        };
        arm.depends_on_seed(args.prompt.template.as_ref().is_some_and(shows))
    }
}

/// Whether method, template and model do not go together, as a combination may not.
fn is_mismatch(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        matches!(
            cause.downcast_ref(),
            Some(
                CorrectError::WrongTemplate { .. }
                    | CorrectError::Unable { .. }
                    | CorrectError::Prompt(PromptError::NeedsChatTemplate { .. })
            )
        ) || matches!(cause.downcast_ref(), Some(PromptError::NeedsChatTemplate { .. }))
    })
}

/// Seconds that an utterance takes, as far as that is known.
fn each(measured: &Measured) -> Option<f64> {
    (!measured.errors.is_empty()).then(|| measured.seconds / measured.errors.len() as f64)
}

fn taken(done: Done) -> Measured {
    Measured {
        errors: done.errors,
        changed: done.changed,
        failed: done.failed,
        prompt_tokens: done.prompt_tokens,
        output_tokens: done.output_tokens,
        seconds: done.seconds,
        repeats: Vec::new(),
    }
}
