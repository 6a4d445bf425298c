//! From recordings to a stored corpus: workers listen, one task stores what they heard.

use std::{
    cell::Cell,
    collections::HashMap,
    num::NonZero,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tokio::sync::mpsc;

use super::{Context, Interrupt, failure::Hinted, model, progress};
use crate::{
    acoustic::Pieces,
    audio::{AudioItem, inputs},
    cli::transcribe::AsrArgs,
    corpus::{Source, Utterance},
    datasets::{self, ResolvedCorpus},
    normalize,
    recogniser::{
        self, DecodeOptions, ListenError, ListenOptions, Listening, RecogniserError, Unit, Worker,
        WorkerOptions, shipped,
    },
    store::{
        Corpus, CorpusKey, FirstPass, FirstPassTotals, NewCorpus, RECORDING_UTTERANCES, RECORDINGS,
        RecordingEnd, RecordingPart, Store, StoredRecogniser,
    },
};

/// Version of how recordings become utterances; see [`CorpusKey::reader_version`].
const LISTENER_VERSION: u32 = 1000;

/// A model file up to this size is tiny: more processes help it, more threads do not.
const TINY_BYTES: u64 = 32 << 20;

/// How long a recording waits for others to share its transaction.
const COMMIT_DELAY: Duration = Duration::from_millis(200);

/// Parts of recordings a transaction.
const COMMIT_PARTS: usize = 64;

/// What is to be recognised.
pub(super) struct Task {
    pub(super) dataset: String,
    pub(super) subset: String,
    pub(super) split: String,
    /// Where the recordings come from, for people.
    pub(super) source: String,
    pub(super) items: Vec<AudioItem>,
    /// Whether recordings that failed are tried again.
    pub(super) retry_errors: bool,
}

/// What came of a task.
pub(super) struct FirstPassOutcome {
    /// `None` where the user interrupted it.
    pub(super) corpus: Option<Corpus>,
    pub(super) totals: FirstPassTotals,
    /// Recordings worked on now, milliseconds of audio in them, and how long that took.
    pub(super) worked: u64,
    pub(super) worked_ms: i64,
    pub(super) seconds: f64,
}

/// A recogniser that is ready: its first worker is loaded.
pub(super) struct Listener {
    /// Workers that wait for the next task.
    idle: Mutex<Vec<Worker>>,
    options: WorkerOptions,
    listening: ListenOptions,
    workers: usize,
    pieces: Pieces,
    hash: String,
    settings: serde_json::Value,
}

impl Listener {
    /// Starts the first process, loads the model and stores what it is.
    pub(super) async fn start(
        args: &AsrArgs,
        store: &Store,
        context: &Context,
    ) -> anyhow::Result<Self> {
        let listening = listening(args)?;
        let path = match &args.asr_model {
            Some(path) => path.clone(),
            None => shipped::unpack(&model::cache_folder()?)?,
        };
        let size = fs_err::metadata(&path)
            .map_err(|source| RecogniserError::File { path: path.clone(), source })?
            .len();
        let (workers, threads) = shares(args, size);
        let options = WorkerOptions {
            program: recogniser::locate()?,
            model: path.clone(),
            voice_model: args.voice_model.clone(),
            threads,
            gpu: args.asr_gpu,
            limit: Duration::from_secs(u64::from(args.asr_timeout)),
        };
        let spinner = progress::spinner(context.progress, format!("loading {}", path.display()));
        let starting = options.clone();
        let (worker, hash) = tokio::task::spawn_blocking(move || {
            let hash = hash_file(&starting.model)?;
            anyhow::Ok((Worker::start(&starting)?, hash))
        })
        .await??;
        spinner.finish_and_clear();
        let pieces = Pieces::new(worker.vocabulary());
        let recogniser = StoredRecogniser {
            hash: hash.clone(),
            path: path.display().to_string(),
            size,
            vocabulary: pieces.pack(),
            metadata: serde_json::json!({ "model": worker.info(), "library": worker.library() }),
        };
        store.save_recogniser(&recogniser).await?;
        let settings = settings(args, &listening, &worker, &hash)?;
        let idle = Mutex::new(vec![worker]);
        Ok(Self { idle, options, listening, workers, pieces, hash, settings })
    }

    /// Recognises what the store does not have yet.
    pub(super) async fn run(
        self: &Arc<Self>,
        task: Task,
        store: &Store,
        context: &Context,
        interrupt: &Interrupt,
    ) -> anyhow::Result<FirstPassOutcome> {
        if task.items.len() > RECORDINGS {
            return Err(Hinted::new(
                format!(
                    "{} recordings are more than the {RECORDINGS} of one corpus",
                    task.items.len()
                ),
                "give them several names with `--name`",
            )
            .into());
        }
        let new = NewCorpus { key: self.key(&task)?, source: task.source.clone() };
        if let Some(corpus) = store.find_corpus(&new.key).await? {
            let totals = store.first_pass_totals(corpus.id).await?;
            if totals.failed == 0 || !task.retry_errors {
                let corpus = Some(corpus);
                return Ok(FirstPassOutcome {
                    corpus,
                    totals,
                    worked: 0,
                    worked_ms: 0,
                    seconds: 0.0,
                });
            }
        }
        let pass = store.open_first_pass(&new, &self.hash, &self.settings).await?;
        let total = task.items.len() as u64;
        let skip = |place: &usize| {
            pass.done.binary_search(place).is_ok()
                || (!task.retry_errors && pass.failed.binary_search(place).is_ok())
        };
        let todo: Vec<(usize, AudioItem)> =
            (0..).zip(task.items).filter(|(place, _)| !skip(place)).collect();
        let title = format!("listening to {}:{}", task.dataset, task.subset);
        let bar = progress::bar(context.progress, &title, total, total - todo.len() as u64);
        let started = Instant::now();
        let listened = self.listen_to(todo, &pass, store, interrupt, &bar, context).await;
        bar.finish_and_clear();
        let (worked, worked_ms, interrupted) = listened?;
        let corpus = match interrupted {
            true => None,
            false => Some(store.finish_first_pass(pass.corpus, &new.key).await?),
        };
        let totals = store.first_pass_totals(pass.corpus).await?;
        let seconds = started.elapsed().as_secs_f64();
        Ok(FirstPassOutcome { corpus, totals, worked, worked_ms, seconds })
    }

    /// The same recordings, model and settings are the same corpus. Files are told by size
    /// and time of change: reading a large archive only to hash it would take as long as
    /// hearing some of it.
    fn key(&self, task: &Task) -> anyhow::Result<CorpusKey> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.settings.to_string().as_bytes());
        for item in &task.items {
            let file = fs_err::metadata(&item.path).ok();
            let changed = file.as_ref().and_then(|file| file.modified().ok());
            let line = serde_json::json!([
                item.id,
                item.path,
                item.reference,
                item.group,
                item.language,
                item.range_ms,
                file.map(|file| file.len()),
                changed
                    .and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok())
                    .map(|time| time.as_nanos().to_string()),
            ]);
            hasher.update(serde_json::to_string(&line)?.as_bytes());
        }
        Ok(CorpusKey {
            dataset: task.dataset.clone(),
            subset: task.subset.clone(),
            split: task.split.clone(),
            checksum: hasher.finalize().to_hex().to_string(),
            reader_version: LISTENER_VERSION,
        })
    }

    /// Number of recordings, milliseconds of audio, and whether the user stopped it.
    async fn listen_to(
        self: &Arc<Self>,
        todo: Vec<(usize, AudioItem)>,
        pass: &FirstPass,
        store: &Store,
        interrupt: &Interrupt,
        bar: &indicatif::ProgressBar,
        context: &Context,
    ) -> anyhow::Result<(u64, i64, bool)> {
        let workers = self.workers.min(todo.len()).max(1);
        let expected = todo.len() as u64;
        let queue = Arc::new(Mutex::new(todo.into_iter()));
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, mut receiver) = mpsc::channel(COMMIT_PARTS);
        let begun = Arc::new(pass.begun.clone());
        for _ in 0..workers {
            let (listener, queue, stop) = (Arc::clone(self), Arc::clone(&queue), Arc::clone(&stop));
            let (sender, interrupt, begun) =
                (sender.clone(), interrupt.clone(), Arc::clone(&begun));
            thread::spawn(move || {
                let over = || interrupt.is_set() || stop.load(Ordering::Relaxed);
                listener.work(&queue, &begun, &over, &sender);
            });
        }
        drop(sender);
        let (mut worked, mut worked_ms, mut fatal) = (0, 0, None);
        while let Some(first) = receiver.recv().await {
            let deadline = tokio::time::Instant::now() + COMMIT_DELAY;
            let mut batch = vec![first];
            while batch.len() < COMMIT_PARTS {
                match tokio::time::timeout_at(deadline, receiver.recv()).await {
                    Ok(Some(part)) => batch.push(part),
                    Err(_) | Ok(None) => break,
                }
            }
            let mut parts = Vec::with_capacity(batch.len());
            for result in batch {
                match result {
                    Ok(part) => parts.push(part),
                    Err(error) => {
                        stop.store(true, Ordering::Relaxed);
                        fatal.get_or_insert(error);
                    }
                }
            }
            for end in parts.iter().filter_map(|part| part.end.as_ref()) {
                tell_one(end, bar, context);
                worked += 1;
                worked_ms += end.audio_ms;
                bar.inc(1);
            }
            store.put_recordings(pass.corpus, parts).await?;
        }
        match fatal {
            Some(error) => Err(error.into()),
            None => Ok((worked, worked_ms, worked < expected)),
        }
    }

    /// One worker thread. An error of one recording belongs to it; any other ends the pass.
    fn work(
        &self,
        queue: &Mutex<impl Iterator<Item = (usize, AudioItem)>>,
        begun: &HashMap<usize, (usize, i64)>,
        over: &dyn Fn() -> bool,
        sender: &mpsc::Sender<Result<RecordingPart, ListenError>>,
    ) {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle().pop();
        let mut worker = match waiting.map_or_else(|| Worker::start(&self.options), Ok) {
            Ok(worker) => worker,
            Err(error) => {
                // The other side is gone only where the pass is over.
                let _ = sender.blocking_send(Err(error.into()));
                return;
            }
        };
        while !over() {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((place, item)) = next else { break };
            let begun = begun.get(&place).copied().unwrap_or((0, i64::MIN));
            match self.hear(place, &item, begun, &mut worker, over, sender) {
                Ok(()) => {}
                Err(ListenError::Stopped) => break,
                Err(error) => {
                    let _ = sender.blocking_send(Err(error));
                    break;
                }
            }
        }
        idle().push(worker);
    }

    /// Hears one recording and sends what came of it, window by window where these are the
    /// utterances: a long recording must not be lost for its last minutes.
    fn hear(
        &self,
        place: usize,
        item: &AudioItem,
        (before, until_ms): (usize, i64),
        worker: &mut Worker,
        over: &dyn Fn() -> bool,
        sender: &mpsc::Sender<Result<RecordingPart, ListenError>>,
    ) -> Result<(), ListenError> {
        let started = Instant::now();
        let mut sent = before;
        let gone = Cell::new(false);
        let mut send = |utterances: Vec<Utterance>, end: Option<RecordingEnd>| {
            let first = sent;
            sent += utterances.len();
            let part = RecordingPart { item: place, first, utterances, end };
            if sender.blocking_send(Ok(part)).is_err() {
                gone.set(true);
            }
        };
        let listening = Listening {
            until_ms,
            utterances: before,
            most: RECORDING_UTTERANCES,
            emit: &mut |utterance| send(vec![utterance], None),
            stop: &|| over() || gone.get(),
        };
        let result = recogniser::listen(item, worker, &self.pieces, &self.listening, listening);
        let mut end = RecordingEnd {
            name: item.id.clone(),
            audio_ms: 0,
            elapsed_ms: started.elapsed().as_millis() as i64,
            note: None,
            error: None,
        };
        let mut whole = None;
        match result {
            Ok(heard) => {
                whole = heard.whole;
                end.audio_ms = heard.audio_ms;
                end.note = heard.note;
            }
            Err(ListenError::Stopped) => return Err(ListenError::Stopped),
            Err(error) if error.is_setup() => return Err(error),
            Err(error) => end.error = Some(whole_message(&error)),
        }
        // In one part: a recording that is one utterance is there with its end or not at all.
        send(whole.into_iter().collect(), Some(end));
        Ok(())
    }
}

