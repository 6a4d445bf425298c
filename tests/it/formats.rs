//! `gec import` and `gec export`: lists of other recognisers in, results for other programs out.

use std::path::{Path, PathBuf};

use insta::assert_snapshot;

use crate::harness::Home;
use crate::store;

/// A home with a copy of the fixtures in `formats`.
fn home() -> Home {
    let home = Home::new();
    let formats = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/formats");
    copy(&formats, &home.path("formats"));
    home
}

fn copy(from: &Path, to: &PathBuf) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, target) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

fn read(home: &Home, name: &str) -> String {
    std::fs::read_to_string(home.path(name)).unwrap()
}

#[test]
fn lists_of_every_recogniser_are_imported() {
    let home = home();
    let table = "formats/nemo/preds_out_width2_alpha1.0_beta0.5.tsv";
    let folders = ["formats/kaldi", "formats/espnet", "formats/whisper", table];
    let arguments = [&["import", "--name", "mine"], &folders[..]].concat();
    let ran = home.gec(&arguments).succeeds();
    assert_snapshot!("import", ran.out);
    // The second time nothing is read.
    assert_eq!(home.gec(&arguments).succeeds().out, ran.out);
    assert_eq!(store::number(&home.db(), "SELECT count(*) FROM corpora"), 4);
    let ran = home.gec(&["run", "-d", "mine:kaldi,espnet", "-m", "1best", "--format", "json"]);
    let rows = ran.succeeds().rows();
    let shown: Vec<_> =
        rows.iter().map(|row| format!("{} {}", row["subset"], row["utterances"])).collect();
    assert_eq!(shown, ["\"kaldi\" 3", "\"espnet\" 4", "\"all\" 7"]);
    let ran = home.gec(&["run", "-d", "mine:none", "-m", "1best"]).ends_with(2);
    ran.says(&["no subset `none`", "espnet"]);
    // Dots of a file's name would make its subset a path.
    let beams = "mine:preds_out_width2_alpha1-0_beta0-5";
    assert_eq!(
        home.gec(&["export", beams, "--format", "txt"]).succeeds().out,
        "show me a fright\n\n"
    );
    home.gec(&["run", "-d", "yours", "-m", "1best"]).refuses(&["unknown dataset `yours`"]);
    // A path is the same corpus under the name of paths.
    let ran = home.gec(&["run", "-d", "./formats/whisper", "-m", "1best", "--format", "json"]);
    assert_eq!(ran.succeeds().rows()[0]["utterances"], 9);
}

#[test]
fn references_of_another_file_are_joined() {
    let home = home();
    home.write("refs.trn", "show me flights (u1)\nto boston (u2)\nyes (u3)\n");
    let arguments = ["import", "formats/espnet", "--name", "mine", "--references", "refs.trn"];
    home.gec(&arguments).succeeds().says(&["1 of 4 utterances are not in the references"]);
    let ran = home.gec(&["run", "-d", "mine", "-m", "1best", "--format", "json"]).succeeds();
    assert_eq!((&ran.rows()[0]["scored"], &ran.rows()[0]["words"]), (&3.into(), &6.into()));
    // Mended references make another corpus, and the last import counts.
    home.write("refs.trn", "SHOW ME FLIGHTS (u1)\nTO BOSTON (u2)\nYES (u3)\n(u4)\n");
    let ran = home.gec(&arguments).succeeds();
    assert_eq!(ran.err, "");
    let ran = home.gec(&["run", "-d", "mine", "-m", "1best", "--format", "json"]).succeeds();
    assert_eq!((&ran.rows()[0]["scored"], &ran.rows()[0]["substitutions"]), (&4.into(), &1.into()));
    home.write("refs.trn", "no parenthesis\n");
    home.gec(&arguments).ends_with(2).says(&["refs.trn:1:1: expected `words (id)`"]);
}

#[test]
fn what_cannot_be_imported_says_why() {
    let home = home();
    let nemo = "formats/nemo/preds_out_width2_alpha1.0_beta0.5.tsv";
    home.gec(&["import", "formats/kaldi", "--name", "a/b"]).refuses(&["`a/b` cannot be the name"]);
    home.gec(&["import", "formats/kaldi", "--name", "hp"]).refuses(&["`hp` is a known data set"]);
    home.gec(&["import", "formats/none"]).ends_with(2).says(&["no file or folder `formats/none`"]);
    home.gec(&["import", "formats/kaldi", "--format", "espnet-nbest"])
        .refuses(&["`formats/kaldi` is no folder of format `espnet-nbest`"]);
    home.gec(&["import", nemo, "--format", "srt"]).ends_with(2).says(&["nemo-beams"]);
    std::fs::remove_file(home.path("formats/nemo/test_manifest.json")).unwrap();
    home.gec(&["import", nemo]).refuses(&["there are 0 manifests"]);
    assert!(!home.db().exists() || store::number(&home.db(), "SELECT count(*) FROM corpora") == 0);
}

#[test]
fn a_transcript_becomes_subtitles_and_timed_words() {
    let home = home();
    for (format, corpus) in [
        ("srt", "formats/whisper/full.wav.json"),
        ("vtt", "formats/whisper/openai.json"),
        ("ctm", "formats/whisper"),
        ("txt", "formats/whisper"),
        ("trn", "formats/kaldi"),
        ("jsonl", "formats/whisper/full.wav.json"),
        ("hp-json", "formats/kaldi"),
    ] {
        let ran = home.gec(&["export", corpus, "--format", format]).succeeds();
        assert_snapshot!(format!("export_{format}"), ran.out);
    }
    // Nothing was stored for it.
    assert!(!home.db().exists());
}

