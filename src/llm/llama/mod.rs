//! The llama.cpp engine: one thread owns the context, callers send requests.

#![expect(unsafe_code, reason = "llama.cpp's log callback is a C function")]

mod cost;
#[cfg(test)]
mod draft_tests;
mod embed;
mod generate;
mod instructions;
mod load;
mod logs;
mod plan;
mod scheduler;
mod score;
mod slot;
#[cfg(test)]
mod tests;
mod worth;

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    num::NonZeroU32,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::Instant,
};

use llama_cpp_2::{
    context::params::KvCacheType,
    context::{LlamaContext, params::LlamaContextParams},
    model::{LlamaLoraAdapter, LlamaModel},
};
use tokio::sync::{mpsc, oneshot};

pub use self::{
    embed::Embedder,
    instructions::{instructions, unused_instructions},
};
use self::{
    instructions::of_one_machine,
    plan::LONGEST,
    scheduler::{Scheduler, Shape},
    slot::Request,
    worth::Guesses,
};
use super::{
    BoxFuture, DraftSource, DraftStep, GenerateOutput, GenerateRequest, LanguageModel, LlmError,
    ModelInfo, ScoreOutput, ScoreRequest, TokenId, Vocab,
};

/// The version that is locked in `Cargo.toml`; part of a run's fingerprint, because another
/// llama.cpp may round otherwise.
const LLAMA_CPP_2: &str = "0.1.160";

/// How to load and run a model.
#[derive(Debug, Clone)]
pub struct LlamaOptions {
    /// The GGUF file.
    pub path: PathBuf,
    /// A LoRA adapter in GGUF format, applied at full strength.
    pub lora: Option<PathBuf>,
    /// Layers to put on a GPU; 0 for none.
    pub gpu_layers: u32,
    /// Threads; `None` for all cores, or one for a model of less than
    /// [`LlamaOptions::TINY`] parameters.
    pub threads: Option<usize>,
    /// Requests decoded together.
    pub parallel: usize,
    /// Tokens that a prompt and its answer may take together; `None` for what the model
    /// was trained on, at most [`LlamaOptions::DEFAULT_CONTEXT`].
    pub context: Option<usize>,
    /// Tokens decoded in one call.
    pub batch: usize,
    /// Whether common beginnings of prompts are decoded once.
    pub share_prefix: bool,
    /// When guesses how a text goes on are decoded with it ([`GenerateRequest::draft`]). Models
    /// that cannot forget a part of what they have read go without: recurrent ones, and those
    /// that attend over a sliding window.
    pub drafts: Drafts,
}

/// When guesses how a text goes on are made. No text depends on it, but that without any a choice
/// between two tokens that are nearly tied can round otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Drafts {
    /// Where they save more time than it takes to make them.
    #[default]
    Auto,
    /// At every step.
    Always,
    /// Not at all.
    Never,
}

/// What an engine has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Totals {
    /// Decode calls.
    pub calls: u64,
    /// Passes over the weights, into which llama.cpp splits calls.
    pub passes: u64,
    /// Tokens decoded: prompts, texts and drafts.
    pub tokens: u64,
    /// Guessed tokens among them.
    pub drafted: u64,
    /// Guessed tokens that were then chosen.
    pub accepted: u64,
    /// Seconds spent in decode calls.
    pub seconds: f64,
}

impl LlamaOptions {
    /// The context per request where none is asked for.
    pub const DEFAULT_CONTEXT: usize = 2048;

    /// A model of fewer parameters spends more time on waiting for its threads than on
    /// arithmetic, and on a busy machine very much more.
    pub const TINY: u64 = 30_000_000;

    /// The defaults for a model file.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            lora: None,
            gpu_layers: 0,
            threads: None,
            parallel: 16,
            context: None,
            batch: 512,
            share_prefix: true,
            drafts: Drafts::Auto,
        }
    }
}

/// A language model run by llama.cpp.
///
/// Dropping it stops the engine's threads and waits for them.
pub struct Llama {
    engines: Vec<Engine>,
    model: Arc<LlamaModel>,
    vocab: Arc<Vocab>,
    info: ModelInfo,
    context: usize,
    totals: Arc<Mutex<Totals>>,
}