/// A known corpus of recordings as a task. What comes with the program is unpacked first.
pub(super) fn task(
    found: &ResolvedCorpus,
    retry_errors: bool,
    context: &Context,
) -> anyhow::Result<Task> {
    let manifest = match &found.source {
        Source::Embedded { name, .. } => datasets::unpack(name, &model::cache_folder()?)?,
        source => source.path().to_owned(),
    };
    let mut items = Vec::new();
    for item in inputs::open([manifest]) {
        match item {
            Ok(item) => items.push(item),
            Err(error) => context.note(&format!("warning: {error}")),
        }
    }
    Ok(Task {
        dataset: found.dataset.clone(),
        subset: found.subset.clone(),
        split: found.split.clone(),
        source: found.source.path().display().to_string(),
        items,
        retry_errors,
    })
}

/// Tells on stderr what was done now.
pub(super) fn tell(dataset: &str, outcome: &FirstPassOutcome, context: &Context) {
    if outcome.worked == 0 {
        context.note(&format!("{dataset}: all stored already, nothing to do"));
    } else {
        let audio = outcome.worked_ms as f64 / 1000.0;
        context.note(&format!(
            "{dataset}: {} recordings, {audio:.0} s of audio in {:.1} s ({:.1} times as fast)",
            outcome.worked,
            outcome.seconds,
            audio / outcome.seconds.max(1e-9),
        ));
    }
    if outcome.totals.failed > 0 {
        context.note(&format!(
            "{} recordings failed; `--retry-errors` tries them again",
            outcome.totals.failed
        ));
    }
}

