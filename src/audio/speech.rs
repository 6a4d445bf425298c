//! Where speech is: found by loudness, or given.

use std::collections::VecDeque;

use super::frames::{FRAME_MS, SILENCE_DB};

/// A stretch of speech, in frames of 20 ms from the first sample; `end` is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// First frame.
    pub start: u64,
    /// The frame after the last one.
    pub end: u64,
}

impl Region {
    /// Number of frames.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

/// Tells speech from the rest, frame by frame. Implementations may lag behind what they
/// were given.
pub trait SpeechDetector {
    /// Takes the level of the next frame of 20 ms, in dB below full scale. Appends regions
    /// that are now known to have ended: none empty, in order, without overlap.
    fn push(&mut self, level: f32, regions: &mut Vec<Region>);

    /// The start of a region that is known to have begun and not to have ended.
    fn open_since(&self) -> Option<u64>;

    /// Frames decided: no later region starts before.
    fn decided(&self) -> u64;

    /// Cuts the open region: what is left of it starts at `frame`.
    fn cut(&mut self, frame: u64);

    /// There are no more frames: appends the regions that are left.
    fn finish(&mut self, regions: &mut Vec<Region>);
}

/// Settings of [`EnergyDetector`]. The defaults suit speech from a headset up to a meeting
/// room.
#[derive(Debug, Clone, PartialEq)]
pub struct EnergyOptions {
    /// How far above the noise speech begins, in dB.
    pub begin_db: f32,
    /// How far above the noise speech goes on, in dB; less than `begin_db`.
    pub continue_db: f32,
    /// What is below is never speech, in dB below full scale.
    pub least_db: f32,
    /// Noise above counts as speech, in dB below full scale: better a noisy stretch too much
    /// than a loud speaker who makes no pause too little.
    pub noise_limit_db: f32,
    /// Shorter sounds are clicks, in milliseconds.
    pub min_speech_ms: u64,
    /// Shorter pauses are part of the speech, in milliseconds.
    pub min_pause_ms: u64,
    /// What is kept after the last loud frame: words fade out, in milliseconds.
    pub hang_over_ms: u64,
}

impl Default for EnergyOptions {
    fn default() -> Self {
        Self {
            begin_db: 9.0,
            continue_db: 5.0,
            least_db: -62.0,
            noise_limit_db: -38.0,
            min_speech_ms: 80,
            min_pause_ms: 200,
            hang_over_ms: 60,
        }
    }
}

/// Frames of a block whose noise is estimated together: a second.
const NOISE_BLOCK: usize = 50;
/// Blocks looked back and ahead for the noise: a few seconds hold a pause for breath.
const BLOCKS_BEFORE: usize = 5;
const BLOCKS_AFTER: usize = 2;

/// Finds speech by loudness over an adaptive noise floor: the quietest tenth of a second's
/// frames, the least of five seconds before to two after.
#[derive(Debug)]
pub struct EnergyDetector {
    options: EnergyOptions,
    /// Levels not decided yet.
    waiting: VecDeque<f32>,
    /// Noise of the blocks around the one to be decided next, oldest first.
    floors: VecDeque<f32>,
    /// Which of `floors` belongs to the first waiting frame.
    current: usize,
    decided: u64,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// No speech; this many frames in a row were loud enough to begin.
    Pause { loud: u64 },
    /// Speech since `start`; `last` is the frame after the last one loud enough to go on.
    Speech { start: u64, last: u64 },
}

impl EnergyDetector {
    /// A detector at the start of a stream.
    #[must_use]
    pub fn new(options: EnergyOptions) -> Self {
        Self {
            options,
            waiting: VecDeque::new(),
            floors: VecDeque::new(),
            current: 0,
            decided: 0,
            state: State::Pause { loud: 0 },
        }
    }

    /// Estimates the noise of the newest `count` waiting frames.
    fn add_floor(&mut self, count: usize) {
        let start = self.waiting.len().saturating_sub(count);
        let mut levels: Vec<f32> = self.waiting.range(start..).copied().collect();
        levels.sort_by(f32::total_cmp);
        self.floors.push_back(levels.get(levels.len() / 10).copied().unwrap_or(SILENCE_DB));
    }

    /// Decides the oldest `count` waiting frames, a block.
    fn decide(&mut self, count: usize, regions: &mut Vec<Region>) {
        let floor = self.floors.iter().copied().fold(f32::INFINITY, f32::min);
        let floor = floor.min(self.options.noise_limit_db);
        let begin = (floor + self.options.begin_db).max(self.options.least_db);
        let go_on = (floor + self.options.continue_db).max(self.options.least_db - 4.0).min(begin);
        for _ in 0..count {
            let Some(level) = self.waiting.pop_front() else { break };
            self.frame(level, begin, go_on, regions);
        }
        self.current += 1;
        if self.current > BLOCKS_BEFORE {
            self.floors.pop_front();
            self.current -= 1;
        }
    }

