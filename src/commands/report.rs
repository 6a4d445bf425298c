//! From stored runs to a printed table.

use std::io::Write;

use super::{failure::Hinted, run_one::Selection};
use crate::{
    cli::{RuleArgs, ScoringArgs, TableFormat},
    normalize,
    report::{self, Format, Report},
    score::{Item, Labels, Row, Rule, Scorer},
    store::{RunId, Store},
};

/// Corrections fetched from the store at a time.
const PAGE: usize = 512;

/// One run to be scored.
pub(super) struct Scored {
    pub(super) run: RunId,
    pub(super) dataset: String,
    pub(super) subset: String,
    pub(super) split: String,
    pub(super) method: String,
    /// What must be said about it.
    pub(super) note: Option<String>,
    pub(super) selection: Selection,
}

impl Scored {
    /// Data set and split.
    fn part(&self) -> (&str, &str) {
        (&self.dataset, &self.split)
    }

    /// What rows are pooled by.
    fn key(&self) -> (&str, &str, &str) {
        (&self.dataset, &self.split, &self.method)
    }
}

/// A subset as rows name it: with its split where another one of its data set is among all, which
/// are given as data set and split.
pub(super) fn named<'a>(
    subset: &str,
    (dataset, split): (&str, &str),
    mut all: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    match all.any(|(other, its)| other == dataset && its != split) {
        true => format!("{subset} {split}").trim().to_owned(),
        false => subset.to_owned(),
    }
}

/// The rule that was asked for.
pub(super) fn rule(args: &RuleArgs) -> anyhow::Result<Rule> {
    let normalizer = normalize::by_name(&args.normalizer).ok_or_else(|| {
        Hinted::new(
            format!("unknown normaliser `{}`", args.normalizer),
            format!("normalisers are {}", normalize::NAMES.join(", ")),
        )
    })?;
    Ok(Rule {
        normalizer,
        merge_compounds: args.merge_compounds,
        resamples: args.resamples,
        seed: args.bootstrap_seed,
    })
}

/// A scorer of some runs of one method: of one run, or of all subsets of a data set.
struct Pool {
    labels: Labels,
    note: Option<String>,
    scorer: Scorer,
}

/// Scores runs and writes the table.
pub(super) async fn write(
    runs: &[Scored],
    store: &Store,
    rule: Rule,
    args: &ScoringArgs,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let rows = rows(runs, store, rule, args.baseline.as_deref()).await?;
    let format = match args.format {
        TableFormat::Table => Format::Table,
        TableFormat::Json => Format::Json,
        TableFormat::Csv => Format::Csv,
        TableFormat::Md => Format::Markdown,
    };
    out.write_all(report::render(&Report::new(&rule, rows), format).as_bytes())?;
    out.flush()?;
    Ok(())
}

/// Scores runs: a row for each, and per method one over all subsets where a data set has
/// several.
pub(super) async fn rows(
    runs: &[Scored],
    store: &Store,
    rule: Rule,
    baseline: Option<&str>,
) -> anyhow::Result<Vec<Row>> {
    if let Some(name) = baseline
        && !runs.iter().any(|run| is_named(&run.method, name))
    {
        let mut methods: Vec<&str> = runs.iter().map(|run| run.method.as_str()).collect();
        methods.dedup();
        return Err(Hinted::new(
            format!("the baseline `{name}` is not in the table"),
            format!("these are: {}; `--method` takes several", methods.join(", ")),
        )
        .into());
    }
    let mut single: Vec<Pool> = Vec::new();
    let mut whole: Vec<Pool> = Vec::new();
    for run in runs {
        let scorer = score(run, store, rule).await?;
        let (dataset, method) = (run.dataset.clone(), run.method.clone());
        if runs.iter().filter(|other| other.key() == run.key()).count() > 1 {
            let all = named("all", run.part(), runs.iter().map(Scored::part));
            let known = |pool: &&mut Pool| {
                let labels = &pool.labels;
                (&labels.dataset, &labels.subset, &labels.method) == (&dataset, &all, &method)
            };
            match whole.iter_mut().find(known) {
                Some(pool) => pool.scorer.merge(&scorer),
                None => {
                    let labels =
                        Labels { dataset: dataset.clone(), subset: all, method: method.clone() };
                    let note = run.note.clone();
                    let mut pool = Pool { labels, note, scorer: Scorer::new(rule) };
                    pool.scorer.merge(&scorer);
                    whole.push(pool);
                }
            }
        }
        let labels = Labels {
            dataset,
            subset: named(&run.subset, run.part(), runs.iter().map(Scored::part)),
            method,
        };
        single.push(Pool { labels, note: run.note.clone(), scorer });
    }
    let mut rows: Vec<Row> = Vec::new();
    for pools in [single, whole] {
        rows.extend(finish(pools, baseline, rule));
    }
    Ok(rows)
}

/// The rows, each compared with the baseline's on the same data where there is one.
fn finish(pools: Vec<Pool>, baseline: Option<&str>, rule: Rule) -> Vec<Row> {
    let mut baselines: Vec<(String, String, Scorer)> = Vec::new();
    for Pool { labels, scorer, .. } in &pools {
        if baseline.is_some_and(|name| is_named(&labels.method, name)) {
            let mut copy = Scorer::new(rule);
            copy.merge(scorer);
            baselines.push((labels.dataset.clone(), labels.subset.clone(), copy));
        }
    }
    pools
        .into_iter()
        .map(|Pool { labels, note, scorer }| {
            let other = baselines.iter().find(|(dataset, subset, _)| {
                (dataset, subset) == (&labels.dataset, &labels.subset)
            });
            let row = match (baseline, other) {
                (Some(name), Some((_, _, other))) if !is_named(&labels.method, name) => {
                    scorer.finish_against(labels, name, other)
                }
                _ => scorer.finish(labels),
            };
            Row { note, ..row }
        })
        .collect()
}

/// Whether the table calls a method so, with or without its profile in parentheses.
fn is_named(label: &str, name: &str) -> bool {
    label == name || label.strip_prefix(name).is_some_and(|rest| rest.starts_with(" ("))
}

async fn score(run: &Scored, store: &Store, rule: Rule) -> anyhow::Result<Scorer> {
    let mut scorer = Scorer::new(rule);
    // The next page is read while this one is scored.
    let page_after = |after: i64| {
        let (store, run) = (store.clone(), run.run);
        tokio::spawn(async move { store.corrected_texts(run, after, PAGE).await })
    };
    let mut next = page_after(0);
    loop {
        let page = next.await??;
        let Some((last, _)) = page.last() else { return Ok(scorer) };
        next = page_after(last.position);
        for (stored, corrected) in page {
            if !run.selection.contains(stored.row) {
                continue;
            }
            let utterance = &stored.utterance;
            let nbest: Vec<&str> = utterance.nbest.iter().map(|h| h.text.as_str()).collect();
            scorer.add(&Item {
                nbest: &nbest,
                reference: utterance.reference.as_deref(),
                corrected: &corrected,
                resampling_key: utterance.resampling_key(),
            });
        }
    }
}
