//! One method over one corpus: what is left to do is done and stored, utterance by utterance.

use std::{sync::Arc, time::Instant};

use tokio::task::JoinSet;

use super::{Context, Interrupt, progress};
use crate::{
    cli::run::RunArgs,
    correct::{CorrectError, Method, Proposal, Verdict},
    datasets::Filter,
    store::{Corpus, CorrectionRow, Run, RunId, RunStatus, Store, StoredUtterance},
};

/// Utterances fetched from the store at a time.
const PAGE: usize = 512;

/// A method, a corpus and the run that holds their result.
pub(super) struct Job {
    /// As the table calls it.
    pub(super) name: String,
    /// What the table says about it.
    pub(super) note: Option<String>,
    pub(super) method: Arc<dyn Method>,
    pub(super) corpus: Corpus,
    pub(super) run: Run,
}

/// The utterances of a corpus that a command is about.
#[derive(Debug, Clone)]
pub(super) enum Selection {
    All,
    /// Store keys, ascending.
    Rows(Vec<i64>),
}

impl Selection {
    pub(super) fn contains(&self, row: i64) -> bool {
        match self {
            Self::All => true,
            Self::Rows(rows) => rows.binary_search(&row).is_ok(),
        }
    }
}

/// What became of a job.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) run: RunId,
    pub(super) selection: Selection,
    pub(super) interrupted: bool,
    pub(super) failed: u64,
    /// Utterances worked on now, and how long that took.
    worked: u64,
    seconds: f64,
    prompt_tokens: u64,
    output_tokens: u64,
    near_ties: u64,
    verdicts: Vec<(Verdict, u64)>,
}

/// Corrects what is left of a job.
pub(super) async fn run(
    job: &Job,
    store: &Store,
    filter: Option<&Filter>,
    args: &RunArgs,
    context: &Context,
    interrupt: &Interrupt,
) -> anyhow::Result<Outcome> {
    let (selection, total) = select(job, store, filter, args.limit).await?;
    let mut outcome = Outcome {
        run: job.run.id,
        selection,
        interrupted: false,
        failed: 0,
        worked: 0,
        seconds: 0.0,
        prompt_tokens: 0,
        output_tokens: 0,
        near_ties: 0,
        verdicts: Vec::new(),
    };
    let title = format!("{} {}:{}", job.name, job.corpus.key.dataset, job.corpus.key.subset);
    let all_done =
        matches!(outcome.selection, Selection::All).then(|| job.run.done.values().sum::<u64>());
    let bar = progress::bar(context.progress, &title, total, all_done.unwrap_or(0));
    let result = work(job, store, args, interrupt, &bar, &mut outcome).await;
    bar.finish_and_clear();
    let status = match (&result, outcome.interrupted) {
        (Err(_), _) => RunStatus::Failed,
        (Ok(()), true) => RunStatus::Interrupted,
        (Ok(()), false) => RunStatus::Finished,
    };
    let finished = store.finish_run(job.run.id, status).await;
    // The first error is the one to tell.
    result?;
    finished?;
    Ok(outcome)
}