    fn frame(&mut self, level: f32, begin: f32, go_on: f32, regions: &mut Vec<Region>) {
        self.decided += 1;
        match &mut self.state {
            State::Pause { loud } => {
                *loud = if level >= begin { *loud + 1 } else { 0 };
                // Two frames, so that a click alone opens nothing.
                if *loud >= 2 {
                    let start = self.decided - *loud;
                    self.state = State::Speech { start, last: self.decided };
                }
            }
            State::Speech { last, .. } => {
                if level >= go_on {
                    *last = self.decided;
                } else if self.decided - *last >= self.options.min_pause_ms.div_ceil(FRAME_MS) {
                    self.close(regions);
                }
            }
        }
    }

    fn close(&mut self, regions: &mut Vec<Region>) {
        if let State::Speech { start, last } = self.state
            && (last - start) * FRAME_MS >= self.options.min_speech_ms
        {
            let end = last + self.options.hang_over_ms / FRAME_MS;
            regions.push(Region { start, end: end.min(self.decided) });
        }
        self.state = State::Pause { loud: 0 };
    }
}

impl Default for EnergyDetector {
    fn default() -> Self {
        Self::new(EnergyOptions::default())
    }
}

impl SpeechDetector for EnergyDetector {
    fn push(&mut self, level: f32, regions: &mut Vec<Region>) {
        self.waiting.push_back(level);
        if self.waiting.len().is_multiple_of(NOISE_BLOCK) {
            self.add_floor(NOISE_BLOCK);
            if self.floors.len() > self.current + BLOCKS_AFTER {
                self.decide(NOISE_BLOCK, regions);
            }
        }
    }

    fn open_since(&self) -> Option<u64> {
        match self.state {
            State::Speech { start, .. } => Some(start),
            State::Pause { .. } => None,
        }
    }

    fn decided(&self) -> u64 {
        match self.state {
            State::Pause { loud } => self.decided - loud,
            State::Speech { .. } => self.decided,
        }
    }

    fn cut(&mut self, frame: u64) {
        if let State::Speech { start, last } = &mut self.state {
            *start = frame.max(*start);
            *last = frame.max(*last);
        }
    }

    fn finish(&mut self, regions: &mut Vec<Region>) {
        let rest = self.waiting.len() % NOISE_BLOCK;
        // A short rest is too little to tell its noise by; that of its neighbours holds.
        if rest >= NOISE_BLOCK / 2 || (rest > 0 && self.floors.is_empty()) {
            self.add_floor(rest);
        }
        while !self.waiting.is_empty() {
            self.decide(self.waiting.len().min(NOISE_BLOCK), regions);
        }
        self.close(regions);
    }
}

/// Regions found elsewhere, for example by a neural detector in another process.
#[derive(Debug, Default)]
pub struct GivenRegions {
    regions: VecDeque<Region>,
    pushed: u64,
}

impl GivenRegions {
    /// Takes start and end in milliseconds from the first sample. They may come in any
    /// order; those that overlap are joined, empty ones dropped, times before the first
    /// sample moved to it.
    #[must_use]
    pub fn new(times_ms: impl IntoIterator<Item = (i64, i64)>) -> Self {
        let frame_ms = FRAME_MS;
        let mut times: Vec<Region> = times_ms
            .into_iter()
            .filter(|(start, end)| start < end)
            .filter_map(|(start, end)| {
                let start = u64::try_from(start.max(0)).ok()?;
                let end = u64::try_from(end).ok()?;
                Some(Region { start: start / frame_ms, end: end.div_ceil(frame_ms) })
            })
            .filter(|region| region.start < region.end)
            .collect();
        times.sort_by_key(|region| (region.start, region.end));
        let mut regions: VecDeque<Region> = VecDeque::with_capacity(times.len());
        for region in times {
            match regions.back_mut() {
                Some(last) if region.start < last.end => last.end = last.end.max(region.end),
                _ => regions.push_back(region),
            }
        }
        Self { regions, pushed: 0 }
    }
}

impl SpeechDetector for GivenRegions {
    fn push(&mut self, _level: f32, regions: &mut Vec<Region>) {
        self.pushed += 1;
        let pushed = self.pushed;
        regions.extend(self.regions.pop_front_if(|region| region.end <= pushed));
    }

    fn open_since(&self) -> Option<u64> {
        self.regions.front().map(|region| region.start).filter(|&start| start < self.pushed)
    }

    fn decided(&self) -> u64 {
        self.pushed
    }

    fn cut(&mut self, frame: u64) {
        if let Some(region) = self.regions.front_mut() {
            region.start = frame.max(region.start);
        }
    }

    /// What reaches beyond the audio is cut off at its end.
    fn finish(&mut self, regions: &mut Vec<Region>) {
        let cut = self
            .regions
            .drain(..)
            .map(|region| Region { end: region.end.min(self.pushed), ..region });
        regions.extend(cut.filter(|region| region.start < region.end));
    }
}
