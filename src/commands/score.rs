//! `gec score`: stored corrections under another rule, without a model.

use std::io::Write;

use super::{Context, ExitStatus, report, run_one::Selection};
use crate::{
    cli::score::ScoreArgs,
    store::{RunInfo, Store},
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
    let mut runs = Vec::with_capacity(args.runs.len());
    for selector in &args.runs {
        runs.push(of(store.run(selector).await?, context));
    }
    report::write(&runs, &store, rule, &args.scoring, out).await?;
    store.close().await?;
    Ok(ExitStatus::Done)
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
        method: run.method,
        note,
        selection: Selection::All,
    }
}
