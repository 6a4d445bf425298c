//! Texts as vectors, by a model that was made for it.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::JoinHandle,
};

use llama_cpp_2::{
    context::{
        LlamaContext,
        params::{LlamaContextParams, LlamaPoolingType},
    },
    llama_batch::LlamaBatch,
    model::LlamaModel,
};

use super::{CREATING, hash_file, load, logs};
use crate::llm::{LlmError, TextEmbedder};

/// Tokens read in one call, and most tokens of one text: what is behind them is not read.
const BATCH: usize = 2048;

/// Texts read in one call.
const TEXTS: usize = 64;

/// Vectors of queries that are kept.
const KEPT: usize = 4096;

/// An embedding model in GGUF format. Texts are pooled as the model says; one that says
/// nothing, such as a language model, has the vectors of its tokens averaged.
///
/// A thread of its own owns the context. Dropping this stops it.
pub struct Embedder {
    path: PathBuf,
    hash: String,
    asked: Option<mpsc::Sender<Asked>>,
    thread: Option<JoinHandle<()>>,
    /// What was asked for singly: methods that ask a model twice need it twice.
    known: Mutex<HashMap<String, Arc<[f32]>>>,
}

struct Asked {
    texts: Vec<String>,
    reply: mpsc::Sender<Result<Vec<Vec<f32>>, LlmError>>,
}

impl Embedder {
    /// Loads a model on `threads` threads, all cores for `None`.
    ///
    /// # Errors
    /// As [`Llama::load`](super::Llama::load).
    pub fn load(path: &Path, threads: Option<usize>, gpu_layers: u32) -> Result<Self, LlmError> {
        let model = load::model(path, gpu_layers)?;
        let hash = hash_file(path)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = threads.unwrap_or(cores);
        let (asked, receiver) = mpsc::channel();
        let (ready, started) = mpsc::channel();
        let own = path.to_owned();
        let run = move || match context(&own, &model, threads) {
            Ok(context) => {
                if ready.send(Ok(())).is_ok() {
                    serve(&model, context, &receiver);
                }
            }
            // The caller is waiting for exactly this.
            Err(error) => drop(ready.send(Err(error))),
        };
        let thread = std::thread::Builder::new().name("embedder".into()).spawn(run);
        let thread = thread
            .map_err(|error| LlmError::Load { path: path.to_owned(), reason: error.to_string() })?;
        started.recv().map_err(|_| LlmError::Stopped)??;
        Ok(Self {
            path: path.to_owned(),
            hash,
            asked: Some(asked),
            thread: Some(thread),
            known: Mutex::default(),
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// BLAKE3 of the file, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// A vector for each text, all of one dimension. No texts give none; an empty text has one
    /// too.
    ///
    /// # Errors
    /// [`LlmError::Decode`] where llama.cpp fails.
    pub fn embed(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, LlmError> {
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let (reply, answer) = mpsc::channel();
        let asked = self.asked.as_ref().ok_or(LlmError::Stopped)?;
        asked.send(Asked { texts, reply }).map_err(|_| LlmError::Stopped)?;
        answer.recv().map_err(|_| LlmError::Stopped)?
    }
}

impl TextEmbedder for Embedder {
    fn embed_one(&self, text: &str) -> Result<Arc<[f32]>, LlmError> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(vector) = known().get(text) {
            return Ok(Arc::clone(vector));
        }
        let vector: Arc<[f32]> = self.embed(&[text])?.pop().unwrap_or_default().into();
        let mut known = known();
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(text.to_owned(), Arc::clone(&vector));
        Ok(vector)
    }
}

impl Drop for Embedder {
    fn drop(&mut self) {
        self.asked = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was already told to those who waited.
            let _ = thread.join();
        }
    }
}

fn context<'model>(
    path: &Path,
    model: &'model LlamaModel,
    threads: usize,
) -> Result<LlamaContext<'model>, LlmError> {
    let refused = |fallback: String| LlmError::Load {
        path: path.to_owned(),
        reason: logs::last_errors(&fallback),
    };
    let _one = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
    logs::clear();
    let told = model
        .meta_val_str("general.architecture")
        .is_ok_and(|name| model.meta_val_str(&format!("{name}.pooling_type")).is_ok());
    let parameters = LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(BATCH as u32))
        .with_n_seq_max(TEXTS as u32)
        // A model that looks both ways has to see a whole text at once.
        .with_n_batch(BATCH as u32)
        .with_n_ubatch(BATCH as u32)
        .with_n_threads(threads as i32)
        .with_n_threads_batch(threads as i32)
        .with_kv_unified(true)
        .with_embeddings(true)
        .with_pooling_type(match told {
            true => LlamaPoolingType::Unspecified,
            false => LlamaPoolingType::Mean,
        })
        .with_no_perf(true);
    model.new_context(load::backend(path)?, parameters).map_err(|error| refused(error.to_string()))
}

