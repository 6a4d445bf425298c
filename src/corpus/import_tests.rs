//! What other recognisers write, from files in `tests/data/formats`.

use std::path::{Path, PathBuf};

use super::*;

fn fixture(name: &str) -> Source {
    Source::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats").join(name))
}

fn good(name: &str) -> Vec<Utterance> {
    open(&fixture(name), None).unwrap().map(Result::unwrap).collect()
}

/// Id, `text score` of each hypothesis, reference.
fn outline(utterances: &[Utterance]) -> Vec<String> {
    let hypothesis = |one: &Hypothesis| match one.score {
        Some(score) => format!("{} {score:.3}", one.text),
        None => one.text.clone(),
    };
    utterances
        .iter()
        .map(|utterance| {
            let list: Vec<_> = utterance.nbest.iter().map(hypothesis).collect();
            let reference = utterance.reference.as_deref().unwrap_or("-");
            format!("{}: {} ({reference})", utterance.id, list.join(" | "))
        })
        .collect()
}

/// Words with their times, `text@start-end`.
fn times(utterance: &Utterance) -> Vec<String> {
    let word = |word: &WordTime| format!("{}@{}-{}", word.text, word.start_ms, word.end_ms);
    utterance.words.iter().map(word).collect()
}

fn span(utterance: &Utterance) -> Option<(i64, i64)> {
    utterance.span.map(|span| (span.start_ms, span.end_ms))
}

#[test]
fn whisper_cpp_gives_tokens_with_times_and_half_characters() {
    let found = good("whisper/full.wav.json");
    let mean = (2.0 * 0.5_f64.ln() + 0.25_f64.ln()) / 5.0;
    assert_eq!(
        outline(&found),
        [
            format!("full.wav-0001: Show me flights. {mean:.3} (-)"),
            // Half a character has a probability too; zero is one too small to print.
            format!("full.wav-0002: Zürich {:.3} (-)", (2.0 * 0.5_f64.ln() + 1e-10_f64.ln()) / 3.0),
        ]
    );
    assert_eq!(times(&found[0]), ["Show@0-300", "me@300-500", "flights.@500-1400"]);
    assert_eq!(times(&found[1]), ["Zürich@1500-2400"]);
    assert_eq!(found[0].nbest[0].token_scores.as_ref().unwrap().len(), 5);
    assert_eq!(
        (span(&found[1]), found[1].audio.as_deref()),
        (Some((1500, 2500)), Some("full.wav"))
    );
    let plain = good("whisper/plain.json");
    assert_eq!(outline(&plain), ["plain-0001: And so my fellow Americans (-)"]);
    assert_eq!((span(&plain[0]), times(&plain[0])), (Some((0, 2000)), Vec::new()));
}

#[test]
fn segments_of_openai_and_faster_whisper_are_utterances() {
    let found = good("whisper/openai.json");
    assert_eq!(
        outline(&found),
        ["openai-0001: To Boston. -0.250 (-)", "openai-0002: Thank you. -0.750 (-)"]
    );
    assert_eq!(times(&found[0]), ["To@0-300", "Boston.@300-1200"]);
    // One word has no time, so none of the others can be used.
    assert_eq!((times(&found[1]), span(&found[1])), (Vec::new(), Some((1240, 2000))));
    let found = good("whisper/faster.json");
    assert_eq!(outline(&found), ["faster-0001: one -0.500 (-)", "faster-0002: two -0.500 (-)"]);
    assert_eq!(span(&found[1]), Some((1500, 2250)));
    let found = good("whisper/faster.jsonl");
    assert_eq!(outline(&found)[1], "faster-0002: line 2 -0.500 (-)");
}

#[test]
fn a_folder_of_transcripts_is_one_corpus() {
    let found = good("whisper");
    let ids: Vec<_> = found.iter().map(|utterance| utterance.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "faster-0001",
            "faster-0002",
            "faster-0001#2",
            "faster-0002#2",
            "full.wav-0001",
            "full.wav-0002",
            "openai-0001",
            "openai-0002",
            "plain-0001"
        ]
    );
}

#[test]
fn a_transcript_that_is_cut_off_ends_a_file_but_not_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs_err::write(folder.path().join(name), text).unwrap();
    write("a.json", "{\"segments\": [\n{\"text\": \"x\", \"start\": 0.0, \"end\": 1.0},\n{\"te");
    write("b.json", "{\"segments\": [{\"start\": 0.0}, {\"text\": \"y\"}]}");
    let file = open(&Source::File(folder.path().join("a.json")), None).unwrap();
    let items: Vec<_> = file.collect();
    assert!(matches!(&items[..], [Err(error)] if error.is_fatal()), "{items:?}");
    let items: Vec<_> = open(&Source::at(folder.path().into()), None).unwrap().collect();
    let shown: Vec<String> = items
        .iter()
        .map(|item| match item {
            Ok(utterance) => utterance.id.clone(),
            Err(error) => error.to_string().rsplit('/').next().unwrap().to_owned(),
        })
        .collect();
    let cut = "a.json:3:4: EOF while parsing a string";
    assert_eq!(shown, [cut, "b.json:1:1: segment 1 has no `text`", "b-0002"]);
}

