//! `gec correct -`: records from standard input to standard output, one out for each one in,
//! in the order they came. What cannot be corrected goes through as it is.

use std::{
    collections::VecDeque,
    io::{BufRead as _, Write},
    sync::Arc,
};

use tokio::{sync::mpsc, task::JoinHandle};

use super::corrector::{Corrector, Halt};
use crate::{
    archive::files::Shard,
    cli::correct::{CorrectArgs, ProgressFormat},
    commands::{Context, ExitStatus, Interrupt, failure::Hinted, progress::Telling},
    document::{Document, DocumentFormat, ReadOptions, Segment},
    edits::{self, Surface},
    store::Store,
};

/// Lines that are looked up and asked about together, where so many wait.
const GROUP: usize = 64;

/// Groups that are worked on at the same time.
const GROUPS: usize = 8;

/// Formats in which a line is a record by itself.
const BY_LINE: [DocumentFormat; 3] =
    [DocumentFormat::Jsonl, DocumentFormat::Text, DocumentFormat::Trn];

/// Runs the verb.
pub(super) async fn run(
    args: &CorrectArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let format = args.input_format.unwrap_or(DocumentFormat::Jsonl);
    if !BY_LINE.contains(&format) {
        return Err(Hinted::new(
            format!("standard input cannot be {format}: a line of it is no record by itself"),
            "use jsonl, text or trn there, or name the file",
        )
        .into());
    }
    if args.context_window > 0 || args.join {
        return Err(Hinted::new(
            "records from standard input have no neighbours",
            "leave --context-window and --join out, or name the file",
        )
        .into());
    }
    let interrupt = Interrupt::listen();
    let store = Store::open(&context.db).await?;
    let corrector = Arc::new(Corrector::new(args, &store, context, &interrupt).await?);
    let lines = Lines {
        format,
        options: ReadOptions { column: args.column.clone() },
        surface: if args.surface { Surface::Full } else { Surface::Words },
        shard: args.shard,
    };
    let told = args.progress == ProgressFormat::Json;
    let result = stream(&corrector, Arc::new(lines), &interrupt, told, out).await;
    let (status, notes) = match result {
        Ok(totals) => {
            let bad = totals.bad + corrector.counters().failed();
            (Ok(if totals.interrupted { ExitStatus::Interrupted } else { (bad == 0).into() }), {
                let mut notes = corrector.notes();
                if totals.bad > 0 {
                    notes.push(format!(
                        "{} lines were not understood and went through as they are",
                        totals.bad
                    ));
                }
                notes
            })
        }
        Err(error) => (Err(error), Vec::new()),
    };
    if let Some(corrector) = Arc::into_inner(corrector) {
        corrector.finish().await?;
    }
    for note in notes {
        context.note(&note);
    }
    let status = status?;
    store.close().await?;
    Ok(status)
}

#[derive(Default)]
struct Totals {
    /// Lines that were not understood.
    bad: u64,
    interrupted: bool,
}

/// What lines are.
struct Lines {
    format: DocumentFormat,
    options: ReadOptions,
    surface: Surface,
    shard: Option<Shard>,
}

/// A line with its line end, and its number from 1.
type Line = (u64, Vec<u8>);

async fn stream(
    corrector: &Arc<Corrector>,
    lines: Arc<Lines>,
    interrupt: &Interrupt,
    told: bool,
    out: &mut dyn Write,
) -> anyhow::Result<Totals> {
    let (sender, mut receiver) = mpsc::channel::<std::io::Result<Line>>(GROUP * GROUPS);
    // A thread of its own: reading blocks, and nothing wakes it when we are done.
    std::thread::spawn(move || read(&sender));
    let mut telling = Telling::new(told, 0);
    let mut queue: VecDeque<JoinHandle<Result<Group, Halt>>> = VecDeque::new();
    let mut totals = Totals::default();
    let (mut ended, mut written) = (false, 0_u64);
    loop {
        // What is done goes out before more is begun: somebody may be waiting for it.
        while queue.len() >= GROUPS || queue.front().is_some_and(JoinHandle::is_finished) || ended {
            let Some(next) = queue.pop_front() else { break };
            match next.await? {
                Ok(group) => {
                    totals.bad += group.bad;
                    written += group.lines;
                    out.write_all(&group.bytes)?;
                    out.flush()?;
                    telling.tell(
                        written,
                        || serde_json::json!({ "texts": corrector.counters().snapshot() }),
                    );
                }
                // What was not asked is not written: the input is still there.
                Err(Halt::Interrupted) => {
                    totals.interrupted = true;
                    ended = true;
                    queue.clear();
                }
                Err(error) => return Err(error.into()),
            }
        }
        if ended {
            break;
        }
        let first = tokio::select! {
            line = receiver.recv() => line,
            () = interrupt.wait() => { totals.interrupted = true; ended = true; continue; }
            () = finished(queue.front()) => continue,
        };
        let mut group = Vec::new();
        match first {
            None => ended = true,
            Some(line) => group.push(line?),
        }
        while group.len() < GROUP && !ended {
            match receiver.try_recv() {
                Ok(line) => group.push(line?),
                Err(_) => break,
            }
        }
        if !group.is_empty() {
            let (corrector, lines) = (Arc::clone(corrector), Arc::clone(&lines));
            queue.push_back(tokio::spawn(async move { lines.correct(group, &corrector).await }));
        }
    }
    telling.finish(written, || serde_json::json!({ "texts": corrector.counters().snapshot() }));
    Ok(totals)
}

