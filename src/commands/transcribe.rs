//! `gec transcribe`: recordings to N-best lists in the store.

use std::{io::Write, sync::Arc};

use serde::Serialize;

use super::{
    Context, ExitStatus, Interrupt,
    failure::Hinted,
    first_pass::{self, Listener, Task},
};
use crate::{
    audio::{AudioItem, inputs},
    cli::{TableFormat, transcribe::TranscribeArgs},
    corpus::References,
    score,
    store::{Corpus, FirstPassTotals, Store},
};

/// What is printed.
#[derive(Debug, Serialize)]
struct Summary {
    dataset: String,
    recordings: u64,
    failed: u64,
    utterances: u64,
    audio_seconds: f64,
    /// Distinct hypotheses of an utterance on average.
    hypotheses: f64,
    posterior_bytes: u64,
    /// Bytes of posteriors for a second of audio.
    posterior_bytes_per_second: f64,
    /// Seconds of work, all workers together, for a second of audio.
    work_per_audio: Option<f64>,
    /// Word error rates in percent, raw words, over the whole corpus; where references are.
    wer_percent: Option<Rates>,
}

#[derive(Debug, Serialize)]
struct Rates {
    one_best: f64,
    oracle: f64,
    utterances: u64,
    words: u64,
}

/// Runs the verb and writes the summary to `out`.
///
/// # Errors
/// Where nothing can be run: no recordings, no `gec-whisper`, a model that does not load,
/// a database that cannot be written.
pub async fn run(
    args: &TranscribeArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let interrupt = Interrupt::listen();
    let (items, bad) = gather(args, context)?;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => first_pass::corpus_name(&args.paths[0]),
    };
    let store = Store::open(&context.db).await?;
    let listener = Arc::new(Listener::start(&args.asr, &store, context).await?);
    let task = Task {
        dataset: name,
        subset: String::new(),
        split: String::new(),
        source: args.paths.join(" "),
        items,
        retry_errors: args.retry_errors,
    };
    let dataset = task.dataset.clone();
    let outcome = listener.run(task, &store, context, &interrupt).await?;
    let Some(corpus) = &outcome.corpus else {
        store.close().await?;
        context.note("interrupted: what was heard is stored; the same command goes on from here");
        return Ok(ExitStatus::Interrupted);
    };
    first_pass::tell(&dataset, &outcome, context);
    let summary = summarise(corpus, &outcome.totals, &store).await?;
    write(&summary, args.format, out)?;
    store.close().await?;
    let whole = bad == 0 && outcome.totals.failed == 0;
    Ok(whole.into())
}

/// The recordings that were named, and how many lines or paths could not be used.
fn gather(args: &TranscribeArgs, context: &Context) -> anyhow::Result<(Vec<AudioItem>, u64)> {
    let references = args.references.as_deref().map(References::read).transpose()?;
    let (mut items, mut bad) = (Vec::new(), 0);
    for item in inputs::open(args.paths.iter().map(Into::into)) {
        match item {
            Ok(item) => items.push(item),
            Err(error) => {
                bad += 1;
                context.note(&format!("warning: {error}"));
            }
        }
    }
    if let Some(references) = &references {
        join(&mut items, references, context);
    }
    if items.is_empty() {
        return Err(Hinted::new(
            "there is nothing to listen to",
            "name audio files, folders with them, or a manifest; `gec transcribe --help` shows examples",
        )
        .into());
    }
    Ok((items, bad))
}

/// Gives each recording its reference; one that a manifest has stays.
fn join(items: &mut [AudioItem], references: &References, context: &Context) {
    let mut missing = 0;
    for item in items.iter_mut().filter(|item| item.reference.is_none()) {
        item.reference = references.get(&item.id).map(str::to_owned);
        missing += u64::from(item.reference.is_none());
    }
    if missing > 0 {
        let all = items.len();
        context.note(&format!("warning: {missing} of {all} recordings are not in the references"));
    }
}

