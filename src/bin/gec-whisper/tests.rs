//! The whole process on a real model: what `gec` asks and what comes back.
//!
//! The model is that of `GEC_WHISPER_TEST_MODEL`, else the one the project ships.

use std::{f32::consts::TAU, fs, path::PathBuf, time::Instant};

use acoustic_protocol::{
    DecodeOptions, ModelInfo, Request, Response, TextScore, Transcript, VoiceOptions, Window,
    frame, handshake,
};

use crate::serve::serve;

fn model() -> PathBuf {
    let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models/gec-micro-asr.bin");
    std::env::var_os("GEC_WHISPER_TEST_MODEL").map_or(shipped, PathBuf::from)
}

/// What the process answers to requests; the first loads the model.
fn ask(requests: Vec<Request>) -> Vec<Response> {
    let load = Request::Load { model: model(), threads: 1, gpu: false, voice_model: None };
    talk([vec![load], requests].concat())
}

fn talk(requests: Vec<Request>) -> Vec<Response> {
    whisper_rs::install_logging_hooks();
    let mut sent = Vec::new();
    handshake::write(&mut sent).unwrap();
    for request in &requests {
        frame::write(&mut sent, request).unwrap();
    }
    let mut answers = Vec::new();
    serve(&mut sent.as_slice(), &mut answers, 2).unwrap();
    let mut rest = answers.as_slice();
    handshake::read(&mut rest).unwrap();
    std::iter::from_fn(|| frame::read(&mut rest).unwrap()).collect()
}

/// Something like vowels, and a little noise, always the same.
fn sound(seconds: f32) -> Vec<f32> {
    let mut noise = 12_345_u32;
    (0..(seconds * 16_000.0) as usize)
        .map(|at| {
            let time = at as f32 / 16_000.0;
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let hiss = (noise >> 8) as f32 / (1 << 24) as f32 - 0.5;
            let loud = (time * 3.0 * TAU).sin().max(0.0);
            let voice = (1..12).map(|k| (time * 120.0 * TAU * k as f32).sin() / k as f32);
            0.2 * loud * voice.sum::<f32>() + 0.02 * hiss
        })
        .collect()
}

fn decode(id: u64, samples: Vec<f32>, options: DecodeOptions) -> Request {
    Request::Decode { id, samples, options }
}

fn window(response: &Response) -> &Window {
    match response {
        Response::Decoded { window, .. } => window,
        other => panic!("{other:?}"),
    }
}

fn info(response: &Response) -> &ModelInfo {
    match response {
        Response::Loaded { model, .. } => model,
        other => panic!("{other:?}"),
    }
}

fn scores(response: &Response) -> &[TextScore] {
    match response {
        Response::Scored { scores, .. } => scores,
        other => panic!("{other:?}"),
    }
}

