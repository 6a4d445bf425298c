//! Whole files through the reader and the segmenter.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;

use super::test_audio::{Coding, frequency, noise, speech, tone, wav};
use super::{
    AudioError, AudioReader, Channel, EnergyDetector, GivenRegions, Segment, SegmentOptions,
    Segmenter, ShortAudio, SpeechDetector,
};

fn written(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs_err::write(&path, bytes).unwrap();
    path
}

fn read(path: &Path) -> (Vec<f32>, super::AudioInfo) {
    let mut reader = AudioReader::open(path, Channel::Mix).unwrap();
    let samples = reader.read_all().unwrap();
    (samples, reader.info().clone())
}

#[test]
fn every_wav_coding_gives_the_same_tone() {
    let folder = TempDir::new().unwrap();
    for coding in Coding::ALL {
        for rate in [8_000, 16_000, 44_100] {
            let path = written(&folder, "a.wav", &wav(coding, rate, 1, &tone(rate, 440.0, 0.7)));
            let (samples, info) = read(&path);
            assert_eq!(samples.len(), 11_200, "{coding:?} {rate}");
            assert!((frequency(&samples[800..10_000], 16_000) - 440.0).abs() < 1.0);
            let level = samples[800..10_000].iter().fold(0.0_f32, |level, s| level.max(s.abs()));
            assert!((level - 0.5).abs() < 0.01, "{coding:?} {rate}: {level}");
            assert_eq!((info.rate, info.channels, info.truncated), (rate, 1, false));
            assert_eq!(info.frames, u64::from(rate) * 7 / 10);
        }
    }
}

#[test]
fn compressed_files_keep_length_and_frequency() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs/audio");
    for name in ["tone.flac", "tone.ogg", "tone.aiff", "tone.caf", "tone.opus"] {
        if name == "tone.opus" && !cfg!(feature = "opus") {
            continue;
        }
        let (samples, info) = read(&folder.join(name));
        assert!(samples.len().abs_diff(8_000) <= 32, "{name}: {} {info:?}", samples.len());
        assert!((frequency(&samples[800..7_000], 16_000) - 440.0).abs() < 1.0, "{name}");
        assert!(!info.truncated, "{name}");
        // Times fit: the tone starts at once.
        let start = samples.iter().position(|sample| sample.abs() > 0.2).unwrap();
        assert!(start < 64, "{name}: {start}");
    }
}

#[test]
fn one_of_seven_channels_can_be_heard() {
    let folder = TempDir::new().unwrap();
    let mono = tone(16_000, 300.0, 0.2);
    let samples: Vec<f32> =
        mono.iter().flat_map(|&s| (0..7).map(move |c| if c == 4 { s } else { 0.0 })).collect();
    let path = written(&folder, "a.wav", &wav(Coding::Float32, 16_000, 7, &samples));
    let heard = |channel| AudioReader::open(&path, channel).unwrap().read_all().unwrap();
    assert_eq!(heard(Channel::Index(4)), mono);
    assert!(heard(Channel::Index(0)).iter().all(|&sample| sample == 0.0));
    let mixed = heard(Channel::Mix);
    assert!(mixed.iter().zip(&mono).all(|(mixed, mono)| (mixed * 7.0 - mono).abs() < 1e-5));
    let error = AudioReader::open(&path, Channel::Index(7)).unwrap_err();
    assert!(error.to_string().ends_with("has no channel 7: it has 7, counted from 0"), "{error}");
}

#[test]
fn samples_that_are_no_number_are_counted_and_silent() {
    let folder = TempDir::new().unwrap();
    let mut samples = tone(16_000, 300.0, 0.1);
    samples[7] = f32::NAN;
    samples[9] = f32::NEG_INFINITY;
    let path = written(&folder, "a.wav", &wav(Coding::Float32, 16_000, 1, &samples));
    let (heard, info) = read(&path);
    assert_eq!((heard[7], heard[9], info.non_finite), (0.0, 0.0, 2));
}

#[test]
fn a_truncated_file_gives_what_is_there_and_says_so() {
    let folder = TempDir::new().unwrap();
    let bytes = wav(Coding::Signed16, 16_000, 1, &tone(16_000, 440.0, 2.0));
    let path = written(&folder, "a.wav", &bytes[..bytes.len() / 2]);
    let (samples, info) = read(&path);
    assert!(info.truncated);
    assert!((14_000..=16_000).contains(&samples.len()), "{}", samples.len());

    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs/audio");
    let flac = fs_err::read(fixtures.join("tone.flac")).unwrap();
    let (samples, info) = read(&written(&folder, "a.flac", &flac[..flac.len() / 2]));
    assert!(info.truncated && !samples.is_empty(), "{info:?}");
}