async fn summarise(
    corpus: &Corpus,
    totals: &FirstPassTotals,
    store: &Store,
) -> anyhow::Result<Summary> {
    let (mut hypotheses, mut after) = (0, 0);
    let (mut scored, mut words, mut errors, mut oracle) = (0_u64, 0_u64, 0_u64, 0_u64);
    loop {
        let page = store.page(corpus.id, after, 1024).await?;
        let Some(last) = page.last() else { break };
        after = last.position;
        for item in &page {
            hypotheses += item.utterance.nbest.len();
            let Some(reference) = &item.utterance.reference else { continue };
            let counts: Vec<u64> = item
                .utterance
                .nbest
                .iter()
                .map(|hypothesis| score::word_counts(reference, &hypothesis.text).errors())
                .collect();
            scored += 1;
            words += reference.split_whitespace().count() as u64;
            errors += counts.first().copied().unwrap_or_default();
            oracle += counts.iter().copied().min().unwrap_or_default();
        }
    }
    let rate = |errors: u64| 100.0 * errors as f64 / words as f64;
    let audio_seconds = totals.audio_ms as f64 / 1000.0;
    Ok(Summary {
        dataset: corpus.key.dataset.clone(),
        recordings: totals.recordings,
        failed: totals.failed,
        utterances: corpus.utterances,
        audio_seconds,
        hypotheses: hypotheses as f64 / (corpus.utterances as f64).max(1.0),
        posterior_bytes: totals.posterior_bytes,
        posterior_bytes_per_second: totals.posterior_bytes as f64 / audio_seconds.max(1e-9),
        // Where nothing was heard there is no rate.
        work_per_audio: (totals.audio_ms > 0)
            .then(|| totals.elapsed_ms as f64 / totals.audio_ms as f64),
        wer_percent: (words > 0).then(|| Rates {
            one_best: rate(errors),
            oracle: rate(oracle),
            utterances: scored,
            words,
        }),
    })
}

fn write(summary: &Summary, format: TableFormat, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut rows = vec![
        ("corpus", summary.dataset.clone()),
        ("recordings", format!("{} ({} failed)", summary.recordings, summary.failed)),
        ("utterances", summary.utterances.to_string()),
        ("audio", format!("{:.1} s", summary.audio_seconds)),
        ("hypotheses an utterance", format!("{:.2}", summary.hypotheses)),
        (
            "posteriors",
            format!(
                "{} bytes, {:.0} for a second of audio",
                summary.posterior_bytes, summary.posterior_bytes_per_second
            ),
        ),
        (
            "seconds of work for a second of audio",
            summary.work_per_audio.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.3}")),
        ),
    ];
    if let Some(rates) = &summary.wer_percent {
        rows.push(("1-best WER", format!("{:.2} %", rates.one_best)));
        rows.push(("oracle WER", format!("{:.2} %", rates.oracle)));
        rows.push((
            "rule",
            format!(
                "normaliser none, words by white space, whole corpus ({} utterances, {} words)",
                rates.utterances, rates.words
            ),
        ));
    }
    match format {
        TableFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, summary)?;
            writeln!(out)?;
        }
        TableFormat::Csv => {
            let mut writer = csv::Writer::from_writer(&mut *out);
            writer.write_record(rows.iter().map(|(name, _)| name))?;
            writer.write_record(rows.iter().map(|(_, value)| value))?;
            writer.flush()?;
        }
        TableFormat::Md => {
            writeln!(out, "| | |\n|---|---|")?;
            for (name, value) in &rows {
                writeln!(out, "| {name} | {} |", value.replace('|', "\\|"))?;
            }
        }
        TableFormat::Table => {
            let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
            for (name, value) in &rows {
                writeln!(out, "{name:<width$}  {}", super::runs::printable(value))?;
            }
        }
    }
    Ok(())
}
