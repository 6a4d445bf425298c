//! Real recordings, where the environment variable `GEC_DATA_DIR` names a folder with them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use super::{AudioReader, Channel, EnergyDetector, SegmentOptions, Segmenter, inputs};

#[derive(Default)]
struct Row {
    files: u64,
    seconds: f64,
    segments: u64,
    kinds: BTreeMap<String, u64>,
}

#[test]
fn every_recording_at_hand_has_the_length_rate_and_channels_it_should() {
    let Some(data) = std::env::var_os("GEC_DATA_DIR").map(PathBuf::from) else { return };
    let manifest = data.join("audio/manifest.jsonl");
    let text = fs_err::read_to_string(&manifest).unwrap();
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let mut faults = Vec::new();
    let started = Instant::now();
    for (line, item) in text.lines().zip(inputs::open([manifest])) {
        let expected: serde_json::Value = serde_json::from_str(line).unwrap();
        let item = item.unwrap();
        let reader = AudioReader::open(&item.path, Channel::Mix).unwrap();
        let mut segmenter =
            Segmenter::new(reader, EnergyDetector::default(), SegmentOptions::default()).unwrap();
        let row = rows.entry(item.group.clone().unwrap()).or_default();
        for segment in &mut segmenter {
            assert!(segment.unwrap().samples.len() <= 480_000);
            row.segments += 1;
        }
        let info = segmenter.blocks().info();
        let seconds = info.frames as f64 / f64::from(info.rate);
        row.files += 1;
        row.seconds += seconds;
        *row.kinds
            .entry(format!("{} {} x{}", info.codec, info.rate, info.channels))
            .or_default() += 1;
        let number = |name: &str| expected.get(name).and_then(serde_json::Value::as_f64);
        let promised = number("dur").or_else(|| number("duration")).unwrap();
        let wrong = (seconds - promised).abs() > 0.02
            || number("sr").is_some_and(|rate| rate != f64::from(info.rate))
            || number("ch").is_some_and(|channels| channels != info.channels as f64)
            || info.truncated
            || info.damaged_packets > 0;
        if wrong {
            faults.push(format!("{}: {seconds} s of {promised}, {info:?}", item.id));
        }
    }
    let took = started.elapsed().as_secs_f64();
    println!(
        "{:24} {:>6} {:>9} {:>9}  codec, rate, channels",
        "set", "files", "seconds", "segments"
    );
    for (name, row) in &rows {
        println!(
            "{name:24} {:6} {:9.1} {:9}  {:?}",
            row.files, row.seconds, row.segments, row.kinds
        );
    }
    let seconds: f64 = rows.values().map(|row| row.seconds).sum();
    println!("{seconds:.0} s of audio in {took:.1} s: {:.0} times real time", seconds / took);
    assert!(!rows.is_empty());
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}