/// Says what was odd about a recording.
fn tell_one(end: &RecordingEnd, bar: &indicatif::ProgressBar, context: &Context) {
    if let Some(error) = &end.error {
        bar.suspend(|| context.note(&format!("warning: `{}` failed: {error}", end.name)));
    } else if let Some(note) = &end.note {
        bar.suspend(|| context.note(&format!("warning: `{}`: {note}", end.name)));
    }
}

/// An error with its causes in one line.
fn whole_message(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !message.ends_with(&text) {
            message = format!("{message}: {text}");
        }
        cause = inner.source();
    }
    message
}

fn listening(args: &AsrArgs) -> anyhow::Result<ListenOptions> {
    let normalizer = normalize::by_name(&args.distinct).ok_or_else(|| {
        Hinted::new(
            format!("no normaliser `{}`", args.distinct),
            "there are none, basic, whisper-en and hp",
        )
    })?;
    if !(args.asr_temperature.is_finite() && args.asr_temperature >= 0.0) {
        return Err(Hinted::new("--asr-temperature is below 0", "0 searches with the beam").into());
    }
    Ok(ListenOptions {
        decode: DecodeOptions {
            beam: args.beam,
            // More than are wanted: some will be the same after normalisation.
            candidates: args.nbest * 4,
            top_k: args.top_k,
            language: args.language.clone(),
            initial_prompt: args.initial_prompt.clone(),
            suppress: args.suppress.clone(),
            suppress_non_speech: args.suppress_non_speech,
            temperature: args.asr_temperature,
            max_tokens: args.max_tokens.unwrap_or(0),
            word_times: true,
            ..DecodeOptions::default()
        },
        nbest: args.nbest as usize,
        normalizer,
        channel: args.channel.parse()?,
        unit: match args.utterances.as_str() {
            "recording" => Unit::Recording,
            "window" => Unit::Window,
            _ => Unit::Auto,
        },
        max_no_speech: args.max_no_speech,
        min_logprob: args.min_heard,
        max_window_ms: args.max_window.map_or(u64::MAX, |seconds| u64::from(seconds) * 1000),
        voice_model: args.voice_model.is_some(),
        posteriors: !args.no_posteriors,
    })
}

