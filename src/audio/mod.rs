//! Audio: from files to 16 kHz mono segments a recogniser can take.
//!
//! In the order the data flows:
//!
//! 1. [`inputs`] turns what was named on the command line, or a manifest, into [`AudioItem`]s.
//! 2. [`AudioReader`] decodes a file block by block, picks or mixes [`Channel`]s and
//!    resamples, so that the length of a file does not matter for memory.
//! 3. [`Segmenter`] cuts the stream into [`Segment`]s at pauses. Where the pauses are is said
//!    by a [`SpeechDetector`]: [`EnergyDetector`], or [`GivenRegions`] found elsewhere.
//!
//! Times are milliseconds from the start of the file, samples are `f32` in [-1, 1].

mod channel;
mod codecs;
#[cfg(test)]
mod data_tests;
mod error;
mod frames;
pub mod inputs;
mod packer;
mod reader;
mod resample;
mod segment;
mod source;
mod speech;
#[cfg(test)]
mod test_audio;
#[cfg(test)]
mod tests;

pub use channel::{Channel, ChannelError};
pub use error::AudioError;
pub use inputs::AudioItem;
pub use reader::AudioReader;
pub use segment::{Segment, SegmentOptions, Segmenter, ShortAudio};
pub use source::AudioInfo;
pub use speech::{EnergyDetector, EnergyOptions, GivenRegions, Region, SpeechDetector};

/// Samples a second of everything after [`AudioReader`].
pub const SAMPLE_RATE: u32 = 16_000;

const SAMPLES_PER_MS: u64 = SAMPLE_RATE as u64 / 1000;