/// A thread with a context of its own.
struct Engine {
    /// `None` when it is to end.
    requests: Option<mpsc::UnboundedSender<Request>>,
    thread: Option<JoinHandle<()>>,
    /// Requests that somebody waits for.
    waiting: Arc<AtomicUsize>,
    guesses: Arc<Guesses>,
}

/// Counts a request until its answer is there, or nobody waits for it any more.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Llama {
    /// Loads a model and starts its engine. A tiny model, which works on one thread, gets an
    /// engine for each core, up to the requests that are decoded together.
    ///
    /// # Errors
    /// [`LlmError::Unreadable`], [`LlmError::NotGguf`], [`LlmError::Truncated`],
    /// [`LlmError::NoTokenizer`], [`LlmError::LargerThanMemory`] or [`LlmError::Load`].
    pub fn load(options: &LlamaOptions) -> Result<Self, LlmError> {
        let path = &options.path;
        let mut model = load::model(path, options.gpu_layers)?;
        let vocab = Arc::new(load::vocabulary(&model));
        let adapter = options.lora.as_deref().map(|lora| adapter(&mut model, lora)).transpose()?;
        let parallel = options.parallel.clamp(1, 256);
        let trained = model.n_ctx_train() as usize;
        let context = options.context.unwrap_or(trained.min(LlamaOptions::DEFAULT_CONTEXT)).max(16);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let tiny = model.n_params() < LlamaOptions::TINY;
        let threads = options.threads.unwrap_or(if tiny { 1 } else { cores });
        // An adapter belongs to one context, and a GPU to all of them.
        let alone =
            !tiny || options.threads.is_some() || options.gpu_layers > 0 || adapter.is_some();
        let engines = if alone { 1 } else { cores.min(parallel) };
        let slots = parallel.div_ceil(engines);
        let batch = options.batch.max(slots).max(16);
        let drafts = if load::can_forget(&model) { options.drafts } else { Drafts::Never };
        let info = info(&model, options, parallel, context, batch, drafts)?;
        let pass = batch.min(512);
        let share_prefix = options.share_prefix;
        let shape = Shape { slots, context, batch, pass, threads, share_prefix, drafts };
        let totals = Arc::new(Mutex::new(Totals::default()));
        let model = Arc::new(model);
        let shared = Shared {
            path,
            model: &model,
            vocab: &vocab,
            totals: &totals,
            shape,
            on_gpu: options.gpu_layers > 0,
        };
        let mut adapter = adapter;
        let engines =
            (0..engines).map(|_| shared.start(adapter.take())).collect::<Result<_, _>>()?;
        Ok(Self { engines, model, vocab, info, context, totals })
    }

    /// What the engine has done since it was loaded.
    #[must_use]
    pub fn totals(&self) -> Totals {
        *self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The engine that gets all requests with this prompt, for it may have read it already,
    /// unless another has much less to do.
    fn engine(&self, prompt: &[TokenId]) -> Result<&Engine, LlmError> {
        let load = |engine: &Engine| engine.waiting.load(Ordering::Relaxed);
        let mut hasher = DefaultHasher::new();
        prompt.hash(&mut hasher);
        let own = (hasher.finish() % self.engines.len().max(1) as u64) as usize;
        let own = self.engines.get(own).ok_or(LlmError::Stopped)?;
        let idlest = self.engines.iter().min_by_key(|engine| load(engine)).unwrap_or(own);
        Ok(if load(own) > load(idlest) + MUCH_LESS { idlest } else { own })
    }

    /// Makes the guess at the beginning of a text here, where the engine does not wait for it.
    fn guess(&self, draft: &mut dyn DraftSource, guesses: &Guesses) {
        let started = Instant::now();
        let tokenize = |text: &str| tokens_of(&self.model, text);
        let step = DraftStep { generated: &[], vocab: &self.vocab, tokenize: &tokenize };
        draft.propose(&step, LONGEST, &mut Vec::new());
        guesses.spend(started.elapsed());
    }
}

impl Engine {
    fn send(&self, request: Request) -> Result<Waiting, LlmError> {
        let sender = self.requests.as_ref().ok_or(LlmError::Stopped)?;
        let waiting = Waiting::new(&self.waiting);
        sender.send(request).map_err(|_| LlmError::Stopped)?;
        Ok(waiting)
    }
}

/// Requests that an engine may have more than another before it is spared.
const MUCH_LESS: usize = 4;