#[test]
fn folders_of_kaldi_have_numbered_keys_costs_and_references() {
    assert_eq!(
        outline(&good("kaldi")),
        [
            "spk1-utt: i would like a fright -30.500 | i would like a flight -31.000 | \
             i would like -39.500 (i would like a flight)",
            "spk2_utt:  -1.500 (-)",
            "spk3-utt: know | no (-)",
        ]
    );
    assert_eq!(outline(&good("kaldi-jobs")), ["a: x -1.000 | y -2.000 (-)", "b: z (-)"]);
}

#[test]
fn folders_of_espnet_have_a_rank_each() {
    let expected = [
        "u1: SHOW ME FRIGHTS -3.250 | SHOW ME FLIGHTS -4.000 | SHOW ME (-)",
        "u2: TO BOSTON -1.500 | TWO BOSTON (-)",
        "u3: YES (-)",
        "u4:  (-)",
    ];
    assert_eq!(outline(&good("espnet")), expected);
    assert_eq!(outline(&good("espnet/logdir")), expected);
    assert_eq!(outline(&good("espnet/logdir/output.1")), expected[..2]);
}

#[test]
fn tables_of_nemo_are_named_by_their_manifest() {
    let found = good("nemo/preds_out_width2_alpha1.0_beta0.5.tsv");
    assert_eq!(
        outline(&found),
        [
            "a one: show me a fright -3.500 | show me a flight -3.750 (show me a flight)",
            "b:  -0.500 | yes (yes)",
        ]
    );
    assert_eq!(
        (span(&found[1]), found[1].audio.as_deref()),
        (Some((2000, 2250)), Some("wavs/b.wav"))
    );
}

#[test]
fn a_table_that_does_not_fit_its_manifest_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("beams.tsv");
    fs_err::write(&path, "a\t-1\nb\t-2\nc\tx\nd\t-1\n").unwrap();
    let source = Source::File(path);
    let refused = || open(&source, None).err().unwrap();
    assert!(
        matches!(refused(), CorpusError::NoManifest { found: 0, .. }) && refused().hint().is_some()
    );
    let entry = "{\"audio_filepath\": \"a.wav\", \"text\": \"a\"}\n";
    let manifest = folder.path().join("beams.json");
    fs_err::write(&manifest, entry.repeat(3)).unwrap();
    assert!(matches!(refused(), CorpusError::Uneven { beams: 4, utterances: 3, .. }));
    fs_err::write(&manifest, entry.repeat(2)).unwrap();
    fs_err::write(folder.path().join("other.json"), entry).unwrap();
    let items: Vec<_> = open(&source, None).unwrap().collect();
    assert_eq!(items[0].as_ref().unwrap().nbest.len(), 2);
    let error = items[1].as_ref().unwrap_err().to_string();
    assert!(error.ends_with("beams.tsv:3:1: expected a text, a tab and a number"), "{error}");
}

#[test]
fn a_bad_score_is_not_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::write(folder.path().join("words_text"), "a-1 x\nb y\nc-1 z\n").unwrap();
    let source = Source::at(folder.path().into());
    let items: Vec<_> = open(&source, None).unwrap().collect();
    let error = items[0].as_ref().unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("words_text:2:1: key `b` does not end in a hypothesis's number")
    );
    assert_eq!(items.len(), 2);
    fs_err::write(folder.path().join("lm_cost"), "a-1 x\n").unwrap();
    let items: Vec<_> = open(&source, None).unwrap().collect();
    assert!(matches!(&items[..], [Err(CorpusError::Companion { line: 1, .. })]), "{items:?}");
}

