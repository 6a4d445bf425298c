//! `gec correct`: files in, better files out, and a way back.

mod corrector;
mod counts;
mod filter;
mod one_file;
mod revert;
mod show;

use std::{collections::VecDeque, io::Write, path::PathBuf, sync::Arc, time::Instant};

use tokio::{sync::Semaphore, task::JoinHandle};

use self::{
    corrector::Corrector,
    counts::Counts,
    one_file::{Done, Job, State},
};
use super::{
    Context, ExitStatus, Interrupt,
    failure::{self, Hinted},
    progress,
};
use crate::{
    archive::files::{self, Found},
    cli::correct::{CorrectArgs, ProgressFormat},
    store::Store,
};

/// Kibibytes of files that are worked on at the same time.
const MOST_IN_FLIGHT: u32 = 64 << 10;

/// Lines before the share of changed ones says something.
const ENOUGH_LINES: u64 = 200;

/// Runs the verb.
///
/// # Errors
/// Where nothing can be run: unknown names, a model that does not load, a database that
/// cannot be written.
pub(super) async fn run(
    args: &CorrectArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    if args.files.iter().any(|name| name.as_os_str() == "-") {
        if args.files.len() > 1 || args.apply || args.revert {
            return Err(Hinted::new(
                "`-` reads standard input and writes standard output",
                "give `-` alone, without --apply and --revert",
            )
            .into());
        }
        return filter::run(args, context, out).await;
    }
    if args.revert {
        return revert::run(args, context, out).await;
    }
    let interrupt = Interrupt::listen();
    let store = Store::open(&context.db).await?;
    let corrector = Arc::new(Corrector::new(args, &store, context, &interrupt).await?);
    let archive = Archive { args, context, store: &store, corrector: &corrector, interrupt };
    let status = archive.run(out).await;
    // What was answered is kept, whatever became of the files.
    let finished = match Arc::into_inner(corrector) {
        Some(corrector) => corrector.finish().await,
        None => Ok(()),
    };
    let status = status?;
    finished?;
    store.close().await?;
    Ok(status)
}

struct Archive<'a> {
    args: &'a CorrectArgs,
    context: &'a Context,
    store: &'a Store,
    corrector: &'a Arc<Corrector>,
    interrupt: Interrupt,
}

/// Why no more files are begun.
enum Stop {
    Interrupted,
    TooMuch,
}

