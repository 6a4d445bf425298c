//! The first pass with the real recogniser process: what it writes, what it believes, and
//! what is left when either process is killed.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gec::audio::{AudioReader, Channel};
use gec::recogniser::{DecodeOptions, RecogniserError, Transcript, Worker, WorkerOptions};
use gec::score::word_counts;
use serde_json::Value;

use crate::harness::{Home, Ran};
use crate::store;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn worker() -> Worker {
    Worker::start(&WorkerOptions {
        program: env!("CARGO_BIN_EXE_gec-whisper").into(),
        model: root().join("models/gec-micro-asr.bin"),
        voice_model: None,
        threads: 1,
        gpu: false,
        limit: Duration::from_secs(60),
    })
    .unwrap()
}

/// Samples and references of the sample's recordings under one condition.
fn recordings(condition: &str, count: usize) -> Vec<(Vec<f32>, String)> {
    let folder = root().join("datasets/sample-audio");
    let manifest = std::fs::read_to_string(folder.join(format!("{condition}.jsonl"))).unwrap();
    let records = manifest.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records
        .take(count)
        .map(|record| {
            let path = folder.join(record["audio"].as_str().unwrap());
            let samples = AudioReader::open(&path, Channel::Mix).unwrap().read_all().unwrap();
            (samples, record["text"].as_str().unwrap().to_owned())
        })
        .collect()
}

#[test]
fn scores_are_those_of_teacher_forced_decoding() {
    let mut worker = worker();
    let options = DecodeOptions::default();
    let (mut tokens, mut worst) = (0, 0.0_f32);
    for (samples, _) in recordings("snr10", 40) {
        let window = worker.decode(samples.clone(), &options).unwrap();
        let texts: Vec<Transcript> = window
            .hypotheses
            .iter()
            .map(|hypothesis| Transcript::Tokens(hypothesis.tokens.clone()))
            .collect();
        let scores = worker.score(samples, texts, &options).unwrap();
        assert_eq!(scores.len(), window.hypotheses.len());
        for (hypothesis, score) in window.hypotheses.iter().zip(&scores) {
            assert_eq!(hypothesis.tokens, score.tokens);
            assert_eq!(score.logprobs.len(), score.tokens.len() + 1);
            for (searched, forced) in hypothesis.logprobs.iter().zip(&score.logprobs) {
                let difference = (searched - forced).abs();
                assert!(difference < 0.01, "{} {searched} {forced}", hypothesis.text);
                worst = worst.max(difference);
                tokens += 1;
            }
        }
    }
    println!("{tokens} tokens of 40 recordings differ by {worst:.5} nats at most");
    assert!(tokens > 1000);
}

#[test]
fn children_and_the_end_never_exceed_one_and_cover_the_best_path() {
    let mut worker = worker();
    let (mut nodes, mut least) = (0, 1.0_f64);
    for condition in ["clean", "snr5"] {
        for (samples, _) in recordings(condition, 30) {
            let window = worker.decode(samples, &DecodeOptions::default()).unwrap();
            let mass = |at: usize| {
                let node = &window.nodes[at];
                let next = node.next.iter().map(|&(_, logprob)| f64::from(logprob).exp());
                next.sum::<f64>() + f64::from(node.end).exp()
            };
            for at in 0..window.nodes.len() {
                assert!(mass(at) <= 1.0 + 1e-4, "{}", mass(at));
                nodes += 1;
            }
            let mut at = 0;
            for &token in &window.hypotheses[0].tokens {
                least = least.min(mass(at));
                let child = (1..window.nodes.len()).find(|&child| {
                    window.nodes[child].parent as usize == at && window.nodes[child].token == token
                });
                at = child.unwrap_or_else(|| panic!("the best path leaves the record"));
            }
            least = least.min(mass(at));
        }
    }
    println!("{nodes} prefixes; along the best paths at least {least:.4} is recorded");
    assert!(least >= 0.9);
}

