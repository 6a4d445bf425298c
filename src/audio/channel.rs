//! Which of a file's channels is heard.

use std::str::FromStr;

/// What to make of several channels. Mono files are the same under `Mix` and `Index(0)`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Channel {
    /// The mean of all channels.
    #[default]
    Mix,
    /// One channel, counted from 0. A call with one speaker a side is read twice, with 0 and 1.
    Index(usize),
}

/// The text is neither `mix` nor a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a channel: expected `mix` or a number counted from 0")]
pub struct ChannelError {
    text: String,
}

impl FromStr for Channel {
    type Err = ChannelError;

    /// Reads `mix`, or the number of a channel counted from 0.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.eq_ignore_ascii_case("mix") {
            return Ok(Self::Mix);
        }
        text.parse().map(Self::Index).map_err(|_| ChannelError { text: text.to_owned() })
    }
}

impl Channel {
    /// Appends to `mono` one sample for each whole frame of `interleaved`; no channels, no
    /// samples. Samples that are not finite become 0, those beyond full scale full scale.
    /// Returns how many were not finite, in the channels listened to.
    pub(super) fn pick(self, interleaved: &[f32], channels: usize, mono: &mut Vec<f32>) -> u64 {
        let Some(frames) = (channels > 0).then(|| interleaved.chunks_exact(channels)) else {
            return 0;
        };
        let mut non_finite = 0;
        let mut clean = |sample: f32| {
            if sample.is_finite() {
                sample.clamp(-1.0, 1.0)
            } else {
                non_finite += 1;
                0.0
            }
        };
        match self {
            Self::Mix => {
                let scale = 1.0 / channels as f32;
                mono.extend(
                    frames.map(|frame| {
                        frame.iter().map(|&sample| clean(sample)).sum::<f32>() * scale
                    }),
                );
            }
            Self::Index(index) => {
                mono.extend(frames.map(|frame| clean(frame.get(index).copied().unwrap_or(0.0))));
            }
        }
        non_finite
    }
}

#[cfg(test)]
mod tests {
    use super::Channel;

    #[test]
    fn names_are_read_and_others_refused() {
        assert_eq!("mix".parse(), Ok(Channel::Mix));
        assert_eq!("1".parse(), Ok(Channel::Index(1)));
        assert!("left".parse::<Channel>().is_err());
        assert!("-1".parse::<Channel>().is_err());
    }

    #[test]
    fn mixing_is_the_mean_and_an_index_is_one_channel() {
        let stereo = [0.5, -0.5, 1.0, 0.0, f32::NAN, 0.5, 3.0, f32::INFINITY];
        let mut mono = Vec::new();
        assert_eq!(Channel::Mix.pick(&stereo, 2, &mut mono), 2);
        assert_eq!(mono, [0.0, 0.5, 0.25, 0.5]);
        mono.clear();
        assert_eq!(Channel::Index(1).pick(&stereo, 2, &mut mono), 1);
        assert_eq!(mono, [-0.5, 0.0, 0.5, 0.0]);
        assert_eq!(Channel::Mix.pick(&stereo, 0, &mut mono), 0);
    }
}