/// What all engines of a model have in common.
struct Shared<'a> {
    path: &'a Path,
    model: &'a Arc<LlamaModel>,
    vocab: &'a Arc<Vocab>,
    totals: &'a Arc<Mutex<Totals>>,
    shape: Shape,
    on_gpu: bool,
}

impl Shared<'_> {
    fn start(&self, adapter: Option<LlamaLoraAdapter>) -> Result<Engine, LlmError> {
        let (requests, receiver) = mpsc::unbounded_channel();
        let (ready, started) = std::sync::mpsc::channel();
        let (model, vocab) = (Arc::clone(self.model), Arc::clone(self.vocab));
        let (path, totals) = (self.path.to_owned(), Arc::clone(self.totals));
        let (shape, on_gpu) = (self.shape, self.on_gpu);
        let guesses = Arc::new(Guesses::default());
        guesses.want(shape.drafts != Drafts::Never);
        let asked = Arc::clone(&guesses);
        let run = move || {
            let start = |context| {
                Scheduler::new(&model, context, vocab, shape, totals, asked).run(receiver);
            };
            engine(&path, &model, adapter, shape, on_gpu, &ready, start);
        };
        let thread = std::thread::Builder::new().name("llama".into()).spawn(run);
        let thread = thread.map_err(|error| LlmError::Load {
            path: self.path.to_owned(),
            reason: error.to_string(),
        })?;
        started.recv().map_err(|_| LlmError::Stopped)??;
        let (requests, thread) = (Some(requests), Some(thread));
        Ok(Engine { requests, thread, waiting: Arc::default(), guesses })
    }
}

impl Drop for Llama {
    fn drop(&mut self) {
        for engine in &mut self.engines {
            engine.requests = None;
        }
        for engine in &mut self.engines {
            if let Some(thread) = engine.thread.take() {
                // A panic of the engine was already reported to those who waited for it.
                let _ = thread.join();
            }
        }
    }
}

impl LanguageModel for Llama {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn vocab(&self) -> &Vocab {
        &self.vocab
    }

    fn tokenize(&self, text: &str, parse_special: bool) -> Vec<TokenId> {
        if text.is_empty() {
            return Vec::new();
        }
        let tokens = self.model.vocab().tokenize(text.as_bytes(), false, parse_special);
        tokens.into_iter().map(|token| token.0).collect()
    }

    fn score(&self, request: ScoreRequest) -> BoxFuture<'_, Result<ScoreOutput, LlmError>> {
        let (reply, answer) = oneshot::channel();
        let engine = self.engine(&request.prompt);
        let sent = engine.and_then(|engine| engine.send(Request::Score(request, reply)));
        Box::pin(async move {
            let _waiting = sent?;
            answer.await.map_err(|_| LlmError::Stopped)?
        })
    }

    fn generate(
        &self,
        mut request: GenerateRequest,
    ) -> BoxFuture<'_, Result<GenerateOutput, LlmError>> {
        let (reply, answer) = oneshot::channel();
        let sent = self.engine(&request.prompt).and_then(|engine| {
            if let Some(draft) = &mut request.draft
                && engine.guesses.are_wanted()
            {
                self.guess(draft.as_mut(), &engine.guesses);
            }
            engine.send(Request::Generate(request, reply))
        });
        Box::pin(async move {
            let _waiting = sent?;
            answer.await.map_err(|_| LlmError::Stopped)?
        })
    }

    fn context_size(&self) -> usize {
        self.context
    }
}