#[test]
fn lists_are_real_in_every_condition() {
    let mut worker = worker();
    let mut rates = Vec::new();
    for condition in ["clean", "snr20", "snr10", "snr5"] {
        let (mut words, mut first, mut oracle, mut distinct) = (0, 0, 0, 0);
        let all = recordings(condition, 50);
        for (samples, reference) in &all {
            let window = worker.decode(samples.clone(), &DecodeOptions::default()).unwrap();
            let errors: Vec<u64> = window
                .hypotheses
                .iter()
                .take(5)
                .map(|hypothesis| word_counts(reference, &hypothesis.text).errors())
                .collect();
            words += reference.split_whitespace().count();
            first += errors[0];
            oracle += errors.iter().min().unwrap();
            distinct += errors.len();
        }
        let rate = |errors: u64| 100.0 * errors as f64 / words as f64;
        let (wer, best) = (rate(first), rate(oracle));
        let distinct = distinct as f64 / all.len() as f64;
        println!("{condition}: WER {wer:.2} %, oracle {best:.2} %, {distinct:.2} hypotheses");
        assert!(best < 0.9 * wer, "{condition}");
        assert!(condition == "clean" || distinct > 2.0);
        rates.push(wer);
    }
    assert!(rates[0] < rates[2] && rates[2] < rates[3], "errors rise with the noise: {rates:?}");
}

/// A folder with some of the sample's recordings.
fn folder(home: &Home, count: usize) {
    for number in 1..=count {
        let name = format!("{number:03}.opus");
        let path = root().join("datasets/sample-audio/snr10").join(&name);
        home.write(&format!("calls/{name}"), std::fs::read(path).unwrap());
    }
}

fn transcribe(home: &Home, more: &[&str]) -> Ran {
    let program = env!("CARGO_BIN_EXE_gec-whisper");
    let mut command = home.command(&[&["transcribe", "calls", "--format", "json"], more].concat());
    Ran::of(home, command.env("GEC_WHISPER", program).spawn().unwrap())
}

/// Names and lists, as stored.
fn lists(home: &Home) -> Vec<(String, String)> {
    store::pairs(&home.db(), "SELECT name, nbest FROM utterances ORDER BY name")
}

fn children_of(parent: u32) -> Vec<u32> {
    let path = format!("/proc/{parent}/task/{parent}/children");
    let listed = std::fs::read_to_string(path).unwrap_or_default();
    let mut children: Vec<u32> =
        listed.split_whitespace().filter_map(|one| one.parse().ok()).collect();
    // Workers are started from threads other than the first.
    if let Ok(tasks) = std::fs::read_dir(format!("/proc/{parent}/task")) {
        for task in tasks.flatten() {
            let listed = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            children.extend(listed.split_whitespace().filter_map(|one| one.parse::<u32>().ok()));
        }
    }
    children.sort_unstable();
    children.dedup();
    children
}

#[test]
#[cfg(target_os = "linux")]
fn a_recogniser_that_is_killed_costs_one_recording_at_most() {
    let home = Home::new();
    folder(&home, 40);
    let mut command =
        home.command(&["transcribe", "calls", "--asr-workers", "1", "--format", "json"]);
    let mut child = command.env("GEC_WHISPER", env!("CARGO_BIN_EXE_gec-whisper")).spawn().unwrap();
    let (mut killed, begun) = (0, Instant::now());
    while killed < 3 && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(120));
        let stored = home.db().exists()
            && store::number_or(&home.db(), "SELECT count(*) FROM recordings", 0) > killed;
        let Some(&process) = children_of(child.id()).first().filter(|_| stored) else {
            if child.try_wait().unwrap().is_some() {
                break;
            }
            continue;
        };
        if std::process::Command::new("kill")
            .args(["-9", &process.to_string()])
            .status()
            .unwrap()
            .success()
        {
            killed += 1;
        }
    }
    let ran = Ran::of(&home, child);
    assert!(killed > 0, "{ran}");
    let summary = ran.ends_with(1).says(&["failed: gec-whisper ended while it was working"]).json();
    let failed = summary["failed"].as_i64().unwrap();
    assert!((1..=killed).contains(&failed), "{failed} failed after {killed} kills");
    assert_eq!(summary["recordings"].as_i64().unwrap() + failed, 40);

    // Not tried again unless asked to, and then all is there, as if nothing had happened.
    assert_eq!(transcribe(&home, &[]).ends_with(1).json()["failed"], failed);
    let again = transcribe(&home, &["--retry-errors"]).succeeds().json();
    assert_eq!((&again["recordings"], &again["failed"]), (&40.into(), &0.into()));
    let quiet = Home::new();
    folder(&quiet, 40);
    transcribe(&quiet, &[]).succeeds();
    assert_eq!(lists(&home), lists(&quiet));
}

