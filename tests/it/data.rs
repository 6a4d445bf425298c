//! The figures of real corpora. They are not part of the repository: without a copy beside
//! it, or in the folders of `GEC_DATA_DIR`, these tests are skipped.

use std::path::{Path, PathBuf};

use crate::harness::Home;
use crate::store;

/// Subset, utterances, words, WER of the 1-best, both oracles; the texts as they stand.
const MEASURED: [(&str, u64, u64, f64, f64, f64); 6] = [
    ("atis", 809, 9111, 8.40, 5.31, 4.43),
    ("wsj", 836, 14157, 6.03, 4.56, 3.56),
    ("chime4", 1320, 21710, 12.69, 9.94, 7.17),
    ("cv", 2000, 21186, 15.44, 11.32, 8.99),
    ("td3", 1155, 28414, 4.44, 3.16, 1.34),
    ("ls_clean", 2620, 52576, 1.79, 0.89, 0.74),
];

pub(crate) fn data() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let named = std::env::var_os("GEC_DATA_DIR");
    let found = named
        .iter()
        .flat_map(std::env::split_paths)
        .chain([beside])
        .find(|folder| folder.join("hyporadise/test_atis.json").is_file());
    if found.is_none() {
        println!("skipped: no HyPoradise in GEC_DATA_DIR or ../shared/data");
    }
    found
}

#[test]
fn hyporadise_has_the_figures_that_were_measured() {
    let Some(data) = data() else { return };
    let home = Home::new();
    let data = data.to_str().unwrap();
    let ran = home.gec(&[
        "run",
        "--dataset",
        "hp:atis,wsj,chime4,cv,td3,ls_clean",
        "--method",
        "1best",
        "--format",
        "json",
        "--data-dir",
        data,
    ]);
    let rows = ran.succeeds().rows();
    assert_eq!(rows.len(), MEASURED.len() + 1);
    for (row, (subset, utterances, words, wer, o_nb, o_cp)) in rows.iter().zip(MEASURED) {
        let rounded = |name: &str| (row[name].as_f64().unwrap() * 100.0).round() / 100.0;
        let found = (
            row["subset"].as_str().unwrap(),
            row["utterances"].as_u64().unwrap(),
            row["words"].as_u64().unwrap(),
            rounded("wer"),
            rounded("o_nb"),
            rounded("o_cp"),
        );
        assert_eq!(found, (subset, utterances, words, wer, o_nb, o_cp));
    }
    let all = rows.last().unwrap();
    assert_eq!((&all["subset"], &all["utterances"]), (&"all".into(), &8740.into()));
    assert_eq!(all["words"], MEASURED.iter().map(|subset| subset.2).sum::<u64>());
}

#[test]
fn hyporadise_is_what_its_manifest_says() {
    let Some(data) = data() else { return };
    let home = Home::new();
    let arguments = ["dataset", "verify", "hp", "--format", "json", "--data-dir"];
    let report = home.gec(&[&arguments[..], &[data.to_str().unwrap()]].concat()).json();
    let rows = report["rows"].as_array().unwrap();
    for (subset, ..) in MEASURED {
        let good = |row: &&serde_json::Value| row["subset"] == subset && row["split"] == "test";
        assert_eq!(rows.iter().find(good).unwrap()["status"], "good", "{subset}");
    }
}

/// Real recordings: formats, rates and channels as people have them.
#[test]
#[cfg(all(feature = "asr", feature = "opus"))]
fn real_recordings_are_all_heard_in_their_whole_length() {
    let Some(data) = data() else { return };
    let manifest = data.join("audio/manifest.jsonl");
    if !manifest.is_file() {
        println!("skipped: no audio/manifest.jsonl in {}", data.display());
        return;
    }
    let records: Vec<serde_json::Value> = std::fs::read_to_string(&manifest)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // All of the small sets, and of the digits as many as take a moment: one or two of each speaker's.
    let digits = records.iter().filter(|one| one["set"] == "fsdd_3000").step_by(50);
    let chosen: Vec<&serde_json::Value> =
        records.iter().filter(|one| one["set"] != "fsdd_3000").chain(digits).collect();
    let home = Home::new();
    let lines: Vec<String> = chosen
        .iter()
        .map(|one| {
            let path = data.join("audio").join(one["path"].as_str().unwrap());
            serde_json::json!({ "id": one["id"], "audio": path, "text": one["text"], "group": one["set"] })
                .to_string()
        })
        .collect();
    home.write("real.jsonl", lines.join("\n"));
    let summary = home.gec(&["transcribe", "real.jsonl", "--format", "json"]).succeeds().json();
    assert_eq!((&summary["recordings"], &summary["failed"]), (&chosen.len().into(), &0.into()));

    let lengths = store::pairs(&home.db(), "SELECT name, CAST(audio_ms AS TEXT) FROM recordings");
    let seconds = |one: &serde_json::Value| {
        one.get("duration").or_else(|| one.get("dur")).and_then(serde_json::Value::as_f64).unwrap()
    };
    for one in &chosen {
        let id = one["id"].as_str().unwrap();
        let heard = &lengths.iter().find(|(name, _)| name == id).unwrap().1;
        let difference = heard.parse::<f64>().unwrap() - 1000.0 * seconds(one);
        assert!(difference.abs() <= 20.0, "{id}: {difference} ms");
    }
    let firsts = store::pairs(
        &home.db(),
        "SELECT u.reference, h.text FROM hypotheses h JOIN utterances u ON u.id = h.utterance_id \
         WHERE h.rank = 0 AND u.group_key = 'fsdd_3000'",
    );
    let right = firsts.iter().filter(|(reference, text)| reference == text).count();
    let share = 100.0 * right as f64 / firsts.len() as f64;
    println!("single digits of human speakers: {right} of {} right, {share:.1} %", firsts.len());
    assert!(share > 20.0, "chance is 10 %");
}

