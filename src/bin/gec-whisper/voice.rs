//! Finds speech with the Silero model.

use std::path::Path;

use acoustic_protocol::{Region, SAMPLE_RATE, VoiceOptions};
use whisper_rs::{WhisperVadContext, WhisperVadContextParams, WhisperVadParams};

use crate::{engine::check_finite, error::RecogniserError, model_file};

/// A loaded voice activity model.
pub(crate) struct Voice {
    context: WhisperVadContext,
}

impl Voice {
    /// Loads a model.
    ///
    /// # Errors
    /// Where the file is not a whole Silero model or the library does not take it.
    pub(crate) fn load(path: &Path, threads: u32) -> Result<Self, RecogniserError> {
        model_file::check_voice(path)?;
        let not_loaded = || RecogniserError::NotLoaded { path: path.to_owned() };
        let mut params = WhisperVadContextParams::new();
        params.set_n_threads(threads.max(1) as i32);
        let name = path.to_str().ok_or_else(not_loaded)?;
        let context = WhisperVadContext::new(name, params).map_err(|_| not_loaded())?;
        Ok(Self { context })
    }

    /// The regions of speech, by time and without overlap; none for no audio.
    ///
    /// # Errors
    /// Where the audio or an option cannot be used, or the library fails.
    pub(crate) fn regions(
        &mut self,
        samples: &[f32],
        options: &VoiceOptions,
    ) -> Result<Vec<Region>, RecogniserError> {
        if !(options.threshold > 0.0 && options.threshold < 1.0) {
            return Err(RecogniserError::Option {
                name: "the threshold of speech",
                range: "above 0 and below 1",
                value: options.threshold.to_string(),
            });
        }
        check_finite(samples)?;
        if samples.is_empty() {
            return Ok(Vec::new());
        }
        let milliseconds = |value: u32| i32::try_from(value).unwrap_or(i32::MAX / 32);
        let mut params = WhisperVadParams::new();
        params.set_threshold(options.threshold);
        params.set_min_speech_duration(milliseconds(options.min_speech_ms));
        params.set_min_silence_duration(milliseconds(options.min_silence_ms));
        params.set_speech_pad(milliseconds(options.pad_ms));
        if options.max_speech_ms > 0 {
            params.set_max_speech_duration(options.max_speech_ms as f32 / 1000.0);
        }
        let found = self.context.segments_from_samples(params, samples)?;
        let length = samples.len() as i64 * 1000 / i64::from(SAMPLE_RATE);
        // The library counts in hundredths of a second.
        let pairs = found.map(|segment| (segment.start * 10.0, segment.end * 10.0));
        Ok(tidy(pairs.map(|(start, end)| (start as i64, end as i64)), length))
    }
}

/// Puts regions into the audio of `length` milliseconds, each after the one before, and
/// drops what is then empty.
fn tidy(regions: impl Iterator<Item = (i64, i64)>, length: i64) -> Vec<Region> {
    let mut tidied: Vec<Region> = Vec::new();
    for (start, end) in regions {
        let before = tidied.last().map_or(0, |region| region.end_ms);
        let (start_ms, end_ms) = (start.clamp(before, length.max(before)), end.min(length));
        if start_ms < end_ms {
            tidied.push(Region { start_ms, end_ms });
        }
    }
    tidied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_lie_in_the_audio_one_after_the_other() {
        let tidied = tidy([(-20, 100), (90, 300), (300, 300), (950, 1200)].into_iter(), 1000);
        let pairs: Vec<_> = tidied.iter().map(|region| (region.start_ms, region.end_ms)).collect();
        assert_eq!(pairs, [(0, 100), (100, 300), (950, 1000)]);
    }
}