#[test]
#[cfg(target_os = "linux")]
fn a_first_pass_that_is_killed_goes_on_where_it_stopped() {
    let home = Home::new();
    folder(&home, 60);
    let mut seen: Vec<(String, String)> = Vec::new();
    for kill in 0..5 {
        let mut command = home.command(&["transcribe", "calls", "--asr-workers", "1"]);
        let mut child =
            command.env("GEC_WHISPER", env!("CARGO_BIN_EXE_gec-whisper")).spawn().unwrap();
        let begun = Instant::now();
        // Until something more is stored, so that every process has done some work.
        while begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(30));
            let stored = store::number_or(&home.db(), "SELECT count(*) FROM recordings", 0);
            if stored > seen.len() as i64 {
                break;
            }
        }
        let recognisers = children_of(child.id());
        child.kill().unwrap();
        Ran::of(&home, child);
        for _ in 0..600 {
            if recognisers.iter().all(|one| !is_running(*one)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        for process in recognisers {
            assert!(!is_running(process), "kill {kill}: the recogniser outlived its master");
        }
        let stored = lists(&home);
        for one in &seen {
            assert!(stored.contains(one), "kill {kill} has cost {one:?}");
        }
        seen = stored;
    }
    assert!(!seen.is_empty() && seen.len() < 60, "{} stored", seen.len());
    transcribe(&home, &[]).succeeds();
    let quiet = Home::new();
    folder(&quiet, 60);
    transcribe(&quiet, &[]).succeeds();
    assert_eq!(lists(&home), lists(&quiet));
    let attempts = store::number(&home.db(), "SELECT max(attempts) FROM recordings");
    assert_eq!(attempts, 1, "nothing was heard twice");
}

fn is_running(process: u32) -> bool {
    // A zombie has been waited for by nobody, but runs no more.
    std::fs::read_to_string(format!("/proc/{process}/stat"))
        .is_ok_and(|stat| !stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')))
}

#[test]
#[cfg(target_os = "linux")]
fn an_interrupted_first_pass_keeps_what_it_heard() {
    let home = Home::new();
    folder(&home, 60);
    let mut command = home.command(&["transcribe", "calls", "--asr-workers", "1"]);
    let child = command.env("GEC_WHISPER", env!("CARGO_BIN_EXE_gec-whisper")).spawn().unwrap();
    while store::number_or(&home.db(), "SELECT count(*) FROM recordings", 0) == 0 {
        std::thread::sleep(Duration::from_millis(30));
    }
    let interrupt =
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupt.unwrap().success());
    Ran::of(&home, child).ends_with(130).says(&["interrupted", "goes on from here"]);
    let stored = lists(&home).len();
    assert!(stored > 0 && stored < 60, "{stored}");
    let summary = transcribe(&home, &[]).succeeds().json();
    assert_eq!(summary["recordings"], 60);
}

/// A wav file: format tag, channels, rate, bits, data.
fn wav(tag: u16, channels: u16, rate: u32, bits: u16, data: &[u8]) -> Vec<u8> {
    let align = channels * (bits / 8);
    let mut file = Vec::new();
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + data.len() as u32).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    file.extend_from_slice(&tag.to_le_bytes());
    file.extend_from_slice(&channels.to_le_bytes());
    file.extend_from_slice(&rate.to_le_bytes());
    file.extend_from_slice(&(rate * u32::from(align)).to_le_bytes());
    file.extend_from_slice(&align.to_le_bytes());
    file.extend_from_slice(&bits.to_le_bytes());
    file.extend_from_slice(b"data");
    file.extend_from_slice(&(data.len() as u32).to_le_bytes());
    file.extend_from_slice(data);
    file
}

