//! Loudness in frames of 20 ms: what pauses are found by.

use super::SAMPLES_PER_MS;

/// Length of a frame in milliseconds.
pub(super) const FRAME_MS: u64 = 20;
/// Length of a frame in samples.
pub(super) const FRAME: u64 = FRAME_MS * SAMPLES_PER_MS;

/// Level of digital silence in dB; nothing is below.
pub(super) const SILENCE_DB: f32 = -100.0;

/// Pole of the high-pass filter: -3 dB at about 75 Hz, so that an offset or mains hum is
/// not taken for sound.
const POLE: f32 = 0.97;

/// Turns samples into levels, one for each full frame.
#[derive(Debug, Default)]
pub(super) struct Levels {
    last_in: f32,
    last_out: f32,
    energy: f32,
    count: u64,
    started: bool,
}

impl Levels {
    /// Appends to `levels` the level in dB (full-scale square wave: 0) of each frame that
    /// becomes full.
    pub(super) fn push(&mut self, samples: &[f32], levels: &mut Vec<f32>) {
        for &sample in samples {
            if !self.started {
                // The jump from nothing to a constant offset is no sound.
                self.last_in = sample;
                self.started = true;
            }
            // Numbers too small for the processor's fast path would stay in the filter for long.
            let out = sample - self.last_in + POLE * self.last_out + 1e-18;
            self.last_in = sample;
            self.last_out = out;
            self.energy += out * out;
            self.count += 1;
            if self.count == FRAME {
                levels.push(self.take());
            }
        }
    }

    /// The level of a last frame that is not full; nothing where no sample is left.
    pub(super) fn finish(&mut self) -> Option<f32> {
        (self.count > 0).then(|| self.take())
    }

    fn take(&mut self) -> f32 {
        let mean = self.energy / self.count as f32;
        self.energy = 0.0;
        self.count = 0;
        (10.0 * (mean + 1e-12).log10()).max(SILENCE_DB)
    }
}

#[cfg(test)]
mod tests {
    use super::{FRAME, Levels, SILENCE_DB};
    use crate::audio::test_audio::tone;

    fn levels(samples: &[f32]) -> Vec<f32> {
        let mut levels = Vec::new();
        let mut state = Levels::default();
        state.push(samples, &mut levels);
        levels.extend(state.finish());
        levels
    }

    #[test]
    fn levels_are_decibels_and_an_offset_is_silence() {
        let half = levels(&tone(16_000, 1000.0, 0.1));
        assert_eq!(half.len(), 5);
        // A sine of amplitude 0.5 is 9.03 dB below a full-scale square wave.
        assert!(half.iter().skip(1).all(|level| (level + 9.03).abs() < 0.2), "{half:?}");
        assert!(levels(&[0.3; 4 * FRAME as usize]).iter().all(|&level| level == SILENCE_DB));
        assert_eq!(levels(&[0.0; FRAME as usize + 1]).len(), 2);
        assert_eq!(levels(&[]), [0.0; 0]);
    }
}
