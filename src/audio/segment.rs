//! Cuts a stream of samples into segments a recogniser can take.

use std::collections::VecDeque;

use super::frames::{FRAME, FRAME_MS, Levels, SILENCE_DB};
use super::packer::Packer;
use super::speech::{Region, SpeechDetector};
use super::{AudioError, SAMPLES_PER_MS};

/// Nothing louder than this in a file, in dB below full scale: it is silent.
const SILENT_DB: f32 = -62.0;

/// Frames a cut inside speech is judged by: a tenth of a second around it.
const CUT_FRAMES: usize = 5;

/// What to do with audio that fits in one segment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ShortAudio {
    /// It is one segment from its first sample to its last, whatever the detector says;
    /// none if it is silent. Utterances of a test set want this.
    #[default]
    Whole,
    /// It is one segment from the first speech to the last, with padding; none without
    /// speech.
    Trim,
}

/// How audio is cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentOptions {
    /// No segment is longer, in milliseconds.
    pub max_ms: u64,
    /// What is kept around speech, in milliseconds; less where segments would overlap.
    pub padding_ms: u64,
    /// A longer pause always ends a segment, in milliseconds.
    pub max_pause_ms: u64,
    /// What to do with audio of at most `max_ms`.
    pub short: ShortAudio,
    /// Time of the first sample in milliseconds, added to all times of segments.
    pub origin_ms: i64,
}

impl Default for SegmentOptions {
    /// Windows of Whisper: at most 30 s.
    fn default() -> Self {
        Self {
            max_ms: 30_000,
            padding_ms: 100,
            max_pause_ms: 2_000,
            short: ShortAudio::default(),
            origin_ms: 0,
        }
    }
}

/// A piece of audio for one pass of a recogniser.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Time of the first sample in milliseconds.
    pub start_ms: i64,
    /// Time after the last sample in milliseconds; rounded up at the end of a file.
    pub end_ms: i64,
    /// 16 kHz mono samples in [-1, 1], at least one.
    pub samples: Vec<f32>,
}

/// An iterator over the [`Segment`]s of a stream of blocks: in order, never overlapping, at
/// most `max_ms` long.
///
/// Audio of more than `max_ms` is cut at pauses, where a stretch of speech has none at its
/// quietest place; what is no speech is left out. About one segment and a few seconds are
/// held. An error of the blocks is passed on and ends the stream.
#[derive(Debug)]
pub struct Segmenter<B, D> {
    blocks: B,
    detector: D,
    options: SegmentOptions,
    /// Longest stretch of speech, in frames, that fits with its padding.
    limit: u64,
    padding: u64,
    levels: Levels,
    new_levels: Vec<f32>,
    /// Samples from `first_sample` on, and levels from `first_level` on.
    samples: Vec<f32>,
    first_sample: u64,
    kept_levels: VecDeque<f32>,
    first_level: u64,
    total: u64,
    loudest: f32,
    /// Detected and not packed: all while the audio may still turn out to be short.
    regions: Vec<Region>,
    packer: Packer,
    segments: VecDeque<Region>,
    ended: bool,
}