#[test]
fn one_bad_file_costs_nothing_but_itself() {
    let home = Home::new();
    folder(&home, 2);
    let spoken = recordings("clean", 1).remove(0).0;
    let sixteen: Vec<u8> =
        spoken.iter().flat_map(|&one| ((one * 32767.0) as i16).to_le_bytes()).collect();
    let eight: Vec<u8> = spoken.iter().map(|&one| (one * 127.0 + 128.0) as u8).collect();
    let deep: Vec<u8> = spoken
        .iter()
        .flat_map(|&one| ((one * 8_388_607.0) as i32).to_le_bytes()[..3].to_vec())
        .collect();
    let float: Vec<u8> = spoken.iter().flat_map(|&one| one.to_le_bytes()).collect();
    let seven: Vec<u8> = spoken
        .iter()
        .flat_map(|&one| [((one * 32767.0) as i16); 7])
        .flat_map(i16::to_le_bytes)
        .collect();
    home.write("calls/eight.wav", wav(1, 1, 16_000, 8, &eight));
    home.write("calls/deep.wav", wav(1, 1, 16_000, 24, &deep));
    home.write("calls/float.wav", wav(3, 1, 16_000, 32, &float));
    home.write("calls/seven.wav", wav(1, 7, 16_000, 16, &seven));
    let whole = wav(1, 1, 16_000, 16, &sixteen);
    home.write("calls/whole.wav", &whole);
    home.write("calls/truncated.wav", &whole[..whole.len() / 2]);
    home.write("calls/silence.wav", wav(1, 1, 16_000, 16, &vec![0; 32_000]));
    home.write("calls/nothing.wav", b"");
    home.write("calls/text.wav", b"this is not audio");
    let summary = transcribe(&home, &["--utterances", "recording"])
        .ends_with(1)
        .says(&[
            "`nothing` failed",
            "`text` failed",
            "`truncated`: the file is cut short",
            "2 recordings failed",
        ])
        .json();
    assert_eq!((&summary["recordings"], &summary["failed"]), (&9.into(), &2.into()));
    let texts: Vec<(String, String)> = store::pairs(
        &home.db(),
        "SELECT name, text FROM hypotheses h JOIN utterances u ON u.id = h.utterance_id WHERE rank = 0",
    );
    let text = |name: &str| &texts.iter().find(|one| one.0 == name).unwrap().1;
    for same in ["deep", "float", "seven"] {
        assert_eq!(text(same), text("whole"), "{same}");
    }
    assert!(!text("eight").is_empty());
    assert_eq!(text("silence"), "");
}

#[test]
fn two_hours_are_cut_into_windows_and_can_be_put_together_again() {
    let home = Home::new();
    // 8 kHz and 8 bits, to be written quickly: two sentences now and then, and noise.
    let spoken = recordings("clean", 2);
    let mut data = Vec::with_capacity(7200 * 8000);
    let mut noise = 1_u32;
    for second in 0..7200 {
        let speech = &spoken[second / 1800 % 2].0;
        for sample in 0..8000 {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let hiss = (noise >> 24) as f32 / 255.0 - 0.5;
            let at = (second % 1800 * 8000 + sample) * 2;
            let voice = speech.get(at).copied().unwrap_or(0.0);
            data.push(((voice * 0.9 + hiss * 0.01) * 127.0 + 128.0) as u8);
        }
    }
    home.write("calls/long.wav", wav(1, 1, 8000, 8, &data));
    let summary = transcribe(&home, &[]).succeeds().json();
    assert_eq!(summary["audio_seconds"], 7200.0);
    let count = summary["utterances"].as_i64().unwrap();
    assert!((4..=12).contains(&count), "{count} windows hold speech");
    let text = home.gec(&["export", "calls", "--format", "srt"]).succeeds().out;
    assert!(text.contains("00:00:00,") && text.contains("01:30:0"), "{text}");
}