#[test]
fn an_export_is_read_back_the_same() {
    let home = home();
    home.gec(&["export", "sample", "--format", "jsonl", "-o", "copy.jsonl"]).succeeds();
    home.gec(&["export", "sample", "--format", "hp-json", "-o", "copy.json"]).succeeds();
    home.gec(&["export", "sample", "--format", "kaldi", "-o", "copy"]).succeeds();
    home.gec(&["export", "copy.json", "--format", "jsonl", "-o", "again.jsonl"]).succeeds();
    let row = |dataset: &str| {
        let arguments = ["run", "-d", dataset, "-m", "1best,mbr", "--format", "json"];
        let rows = home.gec(&arguments).succeeds().rows();
        rows.into_iter()
            .map(|row| ["wer", "o_nb", "o_cp", "words", "scored"].map(|name| row[name].clone()))
            .collect::<Vec<_>>()
    };
    let expected = row("sample");
    for dataset in ["./copy.jsonl", "./copy.json", "./copy", "./again.jsonl"] {
        assert_eq!(row(dataset), expected, "{dataset}");
    }
    // Through the database, too.
    home.gec(&["import", "copy.jsonl", "--name", "mine"]).succeeds();
    let stored = home.gec(&["export", "mine", "--format", "jsonl"]).succeeds();
    assert_eq!(stored.out, read(&home, "copy.jsonl"));
}

#[test]
fn times_go_through_the_database() {
    let home = home();
    let direct = home.gec(&["export", "./formats/whisper", "--format", "jsonl"]).succeeds().out;
    home.gec(&["import", "formats/whisper", "--name", "mine"]).succeeds();
    let stored = home.gec(&["export", "mine:whisper", "--format", "jsonl"]).succeeds().out;
    assert_eq!(stored, direct);
    assert!(
        stored.contains("\"words\":[{\"text\":\"Show\",\"start_ms\":0,\"end_ms\":300}"),
        "{stored}"
    );
}

#[test]
fn a_run_is_written_with_its_corrections() {
    let home = home();
    home.write("lists.jsonl", "{\"id\": \"a\", \"nbest\": [\"x y\", \"x z\", \"q x z\"], \"reference\": \"x z\", \"audio\": \"t.wav\", \"start_ms\": 0, \"end_ms\": 1000}\n");
    home.gec(&["run", "-d", "./lists.jsonl", "-m", "mbr", "--rank-cost", "0"]).succeeds();
    let export =
        |more: &[&str]| home.gec(&[&["export", "--run", "last", "--format"], more].concat());
    assert_eq!(export(&["trn"]).succeeds().out, "x z (a)\n");
    assert_eq!(export(&["trn", "--text", "1best"]).succeeds().out, "x y (a)\n");
    assert_eq!(export(&["txt", "--text", "reference"]).succeeds().out, "x z\n");
    assert!(export(&["jsonl"]).succeeds().out.contains("\"corrected\":\"x z\""));
    assert_eq!(export(&["ctm"]).succeeds().out, "t 1 0.000 0.500 x\nt 1 0.500 0.500 z\n");
    export(&["jsonl", "--text", "corrected"]).refuses(&["`jsonl` holds whole lists"]);
    let ran = home.gec(&["export", "./lists.jsonl", "--format", "txt", "--text", "corrected"]);
    ran.refuses(&["a corpus has no corrections", "--run last"]);
    home.gec(&["export", "--run", "9", "--format", "txt"]).refuses(&["no run `9`"]);
    home.gec(&["export", "--format", "txt"]).ends_with(2);
}

#[test]
fn a_folder_gets_a_file_for_each_recording() {
    let home = home();
    let corpus = "./formats/whisper";
    let ran = home.gec(&["export", corpus, "--format", "srt"]);
    ran.ends_with(2).says(&["`full.wav` is another recording than `faster`", "hint:"]);
    home.gec(&["export", corpus, "--format", "srt", "-o", "subtitles/"]).succeeds();
    let mut names: Vec<String> = std::fs::read_dir(home.path("subtitles"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["faster.srt", "full.srt", "openai.srt", "plain.srt"]);
    assert!(read(&home, "subtitles/openai.srt").starts_with("1\n00:00:00,000 --> 00:00:01,240\n"));
    home.gec(&["export", "sample", "--format", "txt", "-o", "subtitles/"])
        .refuses(&["what recording utterance"]);
}

#[test]
fn an_output_is_whole_or_not_there() {
    let home = home();
    home.write("out.srt", "old");
    let ran = home.gec(&["export", "sample", "--format", "srt", "-o", "out.srt"]);
    ran.refuses(&["it is not known when utterance `", "which `srt` needs"]);
    assert_eq!(read(&home, "out.srt"), "old");
    home.gec(&["export", "./formats/kaldi", "--format", "kaldi"]).refuses(&["--output"]);
    home.gec(&["export", "hp:atis,wsj", "--format", "txt"]).ends_with(2);
    home.write("more/a.list", "a\n");
    home.write("more/b.list", "b\n");
    home.gec(&["export", "more/", "--format", "txt"])
        .refuses(&["`more/` is 2 corpora: a all, b all"]);
    home.gec(&["export", "sample", "--format", "txt", "-o", "no/such/file"]).ends_with(2);
    let left: Vec<_> =
        std::fs::read_dir(home.path(".")).unwrap().map(|one| one.unwrap().path()).collect();
    assert!(!left.iter().any(|path| path.to_string_lossy().contains("partial")), "{left:?}");
    // A reader that has seen enough is no failure.
    let ran =
        home.shell("set -o pipefail; gec export sample --format jsonl | head -n 1").succeeds();
    assert_eq!(ran.out.lines().count(), 1);
}
