//! From what was named to corpora in the store.

use std::sync::Arc;

use super::{
    Context, Interrupt,
    first_pass::{self, Listener},
    import,
    stored::{self, Found},
};
use crate::{
    cli::transcribe::AsrArgs,
    datasets::ResolvedCorpus,
    store::{Corpus, Store},
};

/// A corpus in the store.
pub(super) struct Ready {
    pub(super) resolved: ResolvedCorpus,
    pub(super) corpus: Corpus,
    /// Records or recordings that could not be read.
    pub(super) bad: u64,
}

/// Brings what was found into the store: lists are read, recordings are recognised. `None`
/// where the user interrupted it.
pub(super) async fn bring_in(
    found: Found,
    asr: &AsrArgs,
    retry_errors: bool,
    store: &Store,
    context: &Context,
    interrupt: &Interrupt,
) -> anyhow::Result<Option<Vec<Ready>>> {
    let files = match found {
        Found::Files(files) => files,
        Found::Stored(corpora) => {
            let ready =
                |corpus: Corpus| Ready { resolved: stored::as_resolved(&corpus), corpus, bad: 0 };
            return Ok(Some(corpora.into_iter().map(ready).collect()));
        }
    };
    let mut listener = None;
    let mut ready = Vec::with_capacity(files.len());
    for resolved in files {
        if !resolved.audio {
            let read = import::corpora(std::slice::from_ref(&resolved), store, context).await?;
            for (corpus, bad) in read {
                ready.push(Ready { resolved: resolved.clone(), corpus, bad });
            }
            continue;
        }
        let listener = match &listener {
            Some(listener) => listener,
            None => listener.insert(Arc::new(Listener::start(asr, store, context).await?)),
        };
        let task = first_pass::task(&resolved, retry_errors, context)?;
        let outcome = listener.run(task, store, context, interrupt).await?;
        let name = format!("{}:{}", resolved.dataset, resolved.subset);
        first_pass::tell(&name, &outcome, context);
        let Some(corpus) = outcome.corpus else { return Ok(None) };
        ready.push(Ready { resolved, corpus, bad: outcome.totals.failed });
    }
    Ok(Some(ready))
}