/// whisper.cpp's test models, where they lie beside the data.
#[cfg(all(feature = "asr", feature = "opus"))]
fn test_model(name: &str) -> Option<PathBuf> {
    let found = data()?.join("../models").join(name);
    if !found.is_file() {
        println!("skipped: no {}", found.display());
    }
    Some(found).filter(|path| path.is_file())
}

#[cfg(all(feature = "asr", feature = "opus"))]
fn sample_recording(home: &Home, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets/sample-audio/clean/001.opus");
    home.write(name, std::fs::read(path).unwrap());
}

#[test]
#[cfg(all(feature = "asr", feature = "opus"))]
fn models_without_weights_hear_nothing_and_do_not_crash() {
    for name in ["for-tests-ggml-tiny.en.bin", "for-tests-ggml-tiny.bin"] {
        let Some(model) = test_model(name) else { return };
        let home = Home::new();
        sample_recording(&home, "calls/one.opus");
        let arguments = ["transcribe", "calls", "--utterances", "recording", "--beam", "2"];
        let more =
            ["--max-tokens", "8", "--asr-model", model.to_str().unwrap(), "--format", "json"];
        let summary = home.gec(&[&arguments[..], &more].concat()).succeeds().json();
        assert_eq!((&summary["recordings"], &summary["failed"]), (&1.into(), &0.into()), "{name}");
    }
}

#[test]
#[cfg(all(feature = "asr", feature = "opus"))]
fn a_voice_activity_model_finds_the_pauses() {
    let Some(model) = test_model("for-tests-silero-v6.2.0-ggml.bin") else { return };
    let home = Home::new();
    // A real voice with long pauses around it, longer than a window together.
    let manifest = std::fs::read_to_string(data().unwrap().join("audio/manifest.jsonl")).unwrap();
    let spoken = manifest.lines().find(|line| line.contains("\"ljspeech_35\"")).unwrap();
    let record: serde_json::Value = serde_json::from_str(spoken).unwrap();
    let path = data().unwrap().join("audio").join(record["path"].as_str().unwrap());
    let mut reader = gec::audio::AudioReader::open(&path, gec::audio::Channel::Mix).unwrap();
    let voice = reader.read_all().unwrap();
    let silence = vec![0.0; 10 * 16_000];
    let samples = [silence.as_slice(), &voice, &silence].concat();
    let mut wav: Vec<u8> = b"RIFF\xff\xff\xff\x7fWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    wav.extend_from_slice(&16_000_u32.to_le_bytes());
    wav.extend_from_slice(&32_000_u32.to_le_bytes());
    wav.extend_from_slice(b"\x02\0\x10\0data");
    wav.extend_from_slice(&(samples.len() as u32 * 2).to_le_bytes());
    wav.extend(samples.iter().flat_map(|&one| ((one * 32767.0) as i16).to_le_bytes()));
    let length = (wav.len() as u32 - 8).to_le_bytes();
    wav[4..8].copy_from_slice(&length);
    home.write("long.wav", wav);
    let voice_model = model.to_str().unwrap();
    home.gec(&["transcribe", "long.wav", "--voice-model", voice_model]).succeeds();
    let spans = store::pairs(
        &home.db(),
        "SELECT CAST(start_ms AS TEXT), CAST(end_ms AS TEXT) FROM utterances ORDER BY start_ms",
    );
    println!("windows: {spans:?}");
    let end = 10_000 + voice.len() as i64 / 16;
    for (start, stop) in &spans {
        let (start, stop): (i64, i64) = (start.parse().unwrap(), stop.parse().unwrap());
        assert!(start > 9_000 && stop < end + 1_000, "{start} to {stop}");
    }
    assert!(!spans.is_empty());
}