impl<B, D> Segmenter<B, D>
where
    B: Iterator<Item = Result<Vec<f32>, AudioError>>,
    D: SpeechDetector,
{
    /// Cuts `blocks` of 16 kHz mono samples where `detector` finds pauses.
    ///
    /// # Errors
    ///
    /// [`AudioError::Options`] where the padding leaves no room for speech.
    pub fn new(blocks: B, detector: D, options: SegmentOptions) -> Result<Self, AudioError> {
        let padding = options.padding_ms.div_ceil(FRAME_MS);
        let limit = (options.max_ms / FRAME_MS).saturating_sub(2 * padding);
        if limit < 2 * CUT_FRAMES as u64 {
            return Err(AudioError::Options {
                detail: format!(
                    "segments of at most {} ms with {} ms of padding on each side leave less \
                     than 200 ms for speech",
                    options.max_ms, options.padding_ms
                ),
            });
        }
        Ok(Self {
            blocks,
            detector,
            limit,
            padding,
            levels: Levels::default(),
            new_levels: Vec::new(),
            samples: Vec::new(),
            first_sample: 0,
            kept_levels: VecDeque::new(),
            first_level: 0,
            total: 0,
            loudest: SILENCE_DB,
            regions: Vec::new(),
            packer: Packer::new(limit, options.max_pause_ms / FRAME_MS, padding),
            segments: VecDeque::new(),
            ended: false,
            options,
        })
    }

    /// The source of the blocks, for what it knows about the file.
    pub fn blocks(&self) -> &B {
        &self.blocks
    }

    /// Gives the source of the blocks back.
    pub fn into_blocks(self) -> B {
        self.blocks
    }

    fn take(&mut self, block: &[f32]) {
        self.drop_unneeded();
        self.samples.extend_from_slice(block);
        self.total += block.len() as u64;
        let mut levels = std::mem::take(&mut self.new_levels);
        self.levels.push(block, &mut levels);
        for level in levels.drain(..) {
            self.take_level(level);
        }
        self.new_levels = levels;
        if !self.is_short() {
            self.pack();
        }
    }

    fn take_level(&mut self, level: f32) {
        self.loudest = self.loudest.max(level);
        self.kept_levels.push_back(level);
        self.detector.push(level, &mut self.regions);
    }

    fn finish(&mut self) {
        self.ended = true;
        if let Some(level) = self.levels.finish() {
            self.take_level(level);
        }
        self.detector.finish(&mut self.regions);
        if self.is_short() {
            self.segments.extend(self.short());
        } else {
            self.pack();
            self.packer.finish(&mut self.segments);
        }
    }

    fn is_short(&self) -> bool {
        self.total <= self.options.max_ms.saturating_mul(SAMPLES_PER_MS)
    }

    fn short(&self) -> Option<Region> {
        match self.options.short {
            ShortAudio::Whole => {
                let end = self.total.div_ceil(FRAME);
                (self.loudest > SILENT_DB).then_some(Region { start: 0, end })
            }
            ShortAudio::Trim => {
                let (first, last) = (self.regions.first()?, self.regions.last()?);
                let start = first.start.saturating_sub(self.padding);
                Some(Region { start, end: last.end + self.padding })
            }
        }
    }

    /// Moves what was detected to the packer, and cuts speech that is too long.
    fn pack(&mut self) {
        for mut region in std::mem::take(&mut self.regions) {
            while region.frames() > self.limit {
                region.start = self.pack_piece(region.start);
            }
            self.packer.push(region, &mut self.segments);
        }
        while let Some(start) = self.detector.open_since()
            && self.detector.decided().saturating_sub(start) > self.limit
        {
            let cut = self.pack_piece(start);
            self.detector.cut(cut);
        }
        let now = self.detector.open_since().unwrap_or_else(|| self.detector.decided());
        self.packer.wait_until(now, &mut self.segments);
    }

    /// Packs the beginning of speech that is too long, up to its quietest place. Returns
    /// where the rest starts.
    fn pack_piece(&mut self, start: u64) -> u64 {
        let half = start + self.limit / 2;
        let cut = (half..=start + self.limit)
            .min_by(|&a, &b| {
                // At equal levels the later one: longer segments have more context.
                self.level_around(a).total_cmp(&self.level_around(b)).then(b.cmp(&a))
            })
            .unwrap_or(start + self.limit);
        self.packer.push(Region { start, end: cut }, &mut self.segments);
        cut
    }

    /// The mean level of the frames around the start of one.
    fn level_around(&self, frame: u64) -> f32 {
        let middle = usize::try_from(frame.saturating_sub(self.first_level)).unwrap_or(usize::MAX);
        let start = middle.saturating_sub(CUT_FRAMES / 2);
        let around = self.kept_levels.iter().skip(start).take(CUT_FRAMES);
        let (sum, count) = around.fold((0.0, 0_u16), |(sum, n), level| (sum + level, n + 1));
        if count == 0 { 0.0 } else { sum / f32::from(count) }
    }

    /// Forgets what no segment to come can need.
    fn drop_unneeded(&mut self) {
        if self.is_short() {
            return;
        }
        let padding = self.padding + CUT_FRAMES as u64;
        let undecided = self.detector.open_since().unwrap_or_else(|| self.detector.decided());
        let undecided = undecided.min(self.detector.decided()).saturating_sub(padding);
        let needed = self.packer.needs().map_or(undecided, |needs| needs.min(undecided));
        let drop = usize::try_from(needed * FRAME - self.first_sample.min(needed * FRAME))
            .unwrap_or(0)
            .min(self.samples.len());
        // Moving what is left costs: not for every block.
        if drop > self.samples.len() / 2 {
            self.samples.drain(..drop);
            self.first_sample += drop as u64;
        }
        let levels = usize::try_from(needed - self.first_level.min(needed)).unwrap_or(0);
        let levels = levels.min(self.kept_levels.len());
        self.kept_levels.drain(..levels);
        self.first_level += levels as u64;
    }

    fn cut_out(&self, region: Region) -> Option<Segment> {
        let end = (region.end * FRAME).min(self.total);
        let start = (region.start * FRAME).min(end);
        let index = |sample: u64| usize::try_from(sample.checked_sub(self.first_sample)?).ok();
        let samples = self.samples.get(index(start)?..index(end)?)?.to_vec();
        let time = |ms: u64| self.options.origin_ms.saturating_add_unsigned(ms);
        (!samples.is_empty()).then(|| Segment {
            start_ms: time(start / SAMPLES_PER_MS),
            end_ms: time(end.div_ceil(SAMPLES_PER_MS)),
            samples,
        })
    }
}

impl<B, D> Iterator for Segmenter<B, D>
where
    B: Iterator<Item = Result<Vec<f32>, AudioError>>,
    D: SpeechDetector,
{
    type Item = Result<Segment, AudioError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            while let Some(region) = self.segments.pop_front() {
                if let Some(segment) = self.cut_out(region) {
                    return Some(Ok(segment));
                }
            }
            if self.ended {
                return None;
            }
            match self.blocks.next() {
                Some(Ok(block)) => self.take(&block),
                Some(Err(error)) => {
                    self.ended = true;
                    return Some(Err(error));
                }
                None => self.finish(),
            }
        }
    }
}