/// The utterances that filter and limit leave, and their number.
async fn select(
    job: &Job,
    store: &Store,
    filter: Option<&Filter>,
    limit: Option<usize>,
) -> anyhow::Result<(Selection, u64)> {
    if filter.is_none() && limit.is_none() {
        return Ok((Selection::All, job.corpus.utterances));
    }
    let limit = limit.unwrap_or(usize::MAX);
    let mut rows = Vec::new();
    let mut after = 0;
    while rows.len() < limit {
        let page = store.page(job.corpus.id, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.position;
        let kept = page.iter().filter(|item| filter.is_none_or(|f| f.matches(&item.utterance)));
        rows.extend(kept.map(|item| item.row).take(limit - rows.len()));
    }
    let total = rows.len() as u64;
    Ok((Selection::Rows(rows), total))
}

async fn work(
    job: &Job,
    store: &Store,
    args: &RunArgs,
    interrupt: &Interrupt,
    bar: &indicatif::ProgressBar,
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    let started = Instant::now();
    let writer = store.writer(job.run.id);
    // Enough in flight that the engine always has the next request waiting.
    let width = args.model.parallel as usize * 2;
    let mut in_flight: JoinSet<(StoredUtterance, Result<Proposal, CorrectError>, i64)> =
        JoinSet::new();
    let mut after = 0;
    let mut setup_error = None;
    'pages: loop {
        let page = store.unfinished(job.run.id, after, PAGE, args.retry_errors).await?;
        let Some(last) = page.last() else { break };
        after = last.position;
        if let Selection::Rows(rows) = &outcome.selection
            && rows.last().is_none_or(|&last| page.first().is_some_and(|first| first.row > last))
        {
            break;
        }
        for item in page {
            if !outcome.selection.contains(item.row) {
                continue;
            }
            while in_flight.len() >= width {
                let done = in_flight.join_next().await;
                setup_error = store_one(done, &writer, bar, outcome).await?;
                if setup_error.is_some() {
                    break 'pages;
                }
            }
            if interrupt.is_set() {
                outcome.interrupted = true;
                break 'pages;
            }
            let method = Arc::clone(&job.method);
            in_flight.spawn(async move {
                let started = Instant::now();
                let result = method.propose(&item.utterance).await;
                (item, result, started.elapsed().as_millis() as i64)
            });
        }
    }
    while let Some(done) = in_flight.join_next().await {
        let error = store_one(Some(done), &writer, bar, outcome).await?;
        setup_error = setup_error.or(error);
    }
    writer.finish().await?;
    outcome.seconds = started.elapsed().as_secs_f64();
    match setup_error {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}

type Finished =
    Result<(StoredUtterance, Result<Proposal, CorrectError>, i64), tokio::task::JoinError>;

/// Stores one result. Gives back an error that every utterance would meet.
async fn store_one(
    done: Option<Finished>,
    writer: &crate::store::CorrectionWriter,
    bar: &indicatif::ProgressBar,
    outcome: &mut Outcome,
) -> anyhow::Result<Option<CorrectError>> {
    let Some(done) = done else { return Ok(None) };
    // A panic in a method would be our mistake; it must not pass for a result.
    let (item, result, elapsed_ms) = done?;
    let mut row = match result {
        Ok(proposal) => {
            outcome.prompt_tokens += u64::from(proposal.prompt_tokens);
            outcome.output_tokens += u64::from(proposal.output_tokens);
            outcome.near_ties += u64::from(proposal.near_ties);
            outcome.count(proposal.verdict);
            correction(item.row, proposal)
        }
        Err(error) if error.is_setup() => return Ok(Some(error)),
        Err(error) => {
            tracing::warn!("utterance `{}`: {error}", item.utterance.id);
            outcome.failed += 1;
            outcome.count(Verdict::Failed);
            let one_best = item.utterance.one_best();
            let mut row = CorrectionRow::new(item.row, one_best, Verdict::Failed.as_str());
            row.error = Some(error.to_string());
            row
        }
    };
    row.elapsed_ms = elapsed_ms;
    outcome.worked += 1;
    writer.put(row).await?;
    bar.inc(1);
    Ok(None)
}

fn correction(utterance: i64, proposal: Proposal) -> CorrectionRow {
    let mut row = CorrectionRow::new(utterance, proposal.text, proposal.verdict.as_str());
    row.reason = proposal.reason;
    row.raw = proposal.raw;
    row.logprob = proposal.logprob;
    row.confidences = proposal.confidences;
    row.prompt_tokens = proposal.prompt_tokens;
    row.output_tokens = proposal.output_tokens;
    row.near_ties = proposal.near_ties;
    row
}

impl Outcome {
    fn count(&mut self, verdict: Verdict) {
        match self.verdicts.iter_mut().find(|(known, _)| *known == verdict) {
            Some((_, count)) => *count += 1,
            None => self.verdicts.push((verdict, 1)),
        }
    }
}

/// Tells on stderr what was done now and what it cost.
pub(super) fn summarise(jobs: &[Job], outcomes: &[Outcome], context: &Context) {
    for (job, outcome) in jobs.iter().zip(outcomes) {
        let name = format!("{} on {}:{}", job.name, job.corpus.key.dataset, job.corpus.key.subset);
        if outcome.worked == 0 {
            context.note(&format!("{name}: all stored already, nothing to do"));
            continue;
        }
        let mut line = format!(
            "{name}: {} utterances in {:.1} s ({:.0} a second)",
            outcome.worked,
            outcome.seconds,
            outcome.worked as f64 / outcome.seconds.max(1e-9),
        );
        for (verdict, count) in &outcome.verdicts {
            line.push_str(&format!(", {count} {}", verdict.as_str()));
        }
        if outcome.output_tokens > 0 {
            line.push_str(&format!(
                "; {} prompt and {} output tokens, {} near ties",
                outcome.prompt_tokens, outcome.output_tokens, outcome.near_ties
            ));
        }
        context.note(&line);
    }
    let failed: u64 = outcomes.iter().map(|outcome| outcome.failed).sum();
    if failed > 0 {
        context.note(&format!(
            "{failed} utterances failed and keep their 1-best; `--retry-errors` tries them again"
        ));
    }
}