/// Returns when the task has ended; never without a task.
async fn finished(task: Option<&JoinHandle<Result<Group, Halt>>>) {
    match task {
        Some(task) => {
            while !task.is_finished() {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        }
        None => std::future::pending().await,
    }
}

fn read(sender: &mpsc::Sender<std::io::Result<Line>>) {
    let mut input = std::io::stdin().lock();
    let mut number = 0;
    loop {
        let mut line = Vec::new();
        let read = input.read_until(b'\n', &mut line);
        number += 1;
        let item = match read {
            Ok(0) => return,
            Ok(_) => Ok((number, line)),
            Err(error) => Err(error),
        };
        let failed = item.is_err();
        if sender.blocking_send(item).is_err() || failed {
            return;
        }
    }
}

/// Lines as they go out.
struct Group {
    bytes: Vec<u8>,
    lines: u64,
    bad: u64,
}

/// What became of a line before anything was asked.
enum Read {
    /// Its record.
    Record(Document),
    /// It goes through as it is.
    AsItIs(Vec<u8>),
    /// It belongs to another shard.
    Elsewhere,
}

impl Lines {
    async fn correct(&self, group: Vec<Line>, corrector: &Corrector) -> Result<Group, Halt> {
        let mut bad = 0;
        let read: Vec<Read> = group.into_iter().map(|line| self.read(line, &mut bad)).collect();
        let segments: Vec<Segment> = read
            .iter()
            .filter_map(|read| match read {
                Read::Record(document) => document.segments().first().cloned(),
                Read::AsItIs(_) | Read::Elsewhere => None,
            })
            .collect();
        let mut outcomes = corrector.correct(&segments).await?.into_iter();
        let mut out = Group { bytes: Vec::new(), lines: 0, bad };
        for read in read {
            match read {
                Read::Elsewhere => continue,
                Read::AsItIs(line) => out.bytes.extend(line),
                Read::Record(document) => {
                    let Some(outcome) = outcomes.next() else { continue };
                    let edits: Vec<_> = document
                        .segments()
                        .iter()
                        .flat_map(|segment| edits::between(segment, &outcome.text, self.surface))
                        .map(|edit| edit.of_segment(0))
                        .collect();
                    match document.render(&edits) {
                        Ok(bytes) => out.bytes.extend(bytes),
                        Err(error) => {
                            tracing::warn!("{error}");
                            out.bad += 1;
                            out.bytes.extend(document.bytes());
                        }
                    }
                }
            }
            out.lines += 1;
        }
        Ok(out)
    }

    fn read(&self, (number, line): Line, bad: &mut u64) -> Read {
        let content = line.trim_ascii();
        if self.shard.is_some_and(|shard| !shard.holds(content)) {
            return Read::Elsewhere;
        }
        if content.is_empty() {
            return Read::AsItIs(line);
        }
        match Document::parse(line.clone(), self.format, &self.options) {
            Ok(document) if document.segments().len() == 1 && document.warnings().is_empty() => {
                Read::Record(document)
            }
            Ok(document) => {
                let message = document.warnings().first().map(|warning| warning.message.clone());
                tracing::warn!(
                    "line {number}: {}",
                    message.unwrap_or_else(|| "it holds no text".into())
                );
                *bad += 1;
                Read::AsItIs(line)
            }
            Err(error) => {
                tracing::warn!("line {number}: {error}");
                *bad += 1;
                Read::AsItIs(line)
            }
        }
    }
}
