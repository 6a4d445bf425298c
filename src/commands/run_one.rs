//! The methods of a command over one corpus: what is left to do is done and stored, utterance
//! by utterance. Each utterance is read once and all methods work on it at the same time, so
//! that they share what was heard of it and the beginnings of their prompts.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use tokio::task::JoinSet;

use super::{Context, Interrupt, progress};
use crate::{
    cli::run::RunArgs,
    correct::{CorrectError, Method, Proposal, Verdict},
    datasets::Filter,
    store::{
        Corpus, CorrectionRow, CorrectionWriter, Run, RunId, RunStatus, Store, StoredUtterance,
    },
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
    /// Utterances worked on now.
    pub(super) worked: u64,
    /// How long that took, together with the other methods of the corpus.
    pub(super) seconds: f64,
    /// How many methods that were.
    together: usize,
    prompt_tokens: u64,
    output_tokens: u64,
    near_ties: u64,
    verdicts: Vec<(Verdict, u64)>,
}

/// Corrects what is left of the jobs of one corpus; an outcome for each.
pub(super) async fn run(
    jobs: &[&Job],
    store: &Store,
    (selection, total): (Selection, u64),
    args: &RunArgs,
    context: &Context,
    interrupt: &Interrupt,
) -> anyhow::Result<Vec<Outcome>> {
    let Some(first) = jobs.first() else { return Ok(Vec::new()) };
    let mut outcomes: Vec<Outcome> = jobs
        .iter()
        .map(|job| Outcome {
            run: job.run.id,
            selection: selection.clone(),
            interrupted: false,
            failed: 0,
            worked: 0,
            seconds: 0.0,
            together: 1,
            prompt_tokens: 0,
            output_tokens: 0,
            near_ties: 0,
            verdicts: Vec::new(),
        })
        .collect();
    let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
    let corpus = &first.corpus.key;
    let title = format!("{} {}:{}", names.join(","), corpus.dataset, corpus.subset);
    let done = || jobs.iter().flat_map(|job| job.run.done.values()).sum::<u64>();
    let all_done = matches!(selection, Selection::All).then(done);
    let total = total * jobs.len() as u64;
    let bar = progress::bar(context.progress, &title, total, all_done.unwrap_or(0));
    let work = Work { jobs, store, args, interrupt, bar: &bar, selection: &selection };
    let result = work.run(&mut outcomes).await;
    bar.finish_and_clear();
    for (job, outcome) in jobs.iter().zip(&outcomes) {
        let status = match (&result, outcome.interrupted) {
            (Err(_), _) => RunStatus::Failed,
            (Ok(()), true) => RunStatus::Interrupted,
            (Ok(()), false) => RunStatus::Finished,
        };
        let finished = store.finish_run(job.run.id, status).await;
        // The first error is the one to tell.
        if result.is_ok() {
            finished?;
        }
    }
    result?;
    Ok(outcomes)
}

/// The utterances that filter and limit leave, and their number.
pub(super) async fn select(
    corpus: &Corpus,
    store: &Store,
    filter: Option<&Filter>,
    limit: Option<usize>,
) -> anyhow::Result<(Selection, u64)> {
    if filter.is_none() && limit.is_none() {
        return Ok((Selection::All, corpus.utterances));
    }
    let limit = limit.unwrap_or(usize::MAX);
    let mut rows = Vec::new();
    let mut after = 0;
    while rows.len() < limit {
        let page = store.page(corpus.id, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.position;
        let kept = page.iter().filter(|item| filter.is_none_or(|f| f.matches(&item.utterance)));
        rows.extend(kept.map(|item| item.row).take(limit - rows.len()));
    }
    let total = rows.len() as u64;
    Ok((Selection::Rows(rows), total))
}

/// What the work on one corpus needs.
struct Work<'a> {
    jobs: &'a [&'a Job],
    store: &'a Store,
    args: &'a RunArgs,
    interrupt: &'a Interrupt,
    bar: &'a indicatif::ProgressBar,
    selection: &'a Selection,
}

/// An utterance, and the places of the jobs that lack it.
type Todo = (Arc<StoredUtterance>, Vec<usize>);

