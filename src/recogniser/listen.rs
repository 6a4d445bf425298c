//! One recording from file to utterances.

use acoustic_protocol::{DecodeOptions, SAMPLE_RATE, VoiceOptions, Window};

use super::{RecogniserError, Worker, nbest};
use crate::{
    acoustic::{self, Beliefs, Pieces, Prefix},
    audio::{
        AudioError, AudioInfo, AudioItem, AudioReader, Channel, EnergyDetector, EnergyOptions,
        GivenRegions, Segment, SegmentOptions, Segmenter,
    },
    corpus::{Hypothesis, Span, Surroundings, Utterance},
    normalize::Normalizer,
};

/// Audio given to the voice activity model at once: five minutes.
const VOICE_SAMPLES: usize = 300 * SAMPLE_RATE as usize;

/// What becomes an utterance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// The whole recording where it has a reference, else each window.
    Auto,
    /// The whole recording; lists of its windows are joined.
    Recording,
    /// Each window.
    Window,
}

/// How recordings are heard.
pub struct ListenOptions {
    /// How a window is searched.
    pub decode: DecodeOptions,
    /// Hypotheses of an utterance at most, at least 1.
    pub nbest: usize,
    /// What makes two hypotheses the same.
    pub normalizer: &'static dyn Normalizer,
    /// Which channel.
    pub channel: Channel,
    /// What becomes an utterance.
    pub unit: Unit,
    /// A window whose probability of no speech is above this, and whose best hypothesis is
    /// less likely than [`min_logprob`](Self::min_logprob), holds no text.
    pub max_no_speech: f32,
    /// Average natural log-probability of a token.
    pub min_logprob: f64,
    /// Longest window in milliseconds; the model's where it is shorter.
    pub max_window_ms: u64,
    /// Whether pauses are found by the voice activity model.
    pub voice_model: bool,
    /// Whether what the recogniser believed is kept.
    pub posteriors: bool,
}

/// What was heard in a recording, beside the utterances that its windows are.
#[derive(Debug, Default)]
pub struct Heard {
    /// The recording as one utterance, where it is one.
    pub whole: Option<Utterance>,
    /// Its length in milliseconds.
    pub audio_ms: i64,
    /// What was odd about it.
    pub note: Option<String>,
}

/// How far a recording was heard by an earlier command, and where its utterances go.
pub struct Listening<'a> {
    /// Windows that end by this time, in milliseconds, have been heard.
    pub until_ms: i64,
    /// Utterances that came of them.
    pub utterances: usize,
    /// Utterances it may have.
    pub most: usize,
    /// Takes each window that is an utterance as soon as it is heard.
    pub emit: &'a mut dyn FnMut(Utterance),
    /// Whether to stop; asked before each window.
    pub stop: &'a dyn Fn() -> bool,
}

