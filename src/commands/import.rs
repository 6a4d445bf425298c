//! `gec import`: lists of any recogniser into the store.

use std::{
    io::Write,
    sync::{Arc, OnceLock},
};

use super::{Context, ExitStatus, failure::Hinted, progress};
use crate::{
    cli::import::ImportArgs,
    corpus::{self, CorpusError, References, Source, Utterances},
    datasets::{self, ResolvedCorpus},
    store::{Corpus, CorpusKey, NewCorpus, Store},
};

/// Runs the verb and writes a line for each corpus to `out`.
///
/// # Errors
/// Where nothing can be imported: files that cannot be read or told, references that cannot
/// be read, a database that cannot be written.
pub(super) async fn run(
    args: &ImportArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    check_name(&args.name, context)?;
    let references = args.references.as_deref().map(References::read).transpose()?;
    let references_checksum = args
        .references
        .as_ref()
        .map(|path| corpus::checksum(&Source::File(path.clone()), Some(corpus::Format::List)))
        .transpose()?;
    let mut resolved = Vec::new();
    for path in &args.paths {
        resolved.extend(datasets::at_path(path, args.format)?);
    }
    let store = Store::open(&context.db).await?;
    let mut bad = 0;
    for mut found in resolved {
        found.dataset.clone_from(&args.name);
        // So that `--dataset NAME:SUBSET` is no path and no list of subsets.
        found.subset = found.subset.replace(['/', '\\', '.', ',', ':'], "-");
        let spinner = progress::spinner(context.progress, format!("reading {}", found.source));
        let mut key = key(&found)?;
        if let Some(references) = &references_checksum {
            // The same lists with other references are another corpus.
            let both = format!("{}{references}", key.checksum).into_bytes();
            key.checksum = sha256(&both);
        }
        let (corpus, bad_here) = read_in(&found, key, references.clone(), &store, context).await?;
        spinner.finish_and_clear();
        check_not_empty(&found, &corpus)?;
        bad += bad_here;
        let CorpusKey { dataset, subset, split, .. } = &corpus.key;
        writeln!(out, "{dataset}:{subset} {split}: {} utterances", corpus.utterances)?;
    }
    store.close().await?;
    Ok((bad == 0).into())
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};

    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A name must be one that `--dataset` can find again.
fn check_name(name: &str, context: &Context) -> anyhow::Result<()> {
    let plain = |one: char| one.is_alphanumeric() || matches!(one, '-' | '_');
    if name.is_empty() || !name.chars().all(plain) {
        return Err(Hinted::new(
            format!("`{name}` cannot be the name of a data set"),
            "use letters, digits, `-` and `_`; `/` and `.` make a path, `:` and `,` part subsets",
        )
        .into());
    }
    if datasets::names(&context.data).iter().any(|known| known == name) {
        return Err(Hinted::new(
            format!("`{name}` is a known data set"),
            "choose another name: the files of a known data set are found without an import",
        )
        .into());
    }
    Ok(())
}

fn key(found: &ResolvedCorpus) -> anyhow::Result<CorpusKey> {
    Ok(CorpusKey {
        dataset: found.dataset.clone(),
        subset: found.subset.clone(),
        split: found.split.clone(),
        checksum: corpus::checksum(&found.source, found.format)?,
        reader_version: corpus::reader_version(&found.source, found.format)?,
    })
}

fn check_not_empty(found: &ResolvedCorpus, corpus: &Corpus) -> anyhow::Result<()> {
    if corpus.utterances > 0 {
        return Ok(());
    }
    Err(Hinted::new(
        format!("`{}` holds no utterances", found.source.path().display()),
        "a corpus is a file of N-best lists; `gec dataset list` shows the known ones",
    )
    .into())
}

/// Reads the corpora that the store does not have; each with the number of bad records.
pub(super) async fn corpora(
    resolved: &[ResolvedCorpus],
    store: &Store,
    context: &Context,
) -> anyhow::Result<Vec<(Corpus, u64)>> {
    let mut corpora = Vec::with_capacity(resolved.len());
    for found in resolved {
        let name = format!("{}:{}", found.dataset, found.subset);
        let spinner = progress::spinner(context.progress, format!("reading {name}"));
        let key = key(found)?;
        let entry = read_in(found, key, None, store, context).await?;
        spinner.finish_and_clear();
        check_not_empty(found, &entry.0)?;
        corpora.push(entry);
    }
    Ok(corpora)
}

/// Reads one corpus unless the store has it; with the number of bad records.
async fn read_in(
    found: &ResolvedCorpus,
    key: CorpusKey,
    references: Option<References>,
    store: &Store,
    context: &Context,
) -> anyhow::Result<(Corpus, u64)> {
    if let Some(corpus) = store.find_corpus(&key).await? {
        return Ok((corpus, 0));
    }
    let new = NewCorpus { key, source: found.source.path().display().to_string() };
    let fatal: Arc<OnceLock<CorpusError>> = Arc::default();
    let seen = Arc::clone(&fatal);
    // A file whose rest cannot be read must not pass for a whole corpus.
    let utterances =
        corpus::open(&found.source, found.format)?.filter_map(move |item| match item {
            Err(error) if error.is_fatal() => {
                // Only the first counts, and reading ends with it.
                let _ = seen.set(error);
                None
            }
            item => Some(item),
        });
    let complete = || fatal.get().is_none();
    let (utterances, unmatched) = match references {
        Some(references) => {
            let (joined, unmatched) = references.join(utterances);
            (Box::new(joined) as Utterances, Some(unmatched))
        }
        None => (Box::new(utterances) as Utterances, None),
    };
    let imported = store.import(&new, utterances, complete).await;
    if let Some(error) = Arc::into_inner(fatal).and_then(OnceLock::into_inner) {
        return Err(error.into());
    }
    let imported = imported?;
    for message in &imported.messages {
        context.note(&format!("warning: {message}"));
    }
    let more = imported.bad.saturating_sub(imported.messages.len() as u64);
    if more > 0 {
        context.note(&format!("warning: and {more} more records that cannot be used"));
    }
    let unmatched = unmatched.map_or(0, |unmatched| unmatched.count());
    if unmatched > 0 {
        let all = imported.corpus.utterances;
        context
            .note(&format!("warning: {unmatched} of {all} utterances are not in the references"));
    }
    Ok((imported.corpus, imported.bad))
}