impl Work<'_> {
    async fn run(&self, outcomes: &mut [Outcome]) -> anyhow::Result<()> {
        let started = Instant::now();
        let writers: Vec<CorrectionWriter> =
            self.jobs.iter().map(|job| self.store.writer(job.run.id)).collect();
        // Enough in flight that the engine always has the next request waiting.
        let width = self.args.model.parallel as usize * 2;
        let mut in_flight: JoinSet<Answer> = JoinSet::new();
        let mut after = Some(0);
        let mut setup_error = None;
        'pages: while let Some(from) = after {
            let (page, next) = self.page(from).await?;
            after = next;
            if let (Selection::Rows(rows), Some((first, _))) = (self.selection, page.first())
                && rows.last().is_none_or(|&last| first.row > last)
            {
                break;
            }
            for (item, lacking) in page {
                if !self.selection.contains(item.row) {
                    continue;
                }
                for place in lacking {
                    while in_flight.len() >= width {
                        let done = in_flight.join_next().await;
                        setup_error = self.store_one(done, &writers, outcomes).await?;
                        if setup_error.is_some() {
                            break 'pages;
                        }
                    }
                    if self.interrupt.is_set() {
                        outcomes.iter_mut().for_each(|outcome| outcome.interrupted = true);
                        break 'pages;
                    }
                    let (method, item) = (Arc::clone(&self.jobs[place].method), Arc::clone(&item));
                    in_flight.spawn(async move {
                        let started = Instant::now();
                        let result = method.propose(&item.utterance).await;
                        let elapsed_ms = started.elapsed().as_millis() as i64;
                        Answer { place, item, result, elapsed_ms }
                    });
                }
            }
        }
        while let Some(done) = in_flight.join_next().await {
            let error = self.store_one(Some(done), &writers, outcomes).await?;
            setup_error = setup_error.or(error);
        }
        for writer in writers {
            writer.finish().await?;
        }
        let seconds = started.elapsed().as_secs_f64();
        let together = outcomes.iter().filter(|outcome| outcome.worked > 0).count();
        for outcome in outcomes {
            (outcome.seconds, outcome.together) = (seconds, together);
        }
        match setup_error {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// What is left to do behind position `after`, and from where to go on; `None` at the end.
    async fn page(&self, after: i64) -> anyhow::Result<(Vec<Todo>, Option<i64>)> {
        let mut merged: BTreeMap<i64, Todo> = BTreeMap::new();
        // A job whose page is full may lack more behind its last utterance.
        let mut known_up_to: Option<i64> = None;
        for (place, job) in self.jobs.iter().enumerate() {
            let retry = self.args.retry_errors;
            let page = self.store.unfinished(job.run.id, after, PAGE, retry).await?;
            if let Some(last) = page.last().filter(|_| page.len() == PAGE) {
                let up_to = known_up_to.unwrap_or(i64::MAX).min(last.position);
                known_up_to = Some(up_to);
            }
            for item in page {
                let entry = merged.entry(item.position);
                entry.or_insert_with(|| (Arc::new(item), Vec::new())).1.push(place);
            }
        }
        if let Some(up_to) = known_up_to {
            merged.retain(|position, _| *position <= up_to);
        }
        Ok((merged.into_values().collect(), known_up_to))
    }

    /// Stores one result. Gives back an error that every utterance would meet.
    async fn store_one(
        &self,
        done: Option<Result<Answer, tokio::task::JoinError>>,
        writers: &[CorrectionWriter],
        outcomes: &mut [Outcome],
    ) -> anyhow::Result<Option<CorrectError>> {
        let Some(done) = done else { return Ok(None) };
        // A panic in a method would be our mistake; it must not pass for a result.
        let Answer { place, item, result, elapsed_ms } = done?;
        let outcome = &mut outcomes[place];
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
        writers[place].put(row).await?;
        self.bar.inc(1);
        Ok(None)
    }
}

/// What one method made of one utterance.
struct Answer {
    place: usize,
    item: Arc<StoredUtterance>,
    result: Result<Proposal, CorrectError>,
    elapsed_ms: i64,
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
        let mut line = match outcome.together {
            1 => format!(
                "{name}: {} utterances in {:.1} s ({:.0} a second)",
                outcome.worked,
                outcome.seconds,
                outcome.worked as f64 / outcome.seconds.max(1e-9),
            ),
            methods => format!(
                "{name}: {} utterances in {:.1} s, side by side with {}",
                outcome.worked,
                outcome.seconds,
                match methods - 1 {
                    1 => "another method".to_owned(),
                    others => format!("{others} other methods"),
                },
            ),
        };
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