fn failure(response: &Response) -> (Option<u64>, &str) {
    match response {
        Response::Failed { id, message } => (*id, message),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_window_gives_a_list_with_the_numbers_behind_it() {
    let options = DecodeOptions { word_times: true, ..DecodeOptions::default() };
    let answers = ask(vec![decode(7, sound(2.0), options)]);
    let info = info(&answers[0]);
    let window = window(&answers[1]);
    assert!((0.0..=1.0).contains(&window.no_speech) && !window.hypotheses.is_empty());
    let totals: Vec<f32> =
        window.hypotheses.iter().map(|found| found.logprobs.iter().sum()).collect();
    assert!(totals.is_sorted_by(|a, b| a >= b), "{totals:?}");
    for (at, hypothesis) in window.hypotheses.iter().enumerate() {
        assert_eq!(hypothesis.logprobs.len(), hypothesis.tokens.len() + 1);
        assert!(hypothesis.tokens.iter().all(|&token| token < info.end_of_text));
        assert!(window.hypotheses[..at].iter().all(|other| other.text != hypothesis.text));
    }
    for (index, node) in window.nodes.iter().enumerate().skip(1) {
        assert!((node.parent as usize) < index);
        let parent = &window.nodes[node.parent as usize];
        if let Some(&(_, logprob)) = parent.next.iter().find(|next| next.0 == node.token) {
            assert_eq!(logprob, node.logprob);
        }
        let mass: f32 = node.next.iter().map(|next| next.1.exp()).sum::<f32>() + node.end.exp();
        assert!(mass <= 1.0 + 1e-4 && node.next.is_sorted_by(|a, b| a.1 >= b.1));
    }
    // Blank suppression: the empty transcript cannot be.
    assert_eq!(window.nodes[0].end, f32::NEG_INFINITY);
    let words = &window.words;
    assert_eq!(words.len(), window.hypotheses[0].text.split_whitespace().count());
    assert!(words.iter().all(|word| word.end_ms <= 2000));
}

#[test]
fn scoring_gives_back_the_numbers_of_the_search() {
    let searched = ask(vec![decode(1, sound(2.5), DecodeOptions::default())]);
    let found = &window(&searched[1]).hypotheses;
    let by_tokens = found.iter().map(|one| Transcript::Tokens(one.tokens.clone())).collect();
    let by_text = vec![Transcript::Text(found[0].text.clone()), Transcript::Text(String::new())];
    let ask_score = |texts| Request::Score {
        id: 2,
        samples: sound(2.5),
        texts,
        options: DecodeOptions::default(),
    };
    let answers = ask(vec![ask_score(by_tokens), ask_score(by_text)]);
    for (searched, scored) in found.iter().zip(scores(&answers[1])) {
        for (a, b) in searched.logprobs.iter().zip(&scored.logprobs) {
            assert!((a - b).abs() < 0.01, "{searched:?} {scored:?}");
        }
    }
    let texts = scores(&answers[2]);
    let best: f32 = found[0].logprobs.iter().sum();
    assert!(texts[0].logprobs.iter().sum::<f32>() >= best - 0.05);
    assert_eq!(texts[1].logprobs, [f32::NEG_INFINITY]);
}

#[test]
fn a_window_is_recognised_the_same_whatever_came_before() {
    let options = DecodeOptions::default();
    let alone = ask(vec![decode(1, sound(2.0), options.clone())]);
    let requests = vec![decode(0, sound(1.3), options.clone()), decode(1, sound(2.0), options)];
    let after = ask(requests);
    let untimed =
        |response: &Response| Window { encode_ms: 0.0, decode_ms: 0.0, ..window(response).clone() };
    assert_eq!(untimed(&alone[1]), untimed(&after[2]));
}

#[test]
fn options_change_what_they_say() {
    let options = DecodeOptions::default();
    let answers = ask(vec![
        decode(0, sound(2.0), DecodeOptions { beam: 1, top_k: 0, ..options.clone() }),
        decode(1, sound(2.0), DecodeOptions { beam: 1, ..options.clone() }),
        decode(2, sound(2.0), DecodeOptions { max_tokens: 2, ..options.clone() }),
        decode(
            3,
            sound(2.0),
            DecodeOptions { suppress: Some(".*e.*".to_owned()), ..options.clone() },
        ),
        decode(4, sound(2.0), DecodeOptions { suppress_blank: false, ..options.clone() }),
        decode(5, sound(2.0), DecodeOptions { temperature: 0.7, ..options.clone() }),
        decode(6, sound(2.0), DecodeOptions { initial_prompt: Some("so".to_owned()), ..options }),
    ]);
    let [plain, recorded, short, without, blank, drawn, prompted] = &answers[1..] else {
        panic!("{answers:?}")
    };
    let (plain, recorded) = (window(plain), window(recorded));
    assert!(plain.nodes.is_empty() && plain.hypotheses.len() == 1);
    assert!(recorded.hypotheses.iter().any(|found| found.text == plain.hypotheses[0].text));
    assert!(window(short).hypotheses.iter().all(|found| found.tokens.len() <= 2));
    let longest = window(short).hypotheses.iter().map(|found| found.tokens.len()).max();
    assert_eq!(longest, Some(2));
    assert!(window(without).hypotheses.iter().all(|found| !found.text.contains('e')));
    assert!(window(blank).nodes[0].end.is_finite());
    // Temperature changes what is drawn, not what is recorded.
    let (a, b) = (&window(drawn).nodes[0], &recorded.nodes[0]);
    assert!((a.next[0].1 - b.next[0].1).abs() < 1e-3);
    assert_ne!(window(prompted).nodes[0].next, b.next);
}

#[test]
fn what_cannot_be_answered_is_said_and_the_next_request_is_answered() {
    let options = DecodeOptions::default();
    let with = |change: fn(&mut DecodeOptions)| {
        let mut changed = options.clone();
        change(&mut changed);
        decode(9, sound(1.0), changed)
    };
    let score =
        |texts| Request::Score { id: 9, samples: sound(1.0), texts, options: options.clone() };
    let cases = vec![
        (decode(9, Vec::new(), options.clone()), "empty"),
        (decode(9, vec![0.0, f32::NAN], options.clone()), "sample 1"),
        (decode(9, vec![0.0; 16_000 * 40], options.clone()), "window"),
        (with(|options| options.beam = 9), "from 1 to 8"),
        (with(|options| options.candidates = 0), "at least 1"),
        (with(|options| options.temperature = f32::NAN), "temperature"),
        (with(|options| options.language = Some("xx".to_owned())), "`xx`"),
        (with(|options| options.language = Some("d\0e".to_owned())), "no language"),
        (with(|options| options.language = Some("de".to_owned())), "only English"),
        (with(|options| options.suppress = Some("(".to_owned())), "regular expression"),
        (score(vec![Transcript::Text("\u{0}".to_owned())]), "cannot spell"),
        (score(vec![Transcript::Tokens(vec![50_257])]), "not a text token"),
        (score(vec![Transcript::Tokens(vec![1; 1000])]), "does not fit"),
        (
            Request::Voice { id: 9, samples: Vec::new(), options: VoiceOptions::default() },
            "no voice activity model",
        ),
    ];
    let (requests, messages): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    let last = decode(10, sound(0.05), options);
    let answers = ask([requests, vec![last]].concat());
    for (answer, message) in answers[1..].iter().zip(messages) {
        let (id, said) = failure(answer);
        assert!(id == Some(9) && said.contains(message), "{said} / {message}");
    }
    assert!(matches!(answers.last(), Some(Response::Decoded { id: 10, .. })));
}

#[test]
fn a_model_that_cannot_be_loaded_is_said_and_another_can_be() {
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.bin");
    let bytes = fs::read(model()).unwrap();
    fs::write(&cut, &bytes[..bytes.len() - 1000]).unwrap();
    let load = |model: PathBuf| Request::Load { model, threads: 0, gpu: false, voice_model: None };
    let early = decode(3, sound(1.0), DecodeOptions::default());
    let missing = folder.path().join("none.bin");
    let answers = talk(vec![
        early,
        load(missing),
        load(cut.clone()),
        load(folder.path().into()),
        load(model()),
    ]);
    assert_eq!(failure(&answers[0]), (Some(3), "no model is loaded"));
    for (answer, message) in answers[1..4].iter().zip(["cannot read", "cut short", "is a folder"]) {
        assert!(failure(answer).1.contains(message), "{answer:?}");
    }
    let info = info(&answers[4]);
    assert_eq!(
        info.vocabulary_size as usize,
        match &answers[4] {
            Response::Loaded { vocabulary, .. } => vocabulary.len(),
            _ => 0,
        }
    );
}

#[test]
fn a_stranger_is_told_the_version_and_garbage_ends_the_process() {
    let mut answer = Vec::new();
    assert!(serve(&mut &b"GET / HTTP/1.1\r\n"[..], &mut answer, 1).is_err());
    handshake::read(&mut answer.as_slice()).unwrap();
    let mut sent = Vec::new();
    handshake::write(&mut sent).unwrap();
    sent.extend([3, 0, 0, 0, 99, 99, 99]);
    let mut answer = Vec::new();
    assert!(serve(&mut sent.as_slice(), &mut answer, 1).is_err());
    let said: Response = frame::read(&mut &answer[12..]).unwrap().unwrap();
    assert_eq!(failure(&said).0, None);
}

/// Prints what recording costs; run with `--nocapture` on an idle machine.
#[test]
#[ignore = "a measurement"]
fn recording_costs_little() {
    let seconds = 4.0;
    for beam in [5, 1, 8] {
        let times: Vec<f32> = [0, 32]
            .iter()
            .map(|&top_k| {
                let options = DecodeOptions { beam, top_k, ..DecodeOptions::default() };
                let rounds = 12;
                let requests = (0..rounds).map(|id| decode(id, sound(seconds), options.clone()));
                let start = Instant::now();
                let answers = ask(requests.collect());
                assert_eq!(answers.len(), rounds as usize + 1);
                let mut spent: Vec<f32> = answers[1..]
                    .iter()
                    .map(|answer| window(answer).encode_ms + window(answer).decode_ms)
                    .collect();
                spent.sort_by(f32::total_cmp);
                println!(
                    "beam {beam} top_k {top_k}: {:.1} ms a window, {:.1} ms the least, {:.2} s in all",
                    spent[spent.len() / 2], spent[0], start.elapsed().as_secs_f32()
                );
                spent[0]
            })
            .collect();
        println!("beam {beam}: recording costs {:.3} times", times[1] / times[0]);
    }
}
