//! When the words were spoken, roughly.
//!
//! The library's token times rest on timestamp tokens, which are not decoded here. Instead
//! the loud stretches of the window are shared out among the words by their length.

use acoustic_protocol::{SAMPLE_RATE, Word};

/// Milliseconds of a frame.
const FRAME_MS: i64 = 10;
/// Samples of a frame.
const FRAME: usize = SAMPLE_RATE as usize / 100;
/// Where speech lies between the quiet and the loud frames, in decibels.
const SPEECH: f32 = 0.35;
/// Below this range from quiet to loud the whole window counts as speech, in decibels.
const LEAST_RANGE: f32 = 6.0;
/// A word takes time as so many letters more than it has.
const WORD_COST: usize = 1;

/// The words of a text and their times in the window of `samples`: by time, without
/// overlap, within the window. None for an empty text.
pub(crate) fn words(text: &str, samples: &[f32]) -> Vec<Word> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let speech = speech_frames(samples);
    let costs: Vec<usize> = words.iter().map(|word| word.chars().count() + WORD_COST).collect();
    let total: usize = costs.iter().sum();
    let length = (samples.len() as u64 * 1000 / u64::from(SAMPLE_RATE)) as i64;
    let mut spent = 0;
    let place = |share: usize, ends: bool| {
        // The share of the speech that is over, in whole and parts of frames.
        let frames = share as f64 * speech.len() as f64 / total.max(1) as f64;
        let whole = (frames as usize).min(speech.len().saturating_sub(1));
        // An end at the border of two frames belongs to the first one.
        let whole = if ends && whole > 0 && frames <= whole as f64 { whole - 1 } else { whole };
        let frame = speech.get(whole).copied().unwrap_or(0) as f64;
        ((frame + frames - whole as f64) * FRAME_MS as f64).round() as i64
    };
    words
        .into_iter()
        .zip(costs)
        .map(|(word, cost)| {
            let start_ms = place(spent, false).clamp(0, length);
            spent += cost;
            let end_ms = place(spent, true).clamp(start_ms, length);
            Word { text: word.to_owned(), start_ms, end_ms }
        })
        .collect()
}

/// Indices of the frames that are loud enough to be speech; all where none stands out.
fn speech_frames(samples: &[f32]) -> Vec<usize> {
    let levels: Vec<f32> = samples
        .chunks(FRAME)
        .map(|frame| {
            let power: f32 = frame.iter().map(|sample| sample * sample).sum();
            10.0 * (power / frame.len() as f32).max(1e-10).log10()
        })
        .collect();
    let mut sorted = levels.clone();
    sorted.sort_by(f32::total_cmp);
    let at = |share: usize| sorted.get(sorted.len() * share / 100).copied().unwrap_or(0.0);
    let (quiet, loud) = (at(5), at(95));
    let least = if loud - quiet < LEAST_RANGE {
        f32::NEG_INFINITY
    } else {
        quiet + SPEECH * (loud - quiet)
    };
    (0..levels.len()).filter(|&frame| levels[frame] >= least).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sound(parts: &[(f32, usize)]) -> Vec<f32> {
        let tone = |(level, frames): &(f32, usize)| {
            let level = *level;
            (0..frames * FRAME).map(move |at| if at % 2 == 0 { level } else { -level })
        };
        parts.iter().flat_map(tone).collect()
    }

    #[test]
    fn words_stand_where_the_sound_is() {
        let samples = sound(&[(0.001, 50), (0.5, 20), (0.001, 30), (0.5, 20), (0.001, 80)]);
        let words = words("four four", &samples);
        let times: Vec<_> = words.iter().map(|word| (word.start_ms, word.end_ms)).collect();
        assert_eq!(times, [(500, 700), (1000, 1200)]);
    }

    #[test]
    fn without_contrast_the_window_is_shared_by_length() {
        let words = words("a abc", &sound(&[(0.1, 60)]));
        let times: Vec<_> = words.iter().map(|word| (word.start_ms, word.end_ms)).collect();
        assert_eq!(times, [(0, 200), (200, 600)]);
    }

    proptest! {
        #[test]
        fn times_are_in_order_and_in_the_window(
            samples in proptest::collection::vec(-1.0_f32..1.0, 0..4000),
            text in "[a-z ]{0,60}",
        ) {
            let words = words(&text, &samples);
            prop_assert_eq!(words.len(), text.split_whitespace().count());
            let mut before = 0;
            for word in words {
                prop_assert!(before <= word.start_ms && word.start_ms <= word.end_ms);
                before = word.end_ms;
            }
            prop_assert!(before <= samples.len() as i64 / 16);
        }
    }
}
