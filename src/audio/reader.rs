//! A file as a stream of 16 kHz mono blocks.

use std::path::{Path, PathBuf};

use super::resample::Resampler;
use super::source::{AudioInfo, Source};
use super::{AudioError, Channel, SAMPLE_RATE, SAMPLES_PER_MS};

/// Samples of a block: half a second.
const BLOCK: usize = SAMPLE_RATE as usize / 2;

/// How far before the wanted place decoding starts, for decoders that need a run-up.
const RUN_UP_SECONDS: f64 = 0.5;

/// Reads a file as blocks of 16 kHz mono samples in [-1, 1].
///
/// A block is not empty and at most half a second long; little more is held, however long
/// the file. A file without samples gives no block. After an error the reader has ended.
///
/// ```no_run
/// use gec::audio::{AudioReader, Channel};
///
/// let mut reader = AudioReader::open("talk.mp3".as_ref(), Channel::Mix)?;
/// let mut samples = 0;
/// for block in &mut reader {
///     samples += block?.len();
/// }
/// let seconds = samples as f64 / 16_000.0;
/// assert!(!reader.info().truncated, "only {seconds} s of it could be read");
/// # Ok::<(), gec::audio::AudioError>(())
/// ```
pub struct AudioReader {
    path: PathBuf,
    source: Source,
    resampler: Option<Resampler>,
    /// Decoded before anyone asked, to know the channels on opening.
    first: Option<(u32, Option<i64>)>,
    mono: Vec<f32>,
    ready: Vec<f32>,
    /// Where the next decoded frame is, in frames from the start of the file.
    position: Option<i64>,
    start_ms: i64,
    /// Output samples left to give.
    left: Option<u64>,
    /// Output samples given so far.
    given: u64,
    ended: bool,
}

impl AudioReader {
    /// Opens a file and decodes its first packet.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is empty, is not audio, is in a format that cannot be
    /// decoded, or does not have the channel.
    pub fn open(path: &Path, channel: Channel) -> Result<Self, AudioError> {
        Self::open_range(path, channel, 0, None)
    }

    /// Opens a file to read from `start_ms` up to `end_ms`, or to the end.
    ///
    /// A negative start counts as 0; a range beyond the end, or with its end before its
    /// start, has no samples.
    ///
    /// # Errors
    ///
    /// As [`Self::open`].
    pub fn open_range(
        path: &Path,
        channel: Channel,
        start_ms: i64,
        end_ms: Option<i64>,
    ) -> Result<Self, AudioError> {
        let start_ms = start_ms.max(0);
        let mut source = Source::open(path, channel)?;
        let mut mono = Vec::new();
        let first = source.next(&mut mono)?;
        let left = end_ms.map(|end| {
            u64::try_from(end.saturating_sub(start_ms)).unwrap_or(0).saturating_mul(SAMPLES_PER_MS)
        });
        let mut reader = Self {
            path: path.to_owned(),
            source,
            resampler: None,
            first,
            mono,
            ready: Vec::new(),
            position: (start_ms == 0).then_some(0),
            start_ms,
            left,
            given: 0,
            ended: first.is_none(),
        };
        if start_ms > 0 {
            reader.seek(channel)?;
        }
        Ok(reader)
    }

    /// What is known of the file so far.
    #[must_use]
    pub fn info(&self) -> &AudioInfo {
        self.source.info()
    }

    /// Where in the file the first sample is, in milliseconds.
    #[must_use]
    pub fn start_ms(&self) -> i64 {
        self.start_ms
    }

    /// How much audio was given so far, in milliseconds, the last one begun counted whole.
    #[must_use]
    pub fn read_ms(&self) -> i64 {
        self.given.div_ceil(SAMPLES_PER_MS) as i64
    }

    /// Reads all samples that are left. For short files: a minute takes 4 MB.
    ///
    /// # Errors
    ///
    /// As the blocks.
    pub fn read_all(&mut self) -> Result<Vec<f32>, AudioError> {
        let mut all = Vec::new();
        for block in self {
            all.extend_from_slice(&block?);
        }
        Ok(all)
    }

    /// Skips what can be skipped without decoding. Where the container cannot, all before
    /// the start is decoded and dropped.
    fn seek(&mut self, channel: Channel) -> Result<(), AudioError> {
        let seconds = self.start_ms as f64 / 1000.0 - RUN_UP_SECONDS;
        if seconds > 0.0 {
            self.mono.clear();
            if self.source.seek(seconds).is_some() {
                self.first = None;
                return Ok(());
            }
            // A failed search may have moved the place.
            self.source = Source::open(&self.path, channel)?;
            self.first = self.source.next(&mut self.mono)?;
            self.ended = self.first.is_none();
        }
        self.position = Some(0);
        Ok(())
    }

    /// Drops from the decoded samples those before the start.
    fn drop_before_start(&mut self, rate: u32, place: Option<i64>) {
        let wanted = (self.start_ms as f64 * f64::from(rate) / 1000.0).round() as i64;
        let position = self.position.or(place).unwrap_or(wanted);
        let early = usize::try_from(wanted.saturating_sub(position)).unwrap_or(0);
        self.position = Some(position.saturating_add(self.mono.len() as i64));
        self.mono.drain(..early.min(self.mono.len()));
    }

    /// Decodes one packet and resamples it, or ends.
    fn step(&mut self) -> Result<(), AudioError> {
        let next = match self.first.take() {
            Some(first) => Some(first),
            None => self.source.next(&mut self.mono)?,
        };
        let Some((rate, place)) = next else {
            self.ended = true;
            return self.finish_resampler();
        };
        self.drop_before_start(rate, place);
        if self.resampler.as_ref().is_none_or(|resampler| resampler.rate() != rate) {
            self.finish_resampler()?;
            self.resampler = Some(Resampler::new(rate).map_err(|detail| self.failed(detail))?);
        }
        let pushed = match &mut self.resampler {
            Some(resampler) => resampler.push(&self.mono, &mut self.ready),
            None => Ok(()),
        };
        self.mono.clear();
        pushed.map_err(|detail| self.failed(detail))
    }

    fn finish_resampler(&mut self) -> Result<(), AudioError> {
        let finished = match self.resampler.take() {
            Some(mut resampler) => resampler.finish(&mut self.ready),
            None => Ok(()),
        };
        finished.map_err(|detail| self.failed(detail))
    }

    fn failed(&self, detail: String) -> AudioError {
        AudioError::Decoder { path: self.path.clone(), detail }
    }
}

impl Iterator for AudioReader {
    type Item = Result<Vec<f32>, AudioError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.left != Some(0) {
            let wanted = self
                .left
                .map_or(BLOCK, |left| usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK)));
            if self.ready.len() >= wanted || (self.ended && !self.ready.is_empty()) {
                let rest = self.ready.split_off(wanted.min(self.ready.len()));
                let block = std::mem::replace(&mut self.ready, rest);
                self.left = self.left.map(|left| left.saturating_sub(block.len() as u64));
                self.given += block.len() as u64;
                return Some(Ok(block));
            }
            if self.ended {
                return None;
            }
            if let Err(error) = self.step() {
                self.left = Some(0);
                return Some(Err(error));
            }
        }
        None
    }
}

impl std::iter::FusedIterator for AudioReader {}

impl std::fmt::Debug for AudioReader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("AudioReader")
            .field("path", &self.path)
            .field("info", self.info())
            .field("start_ms", &self.start_ms)
            .finish_non_exhaustive()
    }
}