/// Processes, and threads of each.
fn shares(args: &AsrArgs, model_bytes: u64) -> (usize, u32) {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let workers = match args.asr_workers {
        Some(workers) => workers as usize,
        None if model_bytes <= TINY_BYTES => cores,
        None => 1,
    };
    let threads = args.asr_threads.unwrap_or_else(|| (cores / workers).max(1) as u32);
    (workers, threads)
}

/// Everything that decides what is heard, but the recordings.
fn settings(
    args: &AsrArgs,
    listening: &ListenOptions,
    worker: &Worker,
    hash: &str,
) -> anyhow::Result<serde_json::Value> {
    let voice = args.voice_model.as_deref().map(hash_file).transpose()?;
    Ok(serde_json::json!({
        "recogniser": hash,
        "library": worker.library(),
        "decode": listening.decode,
        "nbest": listening.nbest,
        "distinct": listening.normalizer.name(),
        "channel": args.channel,
        "utterances": args.utterances,
        "max_no_speech": listening.max_no_speech,
        "min_logprob": listening.min_logprob,
        "max_window": args.max_window,
        "posteriors": listening.posteriors,
        "voice_model": voice,
    }))
}

/// BLAKE3 of a file, hexadecimal.
fn hash_file(path: &Path) -> anyhow::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut file = fs_err::File::open(path)?;
    std::io::copy(&mut file, &mut hasher)
        .with_context(|| format!("reading `{}`", path.display()))?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// The name of the corpus that a path's recordings make.
pub(super) fn corpus_name(path: &str) -> String {
    let path = PathBuf::from(path);
    let full = fs_err::canonicalize(&path).unwrap_or(path);
    let stem = full.file_stem().unwrap_or_default().to_string_lossy();
    let name: String = stem.chars().filter(|letter| !letter.is_control()).collect();
    if name.is_empty() { "audio".to_owned() } else { name }
}