#[test]
fn formats_are_told_from_content() {
    let detect = |name: &str, text: &str| Format::detect(Path::new(name), text.as_bytes());
    let long = format!("{{\"text\": \"{}", "long \\\" text ".repeat(9000));
    for (name, text, expected) in [
        ("a.json", "{\"systeminfo\": \"x\"", Format::WhisperJson),
        ("a.json", "{\"text\": \"a\", \"segments\": []}", Format::WhisperJson),
        ("a.json", long.as_str(), Format::WhisperJson),
        ("a.json", " [ {\"id\": 1, \"start\": 0.0, \"text\": \"a\"}]", Format::WhisperJson),
        ("a.jsonl", "{\"start\": 0, \"text\": \"a\"}", Format::WhisperJson),
        ("a.jsonl", "{\"start\": 0, \"text\": \"a\", \"nbest\": [\"a\"]}", Format::Jsonl),
        ("a.jsonl", "{\"id\": 1, \"text\": \"a\"}", Format::Jsonl),
        ("a.json", "{\"nbest\": [{\"text\": \"a\", \"start\": 1}]}", Format::Jsonl),
        ("a.json", "[{\"input\": [\"a\"], \"segments\": 1}]", Format::HyporadiseJson),
        ("a.json", "[1, {\"segments\": 1}]", Format::HyporadiseJson),
        ("a.tsv", "", Format::NemoBeams),
    ] {
        let found = detect(name, text);
        assert_eq!(found, Some(expected), "{name} {}", text.get(..60).unwrap_or(text));
    }
    let folder = |name: &str| Format::detect_folder(fixture(name).path()).unwrap();
    assert_eq!(folder("kaldi"), Some(Format::KaldiNbest));
    assert_eq!(folder("kaldi-jobs"), Some(Format::KaldiNbest));
    assert_eq!(folder("espnet"), Some(Format::EspnetNbest));
    assert_eq!(folder("whisper"), Some(Format::WhisperJson));
    assert_eq!((folder("nemo"), folder("")), (None, None));
}

#[test]
fn a_folder_is_no_file_and_a_file_no_folder() {
    let refused = |name: &str, format: Option<Format>| open(&fixture(name), format).err().unwrap();
    let wrong = refused("kaldi", Some(Format::Jsonl));
    assert!(matches!(&wrong, CorpusError::NotAFile { format: Format::Jsonl, .. }), "{wrong}");
    let wrong = refused("kaldi", Some(Format::EspnetNbest));
    assert!(matches!(&wrong, CorpusError::NotThatFolder { .. }), "{wrong}");
    let wrong = refused("whisper/plain.json", Some(Format::KaldiNbest));
    assert!(matches!(&wrong, CorpusError::NotThatFolder { .. }), "{wrong}");
    let wrong = refused("nemo", None);
    assert!(
        matches!(&wrong, CorpusError::UnknownFolder { .. }) && wrong.hint().is_some(),
        "{wrong}"
    );
}

#[test]
fn the_checksum_of_a_folder_covers_names_and_what_is_read_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs_err::write(folder.path().join(name), text).unwrap();
    let sum = || checksum(&Source::at(folder.path().into()), None).unwrap();
    write("transcript-1.txt", "a-1 x\n");
    let first = sum();
    // What is not read does not count.
    write("decode.log", "done");
    assert_eq!(sum(), first);
    write("lm-costs-1.txt", "a-1 1\n");
    let second = sum();
    assert_ne!(second, first);
    fs_err::rename(folder.path().join("lm-costs-1.txt"), folder.path().join("ac-costs-1.txt"))
        .unwrap();
    assert_ne!(sum(), second);
    assert_eq!(sum(), sum());
}

#[test]
fn the_choice_of_pocketsphinx_comes_first() {
    let line = "{\"id\": \"a\", \"ref\": \"x\", \"hyp\": \"b\", \"nbest\": [\"a\", \"b\"], \"scores\": [-1, -2]}\n\
                {\"hyp\": \"a\", \"nbest\": [\"a\", \"b\"]}\n{\"hyp\": \"only\"}\n";
    let source = Source::Embedded { name: "sphinx.jsonl", bytes: line.as_bytes() };
    let found: Vec<_> = open(&source, None).unwrap().map(Result::unwrap).collect();
    assert_eq!(
        outline(&found),
        ["a: b -2.000 | a -1.000 (x)", "000002: a | b (-)", "000003: only (-)"]
    );
}

#[test]
fn real_lists_of_pocketsphinx_are_read() {
    let named = std::env::var_os("GEC_DATA_DIR");
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data"));
    let folders = named.iter().flat_map(std::env::split_paths).chain([beside]);
    let mut files = folders.map(|folder| folder.join("audio/pocketsphinx_nbest.jsonl"));
    let Some(file) = files.find(|file| file.is_file()) else {
        eprintln!("skipped: no lists of PocketSphinx (set GEC_DATA_DIR)");
        return;
    };
    let found: Vec<_> = open(&Source::File(file), None).unwrap().map(Result::unwrap).collect();
    assert_eq!(found.len(), 154);
    let hypotheses: usize = found.iter().map(|utterance| utterance.nbest.len()).sum();
    // In 123 of them the program's own choice was not in its list.
    assert_eq!(hypotheses, 94 * 5 + 31 * 4 + 16 * 3 + 10 * 2 + 3 + 123);
    let first = "there was a sailor away in eager at a is only in the right of the we";
    assert_eq!(found[0].one_best(), first);
}