#[test]
fn models_that_are_none_are_refused() {
    let home = Home::new();
    folder(&home, 1);
    let model = std::fs::read(root().join("models/gec-micro-asr.bin")).unwrap();
    home.write("short.bin", &model[..model.len() / 3]);
    home.write("text.bin", b"a poem, not a model");
    let gguf: PathBuf = root().join("models/gec-micro.gguf");
    for path in ["short.bin", "text.bin", "missing.bin", gguf.to_str().unwrap()] {
        transcribe(&home, &["--asr-model", path]).refuses(&[path.rsplit('/').next().unwrap()]);
    }
}

#[test]
fn a_missing_or_foreign_recogniser_is_told() {
    let home = Home::new();
    folder(&home, 1);
    let with = |program: &str| {
        let mut command = home.command(&["transcribe", "calls"]);
        Ran::of(&home, command.env("GEC_WHISPER", program).spawn().unwrap())
    };
    with("/nowhere/gec-whisper").refuses(&["`gec-whisper` is not at", "GEC_WHISPER"]);
    with("/bin/true").refuses(&["does not fit this gec"]);
    let old =
        home.write("old", "#!/bin/sh\nprintf 'gec-asr\\n\\077\\000\\000\\000'\ncat >/dev/null\n");
    #[cfg(unix)]
    std::fs::set_permissions(&old, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    with(old.to_str().unwrap()).refuses(&["does not fit this gec", "version 63"]);
}

#[test]
#[cfg(unix)]
fn a_recogniser_that_hangs_is_ended_and_replaced() {
    let limit = Duration::from_secs(2);
    let mut worker = Worker::start(&WorkerOptions {
        program: env!("CARGO_BIN_EXE_gec-whisper").into(),
        model: root().join("models/gec-micro-asr.bin"),
        voice_model: None,
        threads: 1,
        gpu: false,
        limit,
    })
    .unwrap();
    let process = worker.process_id().unwrap().to_string();
    assert!(
        std::process::Command::new("kill").args(["-STOP", &process]).status().unwrap().success()
    );
    let (samples, _) = recordings("clean", 1).remove(0);
    let begun = Instant::now();
    let error = worker.decode(samples.clone(), &DecodeOptions::default()).unwrap_err();
    assert!(matches!(error, RecogniserError::TimedOut { .. }), "{error}");
    assert!((limit..limit * 3).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    assert!(!error.is_setup(), "the run goes on");
    let window = worker.decode(samples, &DecodeOptions::default()).unwrap();
    assert!(!window.hypotheses.is_empty());
}

#[test]
#[cfg(target_os = "linux")]
fn windows_of_a_long_recording_outlive_a_kill() {
    let home = Home::new();
    // Speech for two minutes, with a pause after each sentence.
    let mut samples: Vec<f32> = Vec::new();
    for (spoken, _) in recordings("clean", 40) {
        samples.extend(spoken);
        samples.extend(vec![0.0; 8000]);
    }
    let data: Vec<u8> =
        samples.iter().flat_map(|&one| ((one * 32767.0) as i16).to_le_bytes()).collect();
    home.write("calls/long.wav", wav(1, 1, 16_000, 16, &data));
    let count = "SELECT count(*) FROM utterances";
    let mut command = home.command(&["transcribe", "calls", "--asr-workers", "1"]);
    let mut child = command.env("GEC_WHISPER", env!("CARGO_BIN_EXE_gec-whisper")).spawn().unwrap();
    while store::number_or(&home.db(), count, 0) < 2 {
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    Ran::of(&home, child);
    let stored = lists(&home);
    assert!(store::number(&home.db(), "SELECT count(*) FROM recordings") == 0);

    transcribe(&home, &[]).succeeds();
    let all = lists(&home);
    assert_eq!(all[..stored.len()], stored[..], "what was heard was not heard again");
    let quiet = Home::new();
    quiet.write("calls/long.wav", wav(1, 1, 16_000, 16, &data));
    transcribe(&quiet, &[]).succeeds();
    assert_eq!(all, lists(&quiet));
    assert!(all.len() > stored.len() && all.len() > 10, "{} windows", all.len());
}
