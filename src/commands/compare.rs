//! `gec compare`: stored runs side by side.

use std::io::Write;

use super::{
    Context, ExitStatus,
    failure::Hinted,
    report, runs,
    side_by_side::{self, SideBySide},
};
use crate::{
    cli::compare::{CompareArgs, ComparisonFormat},
    compare::{Comparison, Item, Limits, render_markdown, render_table},
    score::Rule,
    store::{RunInfo, Store},
};

/// What stands for the recogniser's own text among runs.
const ONE_BEST: &str = "1best";

/// Runs the verb and writes the comparison to `out`.
///
/// # Errors
/// Where a run is unknown, the runs are not over one corpus, or the database cannot be read.
pub(super) async fn run(
    args: &CompareArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let rule = report::rule(&args.rule)?;
    let store = Store::open_existing(&context.db).await?;
    let mut sides: Vec<Option<RunInfo>> = Vec::with_capacity(args.runs.len());
    for selector in &args.runs {
        let side = match selector.as_str() {
            ONE_BEST => None,
            _ => Some(store.run(selector).await?),
        };
        let id = |side: &Option<RunInfo>| side.as_ref().map(|run| run.id);
        if !sides.iter().any(|known| id(known) == id(&side)) {
            sides.push(side);
        }
    }
    if sides.iter().all(Option::is_none) {
        let hint = "name a run beside it; `gec runs list` has them";
        return Err(Hinted::new("`1best` cannot be compared with itself", hint).into());
    }
    if sides.len() < 2 {
        let hint = "name another run, or `1best`; `gec runs list` has them";
        return Err(Hinted::new("a run cannot be compared with itself", hint).into());
    }
    side_by_side::one_corpus(sides.iter().flatten())?;
    let compared = compare(&sides, &store, rule, args).await?.finish();
    store.close().await?;
    if compared.incomplete > 0 {
        context.note(&format!(
            "{} utterances are not in all of the runs and were left out",
            compared.incomplete
        ));
    }
    match args.format {
        ComparisonFormat::Table => out.write_all(render_table(&compared).as_bytes())?,
        ComparisonFormat::Md => out.write_all(render_markdown(&compared).as_bytes())?,
        ComparisonFormat::Json => runs::write_json(&compared, out)?,
    }
    out.flush()?;
    Ok(ExitStatus::Done)
}

async fn compare(
    sides: &[Option<RunInfo>],
    store: &Store,
    rule: Rule,
    args: &CompareArgs,
) -> anyhow::Result<Comparison> {
    let stored: Vec<&RunInfo> = sides.iter().flatten().collect();
    let mut own = side_by_side::names(&stored).into_iter();
    let names = sides.iter().map(|side| match side {
        Some(_) => own.next().unwrap_or_default(),
        None => ONE_BEST.to_owned(),
    });
    let limits = Limits { utterances: args.show, groups: args.groups };
    let mut comparison = Comparison::new(rule, names, limits);
    let ids: Vec<_> = stored.iter().map(|run| run.id).collect();
    let mut rows = SideBySide::open(&ids, store).await?;
    while let Some((stored, corrections)) = rows.next().await? {
        let utterance = &stored.utterance;
        let mut corrected = corrections.iter();
        // Where a run lacks the utterance it is counted only.
        let texts: Option<Vec<&str>> = sides
            .iter()
            .map(|side| match side {
                None => Some(utterance.one_best()),
                Some(_) => corrected.next()?.as_ref().map(|one| one.text.as_str()),
            })
            .collect();
        comparison.add(&Item {
            id: &utterance.id,
            reference: utterance.reference.as_deref(),
            one_best: utterance.one_best(),
            texts: &texts.unwrap_or_default(),
            group: utterance.group.as_deref(),
            resampling_key: utterance.resampling_key(),
        });
    }
    Ok(comparison)
}