/// Loads a LoRA adapter.
fn adapter(model: &mut LlamaModel, path: &Path) -> Result<LlamaLoraAdapter, LlmError> {
    // llama.cpp does not say why a file cannot be opened.
    std::fs::File::open(path).map_err(|error| LlmError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    logs::clear();
    model.lora_adapter_init(path).map_err(|error| LlmError::Load {
        path: path.to_owned(),
        reason: logs::last_errors(&error.to_string()),
    })
}

/// The model's tokens of a text, none of them special.
fn tokens_of(model: &LlamaModel, text: &str) -> Vec<TokenId> {
    if text.is_empty() {
        return Vec::new();
    }
    let tokens = model.vocab().tokenize(text.as_bytes(), false, false);
    tokens.into_iter().map(|token| token.0).collect()
}

/// llama.cpp writes to the model while it creates a context: one at a time.
static CREATING: Mutex<()> = Mutex::new(());

/// The engine's thread: creates the context and has it `serve` requests.
fn engine<'model>(
    path: &Path,
    model: &'model LlamaModel,
    adapter: Option<LlamaLoraAdapter>,
    shape: Shape,
    on_gpu: bool,
    ready: &std::sync::mpsc::Sender<Result<(), LlmError>>,
    serve: impl FnOnce(LlamaContext<'model>),
) {
    let refused = |fallback: String| LlmError::Load {
        path: path.to_owned(),
        reason: logs::last_errors(&fallback),
    };
    let create = || {
        let _one = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
        logs::clear();
        let parameters = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new((shape.context.next_multiple_of(256) * shape.slots) as u32))
            .with_n_seq_max(shape.slots as u32)
            .with_n_batch(shape.batch as u32)
            .with_n_ubatch(shape.pass as u32)
            .with_n_threads(shape.threads as i32)
            .with_n_threads_batch(shape.threads as i32)
            .with_kv_unified(false)
            .with_flash_attention_policy(if on_gpu {
                llama_cpp_sys_2::LLAMA_FLASH_ATTN_TYPE_AUTO
            } else {
                llama_cpp_sys_2::LLAMA_FLASH_ATTN_TYPE_ENABLED
            })
            // On a processor, keys and values of two types keep llama.cpp to the one attention
            // kernel that looks at each token alone: it passes over cells that are not its own
            // (plain attention multiplies 256 at least), and rounds the same whatever is decoded
            // beside it, which its kernels for many tokens and for one token do not. It sums
            // in single precision where the values are bfloat16, and in half where they are half.
            .with_type_v(if on_gpu { KvCacheType::F16 } else { KvCacheType::BF16 })
            .with_no_perf(true);
        let mut context = model
            .new_context(load::backend(path)?, parameters)
            .map_err(|error| refused(error.to_string()))?;
        if let Some(mut adapter) = adapter {
            context.lora_adapter_set(&mut adapter, 1.0).map_err(|e| refused(e.to_string()))?;
        }
        Ok(context)
    };
    match create() {
        Ok(context) => {
            if ready.send(Ok(())).is_ok() {
                serve(context);
            }
        }
        // The caller is waiting for exactly this; where it is gone nobody is left to tell.
        Err(error) => drop(ready.send(Err(error))),
    }
}

fn info(
    model: &LlamaModel,
    options: &LlamaOptions,
    parallel: usize,
    context: usize,
    batch: usize,
    drafts: Drafts,
) -> Result<ModelInfo, LlmError> {
    let path = &options.path;
    let vocab = model.vocab();
    let metadata = |key: &str| model.meta_val_str(key).ok().filter(|value| !value.is_empty());
    let stem =
        path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let chat_template = model
        .chat_template(None)
        .ok()
        .and_then(|template| template.to_string().ok())
        .filter(|template| !template.is_empty());
    Ok(ModelInfo {
        name: metadata("general.name").unwrap_or(stem),
        path: path.display().to_string(),
        hash: hash_file(path)?,
        bytes: model.size(),
        parameters: model.n_params(),
        context_trained: model.n_ctx_train(),
        chat_template,
        template: metadata("gec.template"),
        max_tokens_per_word: metadata("gec.max_tokens_per_word")
            .and_then(|value| value.parse().ok()),
        bos: load::special_text(model, vocab.bos().0),
        eos: load::special_text(model, vocab.eos().0),
        add_bos: vocab.should_add_bos(),
        engine: format!(
            "llama-cpp-2 {LLAMA_CPP_2}, {} slots of {context} tokens of f16 and {}, batch {batch}, \
             {} gpu layers, prefix sharing {}, drafts {}{}",
            parallel,
            if options.gpu_layers > 0 { "f16" } else { "bf16" },
            options.gpu_layers,
            on_or_off(options.share_prefix),
            on_or_off(drafts != Drafts::Never),
            of_one_machine().iter().map(|name| format!(", {name}")).collect::<String>(),
        ),
        adapter: options.lora.as_deref().map(hash_file).transpose()?,
    })
}

fn on_or_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// blake3 of a file's bytes, in hex.
fn hash_file(path: &Path) -> Result<String, LlmError> {
    let unreadable = |error: std::io::Error| LlmError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let mut hasher = blake3::Hasher::new();
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    hasher.update_reader(&mut file).map_err(unreadable)?;
    Ok(hasher.finalize().to_hex().to_string())
}