#[test]
fn what_is_no_audio_is_an_error() {
    let folder = TempDir::new().unwrap();
    let open = |name: &str, bytes: &[u8]| {
        let path = written(&folder, name, bytes);
        AudioReader::open(&path, Channel::Mix).and_then(|mut reader| reader.read_all())
    };
    assert!(matches!(open("empty.wav", b""), Err(AudioError::Empty { .. })));
    let text = "one line of a text and no sound\n".repeat(200);
    assert!(matches!(open("text.wav", text.as_bytes()), Err(AudioError::NotAudio { .. })));
    let noise: Vec<u8> = noise(1.0, 1.0).iter().flat_map(|s| s.to_le_bytes()).collect();
    assert!(open("noise.mp3", &noise).is_err());
    assert!(open("head.wav", b"RIFF\x24\0\0\0WAVE").is_err());
    assert!(matches!(AudioReader::open(folder.path(), Channel::Mix), Err(AudioError::Io { .. })));
    let missing = AudioReader::open(&folder.path().join("no.wav"), Channel::Mix).unwrap_err();
    assert!(missing.hint().unwrap().contains("check the path"));
}

#[test]
fn a_file_without_samples_has_no_blocks() {
    let folder = TempDir::new().unwrap();
    let path = written(&folder, "a.wav", &wav(Coding::Signed16, 16_000, 1, &[]));
    assert_eq!(read(&path).0, [0.0; 0]);
}

#[test]
fn rates_that_make_no_sense_are_refused() {
    let folder = TempDir::new().unwrap();
    for rate in [1, 4_000_000_000] {
        let mut bytes = wav(Coding::Signed16, 16_000, 1, &tone(16_000, 300.0, 0.1));
        bytes[24..28].copy_from_slice(&u32::to_le_bytes(rate));
        let path = written(&folder, "a.wav", &bytes);
        let error = AudioReader::open(&path, Channel::Mix).unwrap_err();
        assert!(matches!(error, AudioError::Rate { .. }), "{error}");
    }
}

#[test]
fn a_range_is_the_same_samples_as_the_whole_file() {
    let folder = TempDir::new().unwrap();
    let samples = noise(4.0, 0.5);
    let path = written(&folder, "a.wav", &wav(Coding::Float32, 16_000, 1, &samples));
    for (start, end) in [(0, Some(500)), (300, Some(310)), (1_234, Some(3_000)), (2_500, None)] {
        let mut reader = AudioReader::open_range(&path, Channel::Mix, start, end).unwrap();
        let part = reader.read_all().unwrap();
        let from = start as usize * 16;
        let to = end.map_or(samples.len(), |end| end as usize * 16);
        assert!(part == samples[from..to], "{start} {end:?}: {}", part.len());
    }
    for (start, end) in [(9_000, None), (500, Some(500)), (700, Some(200))] {
        let mut reader = AudioReader::open_range(&path, Channel::Mix, start, end).unwrap();
        assert_eq!(reader.read_all().unwrap(), [0.0; 0], "{start} {end:?}");
    }
    // Compressed and resampled: the same place to the sample, and nearly the same values.
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs/audio/tone.flac");
    let whole = read(&fixture).0;
    let mut reader = AudioReader::open_range(&fixture, Channel::Mix, 200, Some(400)).unwrap();
    let part = reader.read_all().unwrap();
    let worst = part[400..2_800]
        .iter()
        .zip(&whole[3_600..6_000])
        .map(|(a, b)| (a - b).abs())
        .fold(0.0_f32, f32::max);
    assert!(worst < 0.03, "{worst}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn damaged_files_never_panic(
        fixture in 0_usize..5,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..24),
        in_header in any::<bool>(),
    ) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs/audio");
        let mut bytes = match ["flac", "ogg", "aiff", "caf"].get(fixture) {
            Some(kind) => fs_err::read(folder.join(format!("tone.{kind}"))).unwrap(),
            None => wav(Coding::Signed24, 44_100, 2, &tone(44_100, 440.0, 0.2)),
        };
        let range = if in_header { bytes.len().min(128) } else { bytes.len() };
        for (place, value) in damage {
            bytes[place.index(range)] = value;
        }
        let scratch = TempDir::new().unwrap();
        let path = written(&scratch, "a.bin", &bytes);
        if let Ok(mut reader) = AudioReader::open(&path, Channel::Mix)
            && let Ok(samples) = reader.read_all()
        {
            prop_assert!(samples.iter().all(|sample| sample.abs() <= 1.0));
        }
    }
}

fn cut(samples: &[f32], detector: impl SpeechDetector, options: SegmentOptions) -> Vec<Segment> {
    let blocks: Vec<_> = samples.chunks(8_000).map(|block| Ok(block.to_vec())).collect();
    let segments = Segmenter::new(blocks.into_iter(), detector, options).unwrap();
    segments.collect::<Result<_, _>>().unwrap()
}

fn options(max_ms: u64, short: ShortAudio) -> SegmentOptions {
    SegmentOptions { max_ms, short, ..SegmentOptions::default() }
}

