//! From stored runs to a printed table.

use std::io::Write;

use super::{failure::Hinted, run_one::Selection};
use crate::{
    cli::{ScoringArgs, TableFormat},
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
    pub(super) method: String,
    pub(super) selection: Selection,
}

impl Scored {
    /// What rows are pooled by.
    fn key(&self) -> (&str, &str) {
        (&self.dataset, &self.method)
    }
}

/// The rule that was asked for.
pub(super) fn rule(args: &ScoringArgs) -> anyhow::Result<Rule> {
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

/// Scores runs and writes the table: a row for each, and per method one over all subsets
/// where a data set has several.
pub(super) async fn write(
    runs: &[Scored],
    store: &Store,
    rule: Rule,
    format: TableFormat,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut rows: Vec<Row> = Vec::new();
    let mut pools: Vec<((&str, &str), Scorer)> = Vec::new();
    for run in runs {
        let scorer = score(run, store, rule).await?;
        let key = run.key();
        if runs.iter().filter(|other| other.key() == key).count() > 1 {
            match pools.iter_mut().find(|(known, _)| *known == key) {
                Some((_, pool)) => pool.merge(&scorer),
                None => {
                    let mut pool = Scorer::new(rule);
                    pool.merge(&scorer);
                    pools.push((key, pool));
                }
            }
        }
        rows.push(scorer.finish(Labels {
            dataset: run.dataset.clone(),
            subset: run.subset.clone(),
            method: run.method.clone(),
        }));
    }
    for ((dataset, method), scorer) in pools {
        rows.push(scorer.finish(Labels {
            dataset: dataset.to_owned(),
            subset: "all".into(),
            method: method.to_owned(),
        }));
    }
    let format = match format {
        TableFormat::Table => Format::Table,
        TableFormat::Json => Format::Json,
        TableFormat::Csv => Format::Csv,
        TableFormat::Md => Format::Markdown,
    };
    out.write_all(report::render(&Report::new(&rule, rows), format).as_bytes())?;
    out.flush()?;
    Ok(())
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
