//! `gec report`: stored runs for others to see.

use std::{io::Write, path::Path};

use tokio::sync::mpsc;

use super::{
    Context, ExitStatus, export, failure::Hinted, output::NewFile, report, score,
    side_by_side::SideBySide,
};
use crate::{
    cli::{
        export::ExportArgs,
        report::{ReportArgs, ReportFormat},
    },
    correct::Verdict,
    export::Format as ExportFormat,
    report::{
        Format, Report,
        html::{self, Entry, Page},
        junit, render, violations,
    },
    score::Rule,
    store::{CorrectionRow, RunInfo, Store, StoredUtterance},
};

/// Entries that wait to be written.
const WAITING: usize = 64;

/// Runs the verb; without `--output` it writes to `out`.
///
/// # Errors
/// Where a run is unknown, the database cannot be read or the output not be written.
pub(super) async fn run(
    args: &ReportArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    if args.format == ReportFormat::Trn {
        return trn(args, context, out).await;
    }
    let rule = report::rule(&args.rule)?;
    let store = Store::open_existing(&context.db).await?;
    let mut runs = Vec::with_capacity(args.runs.len());
    for selector in &args.runs {
        let run = store.run(selector).await?;
        if runs.iter().all(|known: &RunInfo| known.id != run.id) {
            runs.push(run);
        }
    }
    let mut scored: Vec<report::Scored> =
        runs.iter().map(|run| score::of(run.clone(), context)).collect();
    let refs: Vec<&RunInfo> = runs.iter().collect();
    for (scored, name) in scored.iter_mut().zip(names(&refs)) {
        scored.method = name;
    }
    let rows = report::rows(&scored, &store, rule, args.baseline.as_deref()).await?;
    let found = violations(&rows, &args.fail_if);
    let table = Report::new(&rule, rows);
    let text = match args.format {
        ReportFormat::Html => None,
        ReportFormat::Md => Some(render(&table, Format::Markdown)),
        ReportFormat::Csv => Some(render(&table, Format::Csv)),
        ReportFormat::Json => Some(render(&table, Format::Json)),
        ReportFormat::Junit => Some(junit(&table, &args.fail_if)),
        ReportFormat::Table | ReportFormat::Trn => Some(render(&table, Format::Table)),
    };
    match (text, &args.output) {
        (Some(text), Some(path)) => {
            let mut file = NewFile::create(path)?;
            file.write_all(text.as_bytes())?;
            file.commit()?;
        }
        (Some(text), None) => {
            out.write_all(text.as_bytes())?;
            out.flush()?;
        }
        (None, Some(path)) => {
            let page = page(args, table, &scored, &runs);
            write_page(page, &runs, rule, path, &store).await?;
        }
        (None, None) => {
            let hint = "add `--output report.html`";
            return Err(Hinted::new("a page for the browser needs a file to be in", hint).into());
        }
    }
    store.close().await?;
    for one in &found {
        context.note(&format!("failed: {}", one.message));
    }
    Ok(found.is_empty().into())
}

/// What rows and plots call the runs: methods, told apart where two of one corpus have one.
pub(super) fn names(runs: &[&RunInfo]) -> Vec<String> {
    let of = |run: &RunInfo| {
        let profile = run.parameters.get("profile").and_then(|profile| profile["name"].as_str());
        match profile {
            Some(profile) => format!("{} ({profile})", run.method),
            None => run.method.clone(),
        }
    };
    let twice = |run: &RunInfo| {
        runs.iter()
            .any(|other| other.id != run.id && other.corpus == run.corpus && of(other) == of(run))
    };
    let name = |run: &&RunInfo| match (twice(run), &run.label) {
        (false, _) => of(run),
        (true, Some(label)) => format!("{} {label} #{}", of(run), run.id.0),
        (true, None) => format!("{} #{}", of(run), run.id.0),
    };
    runs.iter().map(name).collect()
}

/// Corrected transcripts, as `gec export` writes them.
async fn trn(
    args: &ReportArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let [run] = &args.runs[..] else {
        let hint = "name a single run";
        return Err(Hinted::new("transcripts are those of one run", hint).into());
    };
    if let Some(condition) = args.fail_if.first() {
        let hint = "use another format beside it";
        return Err(Hinted::new(format!("`{condition}` is not looked at with trn"), hint).into());
    }
    let args = ExportArgs {
        corpus: None,
        run: Some(run.clone()),
        split: None,
        format: ExportFormat::Trn,
        output: args.output.clone(),
        text: None,
    };
    export::run(&args, context, out).await
}