/// Speech at these seconds in quiet noise.
fn talk(seconds: f64, parts: &[(f64, f64)]) -> Vec<f32> {
    let mut samples = noise(seconds, 0.002);
    for &(start, end) in parts {
        let from = (start * 16_000.0) as usize;
        for (sample, voice) in samples[from..].iter_mut().zip(speech(end - start)) {
            *sample += voice;
        }
    }
    samples
}

#[test]
fn long_audio_is_cut_at_its_pauses() {
    let samples = talk(
        30.0,
        &[(1.0, 4.0), (4.6, 8.0), (9.0, 12.5), (18.0, 22.0), (22.3, 24.0), (26.0, 28.0)],
    );
    let segments = cut(&samples, EnergyDetector::default(), options(10_000, ShortAudio::Whole));
    let times: Vec<_> = segments.iter().map(|s| (s.start_ms, s.end_ms)).collect();
    let expected = [(900, 8_100), (8_900, 12_600), (17_900, 24_100), (25_900, 28_100)];
    assert_eq!(times.len(), expected.len(), "{times:?}");
    for (found, expected) in times.iter().zip(expected) {
        assert!(
            found.0.abs_diff(expected.0) <= 120 && found.1.abs_diff(expected.1) <= 120,
            "{times:?}"
        );
    }
    for segment in &segments {
        assert_eq!(
            segment.samples,
            samples[segment.start_ms as usize * 16..][..segment.samples.len()]
        );
    }
}

#[test]
fn silence_and_steady_noise_give_nothing_speech_in_short_audio_one_segment() {
    for short in [ShortAudio::Whole, ShortAudio::Trim] {
        for seconds in [0.0, 3.0, 40.0] {
            let silence = vec![0.0; (seconds * 16_000.0) as usize];
            assert!(cut(&silence, EnergyDetector::default(), options(10_000, short)).is_empty());
        }
    }
    let noise = noise(60.0, 0.004);
    assert!(cut(&noise, EnergyDetector::default(), options(10_000, ShortAudio::Trim)).is_empty());
    let samples = talk(6.013, &[(1.0, 2.0), (4.0, 5.0)]);
    let whole = cut(&samples, EnergyDetector::default(), options(10_000, ShortAudio::Whole));
    assert_eq!(whole.len(), 1);
    assert_eq!((whole[0].start_ms, whole[0].end_ms), (0, 6_013));
    assert_eq!(whole[0].samples, samples);
    let trimmed = cut(&samples, EnergyDetector::default(), options(10_000, ShortAudio::Trim));
    assert_eq!(trimmed.len(), 1);
    assert!(trimmed[0].start_ms.abs_diff(900) <= 60 && trimmed[0].end_ms.abs_diff(5_100) <= 120);
}

#[test]
fn speech_without_a_pause_is_cut_where_it_is_quietest() {
    let mut samples = speech(25.0);
    // A dip too short for a pause.
    for sample in &mut samples[7 * 16_000..][..1_600] {
        *sample *= 0.02;
    }
    let options = SegmentOptions { origin_ms: 500, ..options(10_000, ShortAudio::Whole) };
    let segments = cut(&samples, EnergyDetector::default(), options);
    assert!(segments.len() >= 3);
    assert!(segments[0].end_ms.abs_diff(7_550) <= 80, "{}", segments[0].end_ms);
    for pair in segments.windows(2) {
        assert_eq!(pair[0].end_ms, pair[1].start_ms);
    }
}

#[test]
fn padding_without_room_for_speech_is_refused() {
    let blocks = std::iter::empty();
    let options = SegmentOptions { max_ms: 300, ..SegmentOptions::default() };
    assert!(Segmenter::new(blocks, GivenRegions::default(), options).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn segments_of_given_regions_are_ordered_short_and_cover_them(
        regions in prop::collection::vec((0_i64..60_000, 1_i64..25_000), 0..12),
        seconds in 1_u64..50,
        max_ms in 2_000_u64..12_000,
    ) {
        let times: Vec<(i64, i64)> = regions.iter().map(|&(s, d)| (s, s + d)).collect();
        let samples = noise(seconds as f64, 0.1);
        let total = seconds as i64 * 1000;
        let segments =
            cut(&samples, GivenRegions::new(times.clone()), options(max_ms, ShortAudio::Trim));
        let short = total <= max_ms as i64;
        let mut last = 0;
        for segment in &segments {
            prop_assert!(segment.start_ms >= last);
            prop_assert!(segment.end_ms - segment.start_ms <= max_ms as i64);
            prop_assert!(segment.end_ms <= total);
            let from = segment.start_ms as usize * 16;
            prop_assert!(segment.samples == samples[from..][..segment.samples.len()]);
            last = segment.end_ms;
        }
        prop_assert!(!short || segments.len() <= 1);
        for (start, end) in times {
            for time in (start..end.min(total)).step_by(100) {
                prop_assert!(segments.iter().any(|s| s.start_ms <= time && time < s.end_ms),
                    "{time} of {start}..{end} is in none");
            }
        }
    }
}
