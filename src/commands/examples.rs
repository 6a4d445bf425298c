//! The solved utterances that prompts show: where they are from, and what they are found by.

use std::sync::{Arc, Mutex, PoisonError};

use super::failure::Hinted;
use crate::{
    classify::Classes,
    cli::run::ShownArgs,
    corpus::{self, Format, Source, Utterance},
    datasets::ResolvedCorpus,
    llm::{TextEmbedder, llama::Embedder},
    prompt::{ExampleIndex, Selection},
};

/// Examples, and what makes vectors of utterances that are like theirs.
#[derive(Clone)]
pub(super) struct Examples {
    pub(super) index: Arc<ExampleIndex>,
    pub(super) embedder: Option<Arc<dyn TextEmbedder>>,
}

/// What tells the examples of one command from those of another.
#[derive(PartialEq)]
struct Identity {
    source: String,
    embeddings: std::path::PathBuf,
    classes: Option<Classes>,
}

/// The last examples with vectors: those of all methods of a command and all arms of a sweep,
/// so that a model is loaded and reads them once.
static LAST: Mutex<Option<(Identity, Examples)>> = Mutex::new(None);

/// Where examples come from: the file that was named, else the training split. `None` where
/// there is neither.
fn source(shown: &ShownArgs, corpus: Option<&ResolvedCorpus>) -> Option<(Source, Option<Format>)> {
    if let Some(path) = &shown.examples_from {
        return Some((Source::at(path.clone()), None));
    }
    let training = corpus?.training.as_deref()?;
    Some((training.source.clone(), training.format))
}

/// The examples; none where there is nothing to take them from. Where a class is asked for,
/// only utterances of these classes.
///
/// # Errors
/// Where the file or the embedding model cannot be read, or one is named without the other.
pub(super) fn load(
    shown: &ShownArgs,
    corpus: Option<&ResolvedCorpus>,
    classes: Option<&Classes>,
) -> anyhow::Result<Examples> {
    let by_vectors = shown.example_selection.selection() == Selection::Vectors;
    match (&shown.embeddings, by_vectors) {
        (None, true) => {
            let hint = "name one with `--embeddings FILE.gguf`, or choose `nearest`";
            let message = "`--example-selection vectors` needs an embedding model";
            return Err(Hinted::new(message, hint).into());
        }
        (Some(_), false) => {
            let hint = "add `--example-selection vectors`, or leave `--embeddings` out";
            return Err(Hinted::new("`--embeddings` is not asked for anything", hint).into());
        }
        _ => {}
    }
    let Some((source, format)) = source(shown, corpus) else {
        if let Some(corpus) = corpus {
            tracing::warn!(
                "`{}:{}` has no training split here: prompts show no examples \
                 (`--examples-from FILE` takes them from elsewhere)",
                corpus.dataset,
                corpus.subset
            );
        }
        return Ok(Examples { index: Arc::default(), embedder: None });
    };
    let Some(embeddings) = &shown.embeddings else {
        let index = Arc::new(ExampleIndex::new(read(&source, format, classes)?));
        return Ok(Examples { index, embedder: None });
    };
    let identity = Identity {
        source: source.to_string(),
        embeddings: embeddings.clone(),
        classes: classes.cloned(),
    };
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((known, examples)) = last.as_ref()
        && *known == identity
    {
        return Ok(examples.clone());
    }
    let embedder = Embedder::load(embeddings, None, 0)?;
    let utterances = read(&source, format, classes)?;
    let texts: Vec<&str> = utterances.iter().map(Utterance::one_best).collect();
    let vectors = embedder.embed(&texts)?;
    let index = Arc::new(ExampleIndex::with_vectors(utterances, vectors)?);
    let examples = Examples { index, embedder: Some(Arc::new(embedder)) };
    *last = Some((identity, examples.clone()));
    Ok(examples)
}

fn read(
    source: &Source,
    format: Option<Format>,
    classes: Option<&Classes>,
) -> anyhow::Result<Vec<Utterance>> {
    let mut utterances: Vec<Utterance> =
        corpus::open(source, format)?.filter_map(Result::ok).collect();
    if let Some(classes) = classes {
        utterances.retain(|utterance| match (classes, &utterance.label) {
            (_, None) => false,
            (Classes::FromData, Some(_)) => true,
            (Classes::Listed(known), Some(label)) => known.find(label).is_some(),
        });
        utterances.iter_mut().for_each(stand_in_reference);
    }
    Ok(utterances)
}

/// Examples are told apart by what was said; where that is not known, by what was heard.
pub(super) fn stand_in_reference(utterance: &mut Utterance) {
    if utterance.reference.is_none() {
        utterance.reference = Some(utterance.one_best().to_owned());
    }
}

/// What identifies the examples of a run: a checksum of what they are from. `None` where there
/// are none.
///
/// # Errors
/// Where it cannot be read.
pub(super) fn checksum(
    shown: &ShownArgs,
    corpus: Option<&ResolvedCorpus>,
) -> anyhow::Result<Option<String>> {
    let from = source(shown, corpus);
    Ok(from.map(|(source, format)| corpus::checksum(&source, format)).transpose()?)
}

/// What identifies the embedding model of a run.
///
/// # Errors
/// Where it cannot be read.
pub(super) fn embeddings_hash(shown: &ShownArgs) -> anyhow::Result<Option<String>> {
    let Some(path) = &shown.embeddings else { return Ok(None) };
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(fs_err::File::open(path)?)?;
    Ok(Some(hasher.finalize().to_hex().to_string()))
}
