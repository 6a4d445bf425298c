//! Corpora by name: files that are there, or what an earlier import has stored.

use super::Context;
use crate::{
    corpus::Source,
    datasets::{self, DatasetError, ResolvedCorpus},
    store::{Corpus, Store},
};

/// What a name stands for.
pub(super) enum Found {
    /// Files, which the store may have or not.
    Files(Vec<ResolvedCorpus>),
    /// Corpora of the store.
    Stored(Vec<Corpus>),
}

/// Finds what `spec` names: a path or a known data set, else a data set that was imported or
/// recognised (a folder of recordings is no corpus, but its first pass has the same name).
/// Where files were imported several times under one name, the last import counts.
pub(super) async fn find(
    spec: &str,
    split: Option<&str>,
    context: &Context,
) -> anyhow::Result<Found> {
    let error = match datasets::resolve(spec, split, &context.data) {
        Ok(files) => return Ok(Found::Files(files)),
        Err(error) if context.db.is_file() => error,
        Err(error) => return Err(error.into()),
    };
    let (name, subsets) = match spec.split_once(':') {
        Some((name, subsets)) => (name, subsets.split(',').map(str::trim).collect()),
        None => (spec, Vec::new()),
    };
    let store = Store::open_existing(&context.db).await?;
    let mut corpora = store.corpora().await?;
    store.close().await?;
    corpora.retain(|corpus| corpus.key.dataset == name);
    if corpora.is_empty() {
        return Err(error.into());
    }
    corpora.sort_by_key(|corpus| std::cmp::Reverse(corpus.id));
    let mut latest: Vec<Corpus> = Vec::new();
    for corpus in corpora {
        let names = (&corpus.key.subset, &corpus.key.split);
        if !latest.iter().any(|known| (&known.key.subset, &known.key.split) == names) {
            latest.push(corpus);
        }
    }
    choose(latest, name, &subsets, split).map(Found::Stored).map_err(Into::into)
}

/// As [`find`]; where no split is asked for, `default` is taken where there is one.
pub(super) async fn find_split(
    spec: &str,
    split: Option<&str>,
    default: &str,
    context: &Context,
) -> anyhow::Result<Found> {
    let is_path = spec.contains(['/', '.']) || spec.contains(std::path::MAIN_SEPARATOR);
    if split.is_some() || is_path {
        return find(spec, split, context).await;
    }
    match find(spec, Some(default), context).await {
        Err(error) if matches!(error.downcast_ref(), Some(DatasetError::UnknownSplit { .. })) => {
            find(spec, None, context).await
        }
        other => other,
    }
}

/// The subsets and the split that were asked for, in the order of their import.
fn choose(
    mut corpora: Vec<Corpus>,
    name: &str,
    subsets: &[&str],
    split: Option<&str>,
) -> Result<Vec<Corpus>, DatasetError> {
    let known = |corpora: &[Corpus], of: fn(&Corpus) -> &String| {
        let mut known: Vec<String> = corpora.iter().map(of).cloned().collect();
        known.sort();
        known.dedup();
        known
    };
    for subset in subsets {
        if !corpora.iter().any(|corpus| corpus.key.subset == *subset) {
            let known = known(&corpora, |corpus| &corpus.key.subset);
            let (dataset, subset) = (name.to_owned(), (*subset).to_owned());
            return Err(DatasetError::UnknownSubset { dataset, subset, known });
        }
    }
    corpora.retain(|corpus| subsets.is_empty() || subsets.contains(&corpus.key.subset.as_str()));
    if let Some(split) = split {
        if !corpora.iter().any(|corpus| corpus.key.split == split) {
            let known = known(&corpora, |corpus| &corpus.key.split);
            let (corpus, split) = (name.to_owned(), split.to_owned());
            return Err(DatasetError::UnknownSplit { corpus, split, known });
        }
        corpora.retain(|corpus| corpus.key.split == split);
    }
    corpora.sort_by_key(|corpus| corpus.id);
    Ok(corpora)
}

/// A stored corpus as one that was found: it has no training split to take examples from.
pub(super) fn as_resolved(corpus: &Corpus) -> ResolvedCorpus {
    ResolvedCorpus {
        dataset: corpus.key.dataset.clone(),
        subset: corpus.key.subset.clone(),
        split: corpus.key.split.clone(),
        source: Source::at(corpus.source.clone().into()),
        format: None,
        audio: false,
        expected: None,
        training: None,
    }
}
