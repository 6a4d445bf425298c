//! `gec score`: stored corrections under another rule, without a model.

use std::io::Write;

use super::{
    Context, ExitStatus, report, run_one::Selection, show_report::names, side_by_side::SideBySide,
};
use crate::{
    cli::score::ScoreArgs,
    glossary::Glossary,
    store::{RunId, RunInfo, Store},
};

/// Runs the verb and writes the table to `out`.
///
/// # Errors
/// Where a run is unknown or the database cannot be read.
pub(super) async fn run(
    args: &ScoreArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let rule = report::rule(&args.scoring.rule)?;
    let store = Store::open_existing(&context.db).await?;
    let mut found: Vec<RunInfo> = Vec::with_capacity(args.runs.len());
    for selector in &args.runs {
        let run = store.run(selector).await?;
        if found.iter().all(|known| known.id != run.id) {
            found.push(run);
        }
    }
    let named = names(&found.iter().collect::<Vec<_>>());
    let scored = |(run, method)| report::Scored { method, ..of(run, context) };
    let runs: Vec<report::Scored> = found.into_iter().zip(named).map(scored).collect();
    report::write(&runs, &store, rule, &args.scoring, out).await?;
    if let Some(path) = &args.glossary {
        let glossary = Glossary::load(path)?;
        for run in &runs {
            let (said, before, after) = recall(run.run, &glossary, &store).await?;
            context.note(&format!(
                "{}: {said} terms of the glossary were said, {before} of them are in the 1-best and \
                 {after} in the corrected texts",
                run.method
            ));
        }
    }
    store.close().await?;
    Ok(ExitStatus::Done)
}

/// How many terms the references of a run have, and how many of those its 1-best and its
/// corrected texts.
async fn recall(run: RunId, glossary: &Glossary, store: &Store) -> anyhow::Result<(u64, u64, u64)> {
    let mut rows = SideBySide::open(&[run], store).await?;
    let mut sums = (0, 0, 0);
    while let Some((stored, corrections)) = rows.next().await? {
        let utterance = &stored.utterance;
        let (Some(reference), Some(Some(one))) = (&utterance.reference, corrections.first()) else {
            continue;
        };
        let (before, said) = glossary.recalled(reference, utterance.one_best());
        let (after, _) = glossary.recalled(reference, &one.text);
        sums = (sums.0 + said, sums.1 + before, sums.2 + after);
    }
    Ok(sums)
}

/// A stored run as one to be scored. Tells where it is not whole.
pub(super) fn of(run: RunInfo, context: &Context) -> report::Scored {
    let done: u64 = run.done.values().sum();
    if done < run.utterances {
        context.note(&format!(
            "run {} is {}: {done} of {} utterances are scored",
            run.id.0, run.status, run.utterances
        ));
    }
    let note = ["profile", "cross_tune"]
        .iter()
        .find_map(|kind| run.parameters.get(kind)?.get("note")?.as_str())
        .map(str::to_owned);
    report::Scored {
        run: run.id,
        dataset: run.dataset,
        subset: run.subset,
        split: run.split,
        method: run.method,
        note,
        selection: Selection::All,
    }
}