impl Archive<'_> {
    async fn run(&self, out: &mut dyn Write) -> anyhow::Result<ExitStatus> {
        let started = Instant::now();
        let total = match self.context.progress || self.args.progress == ProgressFormat::Json {
            // A look at the names alone: quick beside what follows.
            true => self.found().count() as u64,
            false => 0,
        };
        let bar = self.args.progress == ProgressFormat::Bar && self.context.progress;
        let bar = progress::bar(bar, "correcting", total, 0);
        let mut telling = progress::Telling::new(self.args.progress == ProgressFormat::Json, total);
        let in_flight = Arc::new(Semaphore::new(MOST_IN_FLIGHT as usize));
        let width = self.args.model.parallel as usize * 2;
        let mut queue: VecDeque<JoinHandle<Done>> = VecDeque::new();
        let mut counts = Counts::default();
        let mut stop = None;
        let mut found = self.found();
        loop {
            while stop.is_none() && queue.len() < width {
                if self.interrupt.is_set() {
                    stop = Some(Stop::Interrupted);
                    break;
                }
                match found.next() {
                    Some(Ok(found)) => queue.push_back(self.begin(found, &in_flight)),
                    Some(Err(error)) => {
                        counts.failed += 1;
                        failure::complain(&error.into());
                    }
                    None => break,
                }
            }
            let Some(next) = queue.pop_front() else { break };
            // A panic would be our mistake; it must not pass for a result.
            let done = next.await?;
            if done.is_interrupted() {
                stop = Some(Stop::Interrupted);
                continue;
            }
            let done = match stop {
                // Begun before it was known.
                Some(Stop::TooMuch) => done.refuse("too many lines of the whole would change"),
                _ => done,
            };
            let (done, error) = self.finish(done).await?;
            if let Some(error) = &error {
                failure::complain(error);
            }
            counts.add(&done);
            bar.inc(1);
            let failed = error.map(|error| error.to_string());
            bar.suspend(|| show::file(&done, failed.as_deref(), self.args.format, out))?;
            telling.tell(counts.files, || self.told(&counts));
            if stop.is_none() && self.is_too_much(&counts) {
                stop = Some(Stop::TooMuch);
            }
        }
        bar.finish_and_clear();
        telling.finish(counts.files, || self.told(&counts));
        let terms = self.corrector.terms();
        let summary = show::Summary {
            counts: &counts,
            counters: self.corrector.counters(),
            seconds: started.elapsed(),
            applied: self.args.apply,
            terms,
            stopped: match stop {
                Some(Stop::Interrupted) => Some("interrupted"),
                Some(Stop::TooMuch) => Some("too many lines would change"),
                None => None,
            },
        };
        show::summary(&summary, self.args.format, out)?;
        out.flush()?;
        self.notes(&counts, stop.as_ref());
        Ok(match stop {
            Some(Stop::Interrupted) => ExitStatus::Interrupted,
            Some(Stop::TooMuch) => ExitStatus::Incomplete,
            None => (counts.failed == 0
                && counts.refused == 0
                && self.corrector.counters().failed() == 0)
                .into(),
        })
    }

    fn found(&self) -> files::Files {
        files::find(self.args.files.iter().cloned(), self.args.shard)
    }

    fn begin(&self, found: Found, in_flight: &Arc<Semaphore>) -> JoinHandle<Done> {
        let job = Job {
            path: found.path,
            format: self.args.input_format,
            column: self.args.column.clone(),
            full_surface: self.args.surface,
            max_change: self.args.max_file_change,
            again: self.args.again,
            corrector: Arc::clone(self.corrector),
            store: self.store.clone(),
        };
        let in_flight = Arc::clone(in_flight);
        tokio::spawn(async move {
            let size = fs_err::metadata(&job.path).map_or(0, |metadata| metadata.len());
            let size = u32::try_from(size >> 10).unwrap_or(u32::MAX).clamp(1, MOST_IN_FLIGHT);
            // Only a closed semaphore refuses, and nobody closes it.
            let _permits = in_flight.acquire_many(size).await;
            job.run().await
        })
    }

    /// Records what was found and, where asked, puts it into the file.
    async fn finish(&self, mut done: Done) -> anyhow::Result<(Done, Option<anyhow::Error>)> {
        let error = match done.take_error() {
            Some(error) => Some(error),
            None => match done.record(self.store, self.args).await {
                Ok(()) => None,
                // Without the database there is no way back, so nothing goes on.
                Err(one_file::Failure::Store(error)) => return Err(error.into()),
                Err(one_file::Failure::File(error)) => {
                    done.state = State::Failed;
                    Some(error.into())
                }
            },
        };
        Ok((done, error))
    }

    fn told(&self, counts: &Counts) -> serde_json::Value {
        serde_json::json!({ "files": counts, "texts": self.corrector.counters().snapshot() })
    }

    fn is_too_much(&self, counts: &Counts) -> bool {
        counts.segments >= ENOUGH_LINES
            && counts.changed as f64 > self.args.max_corpus_change * counts.segments as f64
    }

    fn notes(&self, counts: &Counts, stop: Option<&Stop>) {
        let note = |text: &str| self.context.note(text);
        match stop {
            Some(Stop::Interrupted) => {
                note("interrupted: what was answered is stored; the same command goes on from here")
            }
            Some(Stop::TooMuch) => note(&format!(
                "stopped: {} of {} lines would change, more than {:.0} % (--max-corpus-change); \
                 files that were applied before that stay so, `--revert` puts them back",
                counts.changed,
                counts.segments,
                self.args.max_corpus_change * 100.0
            )),
            None if counts.proposed > 0 && !self.args.apply => {
                note("nothing was written: this was a dry run; `--apply` changes the files");
            }
            None => {}
        }
        if counts.refused > 0 {
            note(&format!(
                "{} files were left alone: more than {:.0} % of their words would change \
                 (--max-file-change)",
                counts.refused,
                self.args.max_file_change * 100.0
            ));
        }
        for line in self.corrector.notes() {
            note(&line);
        }
    }
}

/// A path without links and dots, as text for the database.
fn absolute(path: &std::path::Path) -> std::io::Result<String> {
    let absolute: PathBuf = std::fs::canonicalize(path)?;
    absolute.into_os_string().into_string().map_err(|_| {
        std::io::Error::new(std::io::ErrorKind::InvalidFilename, "the name is not UTF-8")
    })
}
