//! Audio made for tests.

use std::f64::consts::TAU;

/// A sine of amplitude 0.5.
pub(super) fn tone(rate: u32, frequency: f64, seconds: f64) -> Vec<f32> {
    let count = (f64::from(rate) * seconds).round() as u64;
    (0..count)
        .map(|n| ((n as f64 * frequency * TAU / f64::from(rate)).sin() * 0.5) as f32)
        .collect()
}

/// The frequency of a tone, from its zero crossings.
pub(super) fn frequency(samples: &[f32], rate: u32) -> f64 {
    let rising: Vec<f64> = samples
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] <= 0.0 && pair[1] > 0.0)
        .map(|(index, pair)| index as f64 + f64::from(-pair[0] / (pair[1] - pair[0])))
        .collect();
    let (first, last) = (rising.first().unwrap(), rising.last().unwrap());
    (rising.len() - 1) as f64 / (last - first) * f64::from(rate)
}

/// How samples are written to a wav file.
#[derive(Debug, Clone, Copy)]
pub(super) enum Coding {
    Unsigned8,
    Signed16,
    Signed24,
    Signed32,
    Float32,
    Float64,
}

impl Coding {
    pub(super) const ALL: [Self; 6] = [
        Self::Unsigned8,
        Self::Signed16,
        Self::Signed24,
        Self::Signed32,
        Self::Float32,
        Self::Float64,
    ];

    fn bytes(self, sample: f32) -> Vec<u8> {
        let scaled = |full: f64| (f64::from(sample) * full).round();
        match self {
            Self::Unsigned8 => vec![(scaled(127.0) + 128.0) as u8],
            Self::Signed16 => (scaled(32_767.0) as i16).to_le_bytes().to_vec(),
            Self::Signed24 => (scaled(8_388_607.0) as i32).to_le_bytes()[..3].to_vec(),
            Self::Signed32 => (scaled(2_147_483_647.0) as i32).to_le_bytes().to_vec(),
            Self::Float32 => sample.to_le_bytes().to_vec(),
            Self::Float64 => f64::from(sample).to_le_bytes().to_vec(),
        }
    }
}

/// A wav file of interleaved samples.
pub(super) fn wav(coding: Coding, rate: u32, channels: u16, samples: &[f32]) -> Vec<u8> {
    let data: Vec<u8> = samples.iter().flat_map(|&sample| coding.bytes(sample)).collect();
    let width = coding.bytes(0.0).len() as u16;
    let tag: u16 = if matches!(coding, Coding::Float32 | Coding::Float64) { 3 } else { 1 };
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0");
    file.extend(tag.to_le_bytes());
    file.extend(channels.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend((rate * u32::from(channels * width)).to_le_bytes());
    file.extend((channels * width).to_le_bytes());
    file.extend((width * 8).to_le_bytes());
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

/// Something like speech: bursts of a 200 Hz buzz with a syllable every 200 ms.
pub(super) fn speech(seconds: f64) -> Vec<f32> {
    let count = (16_000.0 * seconds) as u64;
    (0..count)
        .map(|n| {
            let time = n as f64 / 16_000.0;
            let syllable = 0.55 + 0.45 * (time * 5.0 * TAU).sin();
            let buzz: f64 = (1..8).map(|k| (time * 200.0 * f64::from(k) * TAU).sin()).sum();
            (0.06 * syllable * buzz) as f32
        })
        .collect()
}

/// Noise with about this amplitude, the same every time.
pub(super) fn noise(seconds: f64, amplitude: f32) -> Vec<f32> {
    let mut state = 0x2545_f491_u32;
    (0..(16_000.0 * seconds) as u64)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (f64::from(state) / f64::from(u32::MAX) * 2.0 - 1.0) as f32 * amplitude
        })
        .collect()
}