/// Everything about the page but its utterances.
fn page(args: &ReportArgs, table: Report, scored: &[report::Scored], runs: &[RunInfo]) -> Page {
    let data = |run: &RunInfo| data_name(run, runs);
    let mut corpora: Vec<String> = runs.iter().map(data).collect();
    corpora.dedup();
    let title = args.title.clone().unwrap_or_else(|| format!("gec: {}", corpora.join(", ")));
    let of = |(scored, run): (&report::Scored, &RunInfo)| html::Run {
        data: data(run),
        method: scored.method.clone(),
        model: run.model_name.clone(),
        template: run.template_name.clone(),
        profile: run
            .parameters
            .get("profile")
            .and_then(|it| it["name"].as_str())
            .map(str::to_owned),
        settings: run.parameters.clone(),
        facts: [
            ("run", run.id.0.to_string()),
            ("label", run.label.clone().unwrap_or_default()),
            ("split", run.split.clone()),
            ("status", run.status.clone()),
            ("made by", format!("gec {}", run.version)),
        ]
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (name.to_owned(), value))
        .collect(),
    };
    let notes = scored.iter().filter_map(|scored| scored.note.clone());
    Page {
        title,
        date: format!("{:.0}", jiff::Timestamp::now()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        runs: scored.iter().zip(runs).map(of).collect(),
        notes: notes.collect(),
        report: table,
    }
}

/// As rows name a corpus.
fn data_name(run: &RunInfo, runs: &[RunInfo]) -> String {
    fn part(run: &RunInfo) -> (&str, &str) {
        (&run.dataset, &run.split)
    }
    match report::named(&run.subset, part(run), runs.iter().map(part)).as_str() {
        "" => run.dataset.clone(),
        subset => format!("{}:{subset}", run.dataset),
    }
}

/// Writes the page on a thread of its own while the store is read here.
async fn write_page(
    page: Page,
    runs: &[RunInfo],
    rule: Rule,
    path: &Path,
    store: &Store,
) -> anyhow::Result<()> {
    let (sender, mut receiver) = mpsc::channel::<Entry>(WAITING);
    let mut file = NewFile::create(path)?;
    let writer = tokio::task::spawn_blocking(move || {
        let entries = std::iter::from_fn(|| receiver.blocking_recv());
        html::write(&page, entries, &mut file)?;
        Ok::<_, std::io::Error>(file)
    });
    let read = send_entries(runs, rule, path.parent(), store, sender).await;
    let file = writer.await??;
    read?;
    Ok(file.commit()?)
}

async fn send_entries(
    runs: &[RunInfo],
    rule: Rule,
    base: Option<&Path>,
    store: &Store,
    sender: mpsc::Sender<Entry>,
) -> anyhow::Result<()> {
    let mut corpora = Vec::new();
    for run in runs {
        if !corpora.contains(&run.corpus) {
            corpora.push(run.corpus);
        }
    }
    for corpus in corpora {
        let places: Vec<usize> =
            (0..runs.len()).filter(|&place| runs[place].corpus == corpus).collect();
        let ids: Vec<_> = places.iter().map(|&place| runs[place].id).collect();
        let name = data_name(&runs[places[0]], runs);
        let mut rows = SideBySide::open(&ids, store).await?;
        while let Some((stored, corrections)) = rows.next().await? {
            let entry = entry(&name, stored, &places, corrections, rule, base);
            if sender.send(entry).await.is_err() {
                // The writer has failed; it says why.
                return Ok(());
            }
        }
    }
    Ok(())
}

fn entry(
    data: &str,
    stored: StoredUtterance,
    places: &[usize],
    corrections: Vec<Option<CorrectionRow>>,
    rule: Rule,
    base: Option<&Path>,
) -> Entry {
    let mut entry = Entry::new(data, &stored.utterance, rule.normalizer);
    entry.audio = entry.audio.map(|audio| relative(&audio, base));
    for (&place, correction) in places.iter().zip(corrections) {
        let Some(one) = correction else { continue };
        let verdict = Verdict::named(&one.verdict).unwrap_or(Verdict::Kept);
        let answer = entry.answer(place, verdict, &one.text, rule.normalizer);
        answer.reason = one.reason.or(one.error);
        answer.raw = one.raw;
        answer.confidences = one.confidences;
        answer.tokens = u64::from(one.prompt_tokens) + u64::from(one.output_tokens);
        answer.milliseconds = (one.elapsed_ms > 0).then_some(one.elapsed_ms as f64);
    }
    entry
}

/// A recording's path as seen from the page's folder, where it lies below that.
fn relative(audio: &str, base: Option<&Path>) -> String {
    let base = base.and_then(|base| fs_err::canonicalize(base).ok());
    let path = fs_err::canonicalize(audio).ok();
    match (base, path) {
        (Some(base), Some(path)) => match path.strip_prefix(&base) {
            Ok(inside) => inside.display().to_string(),
            Err(_) => path.display().to_string(),
        },
        _ => audio.to_owned(),
    }
}
