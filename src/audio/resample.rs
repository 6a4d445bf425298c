//! From any rate to 16 kHz, block by block.

use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Indexing, Resampler as _, WindowFunction};

use super::SAMPLE_RATE;

/// Rates outside are refused: below there is no speech, above a header is wrong.
pub(super) const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// Length of the filter: longer is sharper, and no cheaper to leave out.
const BLOCK_MS: u32 = 50;

/// Resamples one mono stream. The delay of the filter is taken out: sample `n` of the output
/// is the time of sample `n * rate / 16000` of the input.
pub(super) struct Resampler {
    rate: u32,
    /// Absent where the rates are equal.
    fft: Option<Fft<f32>>,
    /// Input that does not fill a block yet.
    pending: Vec<f32>,
    /// Output samples still to be dropped for the filter's delay.
    delay: usize,
    block: Vec<f32>,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// # Errors
    ///
    /// The library's message where it refuses the rate.
    pub(super) fn new(rate: u32) -> Result<Self, String> {
        let fft = if rate == SAMPLE_RATE {
            None
        } else {
            let unit = rate / greatest_common_divisor(rate, SAMPLE_RATE);
            // Of an odd length the middle of the filter is between two samples, and the
            // delay half a sample off.
            let units = (rate * BLOCK_MS / 1000).div_ceil(unit).next_multiple_of(2);
            let block = units as usize * unit as usize;
            let fft = Fft::new_custom(
                rate as usize,
                SAMPLE_RATE as usize,
                block,
                1,
                1,
                WindowFunction::BlackmanHarris2,
                FixedSync::Both,
            )
            .map_err(|error| error.to_string())?;
            Some(fft)
        };
        let delay = fft.as_ref().map_or(0, |fft| fft.output_delay());
        let block = vec![0.0; fft.as_ref().map_or(0, |fft| fft.output_frames_max())];
        Ok(Self { rate, fft, pending: Vec::new(), delay, block, taken: 0, given: 0 })
    }

    pub(super) fn rate(&self) -> u32 {
        self.rate
    }

    /// Takes input samples, appends what is ready to `output`.
    pub(super) fn push(&mut self, input: &[f32], output: &mut Vec<f32>) -> Result<(), String> {
        self.taken += input.len() as u64;
        let Some(fft) = &self.fft else {
            self.given += input.len() as u64;
            output.extend_from_slice(input);
            return Ok(());
        };
        self.pending.extend_from_slice(input);
        let size = fft.input_frames_next();
        let mut done = 0;
        while self.pending.len() - done >= size {
            self.block_at(done, size, output)?;
            done += size;
        }
        self.pending.drain(..done);
        Ok(())
    }

    /// Appends the rest: the output is then as long as the input, to the nearest sample.
    pub(super) fn finish(&mut self, output: &mut Vec<f32>) -> Result<(), String> {
        let due = (u128::from(self.taken) * u128::from(SAMPLE_RATE) + u128::from(self.rate / 2))
            / u128::from(self.rate);
        let start = output.len();
        let before = self.given;
        while self.fft.is_some() && u128::from(self.given) < due {
            let length = self.pending.len();
            self.block_at(0, length, output)?;
            self.pending.clear();
        }
        let surplus = u128::from(self.given).saturating_sub(due);
        let keep = (output.len() - start).saturating_sub(surplus as usize);
        output.truncate(start + keep);
        self.given = before + keep as u64;
        Ok(())
    }

    /// Resamples `length` pending samples from `from`, and silence after them up to a block.
    fn block_at(
        &mut self,
        from: usize,
        length: usize,
        output: &mut Vec<f32>,
    ) -> Result<(), String> {
        let Some(fft) = &mut self.fft else { return Ok(()) };
        let input = self.pending.get(from..from + length).unwrap_or_default();
        let room = self.block.len();
        let input = SequentialSlice::new(input, 1, length).map_err(|error| error.to_string())?;
        let mut target = SequentialSlice::new_mut(&mut self.block, 1, room)
            .map_err(|error| error.to_string())?;
        let indexing = Indexing::new().partial_len(length);
        let (_, count) = fft
            .process_into_buffer(&input, &mut target, Some(&indexing))
            .map_err(|error| error.to_string())?;
        let skip = self.delay.min(count);
        self.delay -= skip;
        let ready = self.block.get(skip..count).unwrap_or_default();
        self.given += ready.len() as u64;
        // The filter overshoots a little at full scale.
        output.extend(ready.iter().map(|sample| sample.clamp(-1.0, 1.0)));
        Ok(())
    }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Resampler;
    use crate::audio::test_audio::{frequency, tone};

    fn resample(rate: u32, input: &[f32], piece: usize) -> Vec<f32> {
        let mut resampler = Resampler::new(rate).unwrap();
        let mut output = Vec::new();
        for piece in input.chunks(piece.max(1)) {
            resampler.push(piece, &mut output).unwrap();
        }
        resampler.finish(&mut output).unwrap();
        output
    }

    #[test]
    fn a_tone_keeps_its_frequency_length_level_and_phase() {
        for rate in [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000, 44_101]
        {
            let output = resample(rate, &tone(rate, 440.0, 1.0), 4096);
            assert_eq!(output.len(), 16_000, "{rate}");
            assert!((frequency(&output[1000..15_000], 16_000) - 440.0).abs() < 1.0, "{rate}");
            let worst = output[1000..15_000]
                .iter()
                .zip(&tone(16_000, 440.0, 1.0)[1000..15_000])
                .map(|(a, b)| (a - b).abs())
                .fold(0.0_f32, f32::max);
            assert!(worst < 2e-3, "{rate}: {worst}");
        }
    }

    #[test]
    fn what_16_khz_cannot_hold_is_filtered_out() {
        let output = resample(48_000, &tone(48_000, 11_000.0, 1.0), 4096);
        let level = output[1000..15_000].iter().fold(0.0_f32, |level, s| level.max(s.abs()));
        assert!(level < 1e-3, "{level}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn lengths_agree_and_pieces_do_not_matter(
            rate in 1_000_u32..=96_000, length in 0_usize..9_000, piece in 1_usize..5_000,
        ) {
            let input: Vec<f32> = tone(rate, 200.0, 10.0).into_iter().take(length).collect();
            let output = resample(rate, &input, piece);
            let due = (input.len() as f64 * 16_000.0 / f64::from(rate)).round();
            prop_assert!((output.len() as f64 - due).abs() <= 1.0);
            prop_assert_eq!(output, resample(rate, &input, usize::MAX));
        }
    }
}