/// Answers until nobody is left to ask.
fn serve(model: &LlamaModel, mut context: LlamaContext<'_>, asked: &mpsc::Receiver<Asked>) {
    let mut batch = LlamaBatch::new(BATCH, 1);
    let longest = BATCH.min(model.n_ctx_train() as usize).max(1);
    for Asked { texts, reply } in asked {
        let tokens: Vec<Vec<_>> = texts
            .iter()
            .map(|text| {
                let mut tokens = model.vocab().tokenize(text.as_bytes(), true, false);
                if tokens.is_empty() {
                    // Nothing to pool: an empty text of a tokenizer without marks of its own.
                    tokens = model.vocab().tokenize(b" ", true, false);
                }
                tokens.truncate(longest);
                tokens
            })
            .collect();
        let mut vectors = Vec::with_capacity(tokens.len());
        let mut rest = tokens.as_slice();
        let mut failure = None;
        while !rest.is_empty() && failure.is_none() {
            let mut sum = 0;
            let fits = |tokens: &&Vec<_>| {
                sum += tokens.len();
                sum <= BATCH
            };
            let count = rest.iter().take(TEXTS).take_while(fits).count().max(1);
            let (now, later) = rest.split_at(count);
            rest = later;
            match read(&mut context, &mut batch, now) {
                Ok(more) => vectors.extend(more),
                Err(error) => failure = Some(error),
            }
        }
        // Whoever asked may have gone.
        let _ = reply.send(failure.map_or(Ok(vectors), Err));
    }
}

/// The vectors of texts that fit into one call.
fn read(
    context: &mut LlamaContext<'_>,
    batch: &mut LlamaBatch<'_>,
    texts: &[Vec<llama_cpp_2::token::LlamaToken>],
) -> Result<Vec<Vec<f32>>, LlmError> {
    let failed = |error: &dyn std::fmt::Display| LlmError::Decode(error.to_string());
    context.clear_kv_cache();
    batch.clear();
    for (text, tokens) in (0..).zip(texts) {
        for (place, token) in (0..).zip(tokens) {
            batch.add(*token, place, &[text], true).map_err(|error| failed(&error))?;
        }
    }
    context.decode(batch).map_err(|error| failed(&error))?;
    let vector = |text: usize| {
        let found = context.embeddings_seq_ith(text as i32);
        found.map(<[f32]>::to_vec).map_err(|error| failed(&error))
    };
    (0..texts.len()).map(vector).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cosine(a: &[f32], b: &[f32]) -> f32 {
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    }

    fn shipped() -> Embedder {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/gec-micro.gguf");
        Embedder::load(&path, Some(1), 0).unwrap()
    }

    #[test]
    fn like_texts_have_like_vectors_whatever_is_read_beside_them() {
        let embedder = shipped();
        let texts = [
            "show me flights from boston to denver",
            "show me the flights from boston to denver",
            "what does the abbreviation mean",
            "",
        ];
        let vectors = embedder.embed(&texts).unwrap();
        assert!(vectors.iter().all(|vector| vector.len() == vectors[0].len()));
        let near = cosine(&vectors[0], &vectors[1]);
        assert!(near > cosine(&vectors[0], &vectors[2]) && near > 0.8, "{near}");
        let alone = embedder.embed_one(texts[0]).unwrap();
        assert!(cosine(&alone, &vectors[0]) > 0.999);
        assert!(Arc::ptr_eq(&alone, &embedder.embed_one(texts[0]).unwrap()));
        assert!(embedder.embed(&[]).unwrap().is_empty());
    }

    #[test]
    fn many_and_long_texts_are_read_in_parts() {
        let embedder = shipped();
        let long = "boston ".repeat(5000);
        let mut texts = vec!["to denver"; 200];
        texts.push(&long);
        let vectors = embedder.embed(&texts).unwrap();
        assert_eq!(vectors.len(), 201);
        assert!(cosine(&vectors[0], &vectors[199]) > 0.999);
    }

    #[test]
    fn a_file_that_is_no_model_is_told() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert!(matches!(Embedder::load(&path, None, 0), Err(LlmError::NotGguf { .. })));
    }
}