/// Why a recording could not be heard.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// The file cannot be read.
    #[error(transparent)]
    Audio(#[from] AudioError),
    /// The recogniser failed.
    #[error(transparent)]
    Recogniser(#[from] RecogniserError),
    /// More windows hold speech than are stored of one recording.
    #[error("more than {most} windows of it hold speech")]
    TooLong {
        /// The limit.
        most: usize,
    },
    /// It was asked to stop.
    #[error("stopped before the end")]
    Stopped,
    /// What the recogniser recorded makes no sense.
    #[error("what the recogniser recorded cannot be used")]
    Record(#[from] acoustic::RecordError),
}

impl ListenError {
    /// Whether every recording would meet it.
    #[must_use]
    pub fn is_setup(&self) -> bool {
        matches!(self, Self::Recogniser(error) if error.is_setup())
    }
}

/// A window of a recording and what was heard in it.
struct HeardWindow {
    span: Span,
    window: Window,
}

/// Hears one recording. A silent one is one empty utterance, or none where windows become
/// utterances.
///
/// # Errors
/// Where the file cannot be read, the recogniser fails, or it is to stop; utterances that
/// were emitted before stay good.
pub fn listen(
    item: &AudioItem,
    worker: &mut Worker,
    pieces: &Pieces,
    options: &ListenOptions,
    listening: Listening<'_>,
) -> Result<Heard, ListenError> {
    let whole = match options.unit {
        Unit::Auto => item.reference.is_some(),
        Unit::Recording => true,
        Unit::Window => false,
    };
    let decode = DecodeOptions {
        language: options.decode.language.clone().or_else(|| language(item, worker)),
        ..options.decode.clone()
    };
    let Listening { until_ms, mut utterances, most, emit, stop } = listening;
    let (mut windows, mut loops) = (Vec::new(), 0);
    let reader = hear(item, worker, options, |worker, segment| {
        if stop() {
            return Err(ListenError::Stopped);
        }
        let span = Span { start_ms: segment.start_ms, end_ms: segment.end_ms };
        if !whole && span.end_ms <= until_ms {
            return Ok(());
        }
        let window = worker.decode(segment.samples, &decode)?;
        if is_silence(&window, options) {
            return Ok(());
        }
        loops += u64::from(window.hypotheses.iter().all(|hypothesis| hypothesis.repeats));
        let heard = HeardWindow { span, window };
        if whole {
            windows.push(heard);
        } else {
            utterances += 1;
            if utterances > most {
                return Err(ListenError::TooLong { most });
            }
            let id = format!("{}-{utterances:04}", item.id);
            emit(utterance(item, id, span, &[heard], pieces, options)?);
        }
        Ok(())
    })?;
    let (audio_ms, start_ms) = (reader.read_ms(), reader.start_ms());
    let joined = || -> Result<Utterance, ListenError> {
        let span = Span { start_ms, end_ms: start_ms + audio_ms };
        let utterance = utterance(item, item.id.clone(), span, &windows, pieces, options)?;
        Ok(Utterance { reference: item.reference.clone(), ..utterance })
    };
    let whole = if whole { Some(joined()?) } else { None };
    Ok(Heard { whole, audio_ms, note: note(reader.info(), loops) })
}

/// What the manifest says is spoken, as Whisper calls it; nothing where the model knows one
/// language only: it hears everything in that.
fn language(item: &AudioItem, worker: &Worker) -> Option<String> {
    let tag = item.language.as_deref().filter(|_| worker.info().multilingual)?;
    // A tag's first part is the language: `en-GB`, `zh_CN`.
    let code = tag.split(['-', '_']).next()?.trim().to_lowercase();
    (!code.is_empty()).then_some(code)
}

/// Reads the recording and hands its segments on; the reader, at its end.
fn hear(
    item: &AudioItem,
    worker: &mut Worker,
    options: &ListenOptions,
    mut each: impl FnMut(&mut Worker, Segment) -> Result<(), ListenError>,
) -> Result<AudioReader, ListenError> {
    let (start_ms, end_ms) = item.range_ms.unwrap_or((0, None));
    let open = || AudioReader::open_range(&item.path, options.channel, start_ms, end_ms);
    let window_ms = worker.info().window_samples() as u64 * 1000 / u64::from(SAMPLE_RATE);
    let regions = match options.voice_model {
        true => Some(voice_regions(open()?, worker)?),
        false => None,
    };
    let reader = open()?;
    let cutting = SegmentOptions {
        max_ms: options.max_window_ms.min(window_ms),
        origin_ms: reader.start_ms(),
        ..SegmentOptions::default()
    };
    macro_rules! cut_with {
        ($detector:expr) => {{
            let mut segments = Segmenter::new(reader, $detector, cutting)?;
            for segment in &mut segments {
                each(worker, segment?)?;
            }
            Ok(segments.into_blocks())
        }};
    }
    match regions {
        Some(regions) => cut_with!(GivenRegions::new(regions)),
        None => cut_with!(EnergyDetector::new(EnergyOptions::default())),
    }
}

/// Speech by the voice activity model, in milliseconds from the reader's first sample.
fn voice_regions(reader: AudioReader, worker: &mut Worker) -> Result<Vec<(i64, i64)>, ListenError> {
    let mut regions = Vec::new();
    let mut waiting: Vec<f32> = Vec::new();
    let mut done_ms = 0;
    let mut find = |samples: Vec<f32>| -> Result<(), RecogniserError> {
        let length = (samples.len() / (SAMPLE_RATE as usize / 1000)) as i64;
        let found = worker.voice(samples, &VoiceOptions::default())?;
        regions.extend(found.iter().map(|one| (done_ms + one.start_ms, done_ms + one.end_ms)));
        done_ms += length;
        Ok(())
    };
    for block in reader {
        waiting.extend_from_slice(&block?);
        if waiting.len() >= VOICE_SAMPLES {
            let rest = waiting.split_off(VOICE_SAMPLES);
            find(std::mem::replace(&mut waiting, rest))?;
        }
    }
    if !waiting.is_empty() {
        find(waiting)?;
    }
    Ok(regions)
}

/// Whisper's own rule: probably nobody speaks, and the text is not likely either.
fn is_silence(window: &Window, options: &ListenOptions) -> bool {
    let Some(best) = window.hypotheses.first() else { return true };
    if window.no_speech <= options.max_no_speech || best.logprobs.is_empty() {
        return best.text.is_empty();
    }
    let sum: f64 = best.logprobs.iter().map(|&logprob| f64::from(logprob)).sum();
    best.text.is_empty() || sum / (best.logprobs.len() as f64) < options.min_logprob
}

fn utterance(
    item: &AudioItem,
    id: String,
    span: Span,
    windows: &[HeardWindow],
    pieces: &Pieces,
    options: &ListenOptions,
) -> Result<Utterance, ListenError> {
    let lists: Vec<_> = windows
        .iter()
        .map(|heard| nbest::candidates(&heard.window, options.nbest, options.normalizer))
        .collect();
    let joined = nbest::join(&lists, options.nbest);
    let words =
        windows.iter().flat_map(|heard| nbest::words(&heard.window, heard.span.start_ms)).collect();
    let recorded = windows.iter().filter(|heard| !heard.window.nodes.is_empty());
    let beliefs: Vec<Beliefs> = recorded
        .filter(|_| options.posteriors)
        .map(|heard| beliefs(&heard.window, pieces))
        .collect::<Result<_, _>>()?;
    let nbest: Vec<Hypothesis> = nbest::hypotheses(joined);
    Ok(Utterance {
        id,
        nbest,
        reference: None,
        label: item.label.clone(),
        group: item.group.clone(),
        audio: Some(item.path.display().to_string()),
        span: Some(span),
        words,
        posteriors: (!beliefs.is_empty()).then(|| acoustic::pack_all(&beliefs)),
        surroundings: Surroundings::default(),
    })
}

fn beliefs(window: &Window, pieces: &Pieces) -> Result<Beliefs, acoustic::RecordError> {
    let prefixes = window.nodes.iter().map(|node| Prefix {
        parent: node.parent,
        token: node.token,
        logprob: node.logprob,
        end: node.end,
        next: node.next.clone(),
    });
    Beliefs::new(pieces, prefixes.collect())
}

fn note(info: &AudioInfo, loops: u64) -> Option<String> {
    let mut notes = Vec::new();
    if info.truncated {
        notes.push("the file is cut short: what there is of it was used".to_owned());
    }
    if info.damaged_packets > 0 {
        notes.push(format!("{} damaged packets count as silence", info.damaged_packets));
    }
    if info.non_finite > 0 {
        notes.push(format!("{} samples that are no numbers count as 0", info.non_finite));
    }
    if loops > 0 {
        notes.push(format!("{loops} windows end in a loop of words"));
    }
    (!notes.is_empty()).then(|| notes.join("; "))
}
