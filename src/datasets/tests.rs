use std::path::{Path, PathBuf};

use super::*;
use crate::corpus::{self, Source};

const ONE: &str = r#"[{"input": ["a b", "a c"], "output": "a b"}]"#;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }
    folder
}

fn dirs(folder: &tempfile::TempDir) -> DataDirs {
    DataDirs::new(vec![folder.path().to_path_buf()])
}

fn subsets(corpora: &[ResolvedCorpus]) -> Vec<&str> {
    corpora.iter().map(|corpus| corpus.subset.as_str()).collect()
}

#[test]
fn the_sample_needs_no_files_and_is_what_its_manifest_says() {
    let nowhere = DataDirs::new(Vec::new());
    let corpora = resolve("sample", None, &nowhere).unwrap();
    assert_eq!((subsets(&corpora), corpora[0].split.as_str()), (vec!["flights"], "test"));
    assert!(matches!(corpora[0].source, Source::Embedded { name: "sample/test.jsonl", .. }));
    assert_eq!(corpora[0].training.as_ref().unwrap().split, "train");
    assert!(resolve("sample", Some("train"), &nowhere).unwrap()[0].training.is_none());
    let reports = verify(&Manifest::load("sample", &nowhere).unwrap(), &nowhere);
    for report in &reports {
        assert_eq!(report.status, Status::Good, "{report:?}");
    }
    assert!(reports[0].counts.unwrap().utterances >= 300);
}

#[test]
fn test_sentences_of_the_sample_are_not_in_its_training_split() {
    let nowhere = DataDirs::new(Vec::new());
    let references = |split| -> std::collections::HashSet<String> {
        let corpora = resolve("sample", Some(split), &nowhere).unwrap();
        let utterances = corpus::open(&corpora[0].source, None).unwrap();
        utterances.map(|utterance| utterance.unwrap().reference.unwrap()).collect()
    };
    assert!(references("test").is_disjoint(&references("train")));
}

#[test]
fn a_dataset_is_every_subset_that_is_there_in_the_manifests_order() {
    let folder = folder(&[
        ("test_cv.json", ONE),
        ("hyporadise/test_atis.json", ONE),
        ("hp/train_atis.json", ONE),
        ("HyPoradise-v0/test/test_lrs2.json", ONE),
    ]);
    let corpora = resolve("hp", None, &dirs(&folder)).unwrap();
    assert_eq!(subsets(&corpora), ["atis", "cv", "lrs2"]);
    assert_eq!(corpora[0].expected.as_ref().unwrap().utterances, 809);
    let training = corpora[0].training.as_ref().unwrap();
    assert_eq!(training.source, Source::File(folder.path().join("hp/train_atis.json")));
    assert_eq!((&corpora[1].training, &corpora[2].expected), (&None, &None));
    let named = resolve("hp:lrs2, atis,lrs2", Some("test"), &dirs(&folder)).unwrap();
    assert_eq!(subsets(&named), ["lrs2", "atis"]);
}

#[test]
fn the_hub_cache_is_searched_after_the_folders() {
    let cache = folder(&[
        ("datasets--PeacefulData--HyPoradise-v0/refs/main", "c0ffee\n"),
        ("datasets--PeacefulData--HyPoradise-v0/snapshots/c0ffee/test/test_wsj_score.json", ONE),
        ("datasets--PeacefulData--HyPoradise-v0/snapshots/older/test/test_cv.json", ONE),
        ("datasets--PeacefulData--HyPoradise-v0/blobs/abc.part", ONE),
    ]);
    let empty = folder(&[]);
    let corpora =
        resolve("hp", None, &dirs(&empty).with_hub_cache(cache.path().to_path_buf())).unwrap();
    assert_eq!(subsets(&corpora), ["wsj"]);
    let both = folder(&[("test_wsj_score.json", ONE)]);
    let corpora =
        resolve("hp", None, &dirs(&both).with_hub_cache(cache.path().to_path_buf())).unwrap();
    assert_eq!(corpora[0].source, Source::File(both.path().join("test_wsj_score.json")));
}

#[test]
fn what_is_missing_is_named_with_the_folders_searched_and_what_to_do() {
    let folder = folder(&[("test_cv.json", ONE)]);
    let place = folder.path().display().to_string();
    let error = resolve("hp:cv,wsj", None, &dirs(&folder)).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("`test/test_wsj_score.json` of `hp:wsj` is not there; searched {place}")
    );
    assert!(error.hint().unwrap().starts_with("`gec dataset pull hp:wsj`, or put the files into"));
    let error = resolve("hp", Some("train"), &dirs(&folder)).unwrap_err();
    assert!(matches!(&error, DatasetError::NonePresent { split, .. } if split == "train"));
    let hint = error.hint().unwrap();
    assert!(hint.contains("gec dataset pull hp") && hint.contains("--dataset sample"), "{hint}");
    assert!(hint.contains(&place));
}

#[test]
fn unknown_names_list_the_known_ones() {
    let nowhere = DataDirs::new(Vec::new());
    for (spec, split, expected) in [
        ("hq", None, "unknown dataset `hq`; known are sample, sample-audio, hp"),
        (
            "hp:ami",
            None,
            "dataset `hp` has no subset `ami`; it has atis, wsj, chime4, cv, td3, ls_clean, \
             ls_other, lrs2, swbd, coraal",
        ),
        ("hp:ls_clean", Some("train"), "`hp:ls_clean` has no split `train`; it has test"),
        ("hp", Some("dev"), "`hp` has no split `dev`; it has test, train"),
        ("./no-such", None, "there is no file or folder `./no-such`"),
    ] {
        assert_eq!(resolve(spec, split, &nowhere).unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_path_is_a_file_or_every_corpus_file_of_a_folder() {
    let folder = folder(&[
        ("b_test.jsonl", ""),
        ("a-train.json", ONE),
        ("c.list", ""),
        ("notes.md", ""),
        ("deeper/d.json", ONE),
    ]);
    let spec = folder.path().to_str().unwrap();
    let nowhere = DataDirs::new(Vec::new());
    let corpora = resolve(spec, None, &nowhere).unwrap();
    let found: Vec<_> = corpora
        .iter()
        .map(|corpus| (corpus.dataset.as_str(), corpus.subset.as_str(), corpus.split.as_str()))
        .collect();
    assert_eq!(
        found,
        [("file", "a-train", "train"), ("file", "b_test", "test"), ("file", "c", "all")]
    );
    assert_eq!(subsets(&resolve(spec, Some("test"), &nowhere).unwrap()), ["b_test"]);
    let error = resolve(spec, Some("dev"), &nowhere).unwrap_err();
    assert!(error.to_string().ends_with("has no split `dev`; it has all, test, train"));
    let file = format!("{spec}/deeper/d.json");
    assert_eq!(subsets(&resolve(&file, None, &nowhere).unwrap()), ["d"]);
    let error = resolve(&format!("{spec}/notes.md/.."), None, &nowhere);
    assert!(matches!(error, Err(DatasetError::NoPath { .. })));
    fs_err::create_dir(folder.path().join("empty")).unwrap();
    let error = resolve(&format!("{spec}/empty"), None, &nowhere);
    assert!(matches!(error, Err(DatasetError::NoFiles { .. })));
}

#[test]
fn a_manifest_in_a_data_folder_wins_and_may_add_a_dataset() {
    let own = r#"
        name = "own"
        title = "t"
        about = "a"
        licence = "l"
        obtain = "o"
        group = "group"
        default_split = "test"
        folders = ["."]
        [[subset]]
        name = "one"
        title = "t"
        [[subset.file]]
        split = "test"
        path = "one.json"
        expected = { utterances = 1, words = 3, sha256 = "00" }
    "#;
    let folder = folder(&[
        ("own.toml", own),
        ("hp.toml", &own.replace("\"own\"", "\"hp\"")),
        ("other.toml", "x = 1"),
        ("one.json", ONE),
        ("sample/test.jsonl", "{\"nbest\": [\"mine\"]}\n"),
    ]);
    let dirs = dirs(&folder);
    assert_eq!(names(&dirs), ["sample", "sample-audio", "hp", "own"]);
    for name in ["own", "hp"] {
        assert_eq!(subsets(&resolve(name, None, &dirs).unwrap()), ["one"], "{name}");
    }
    let sample = resolve("sample", None, &dirs).unwrap();
    assert_eq!(sample[0].source, Source::File(folder.path().join("sample/test.jsonl")));
    let reports = verify(&Manifest::load("own", &dirs).unwrap(), &dirs);
    let Status::Differs(ways) = &reports[0].status else { panic!("{reports:?}") };
    assert_eq!(ways[0], "2 words, expected 3");
    assert!(ways[1].starts_with("SHA-256 ") && ways.len() == 2 && reports[0].is_wrong());
    let error = Manifest::load("other", &dirs).unwrap_err().to_string();
    assert!(error.contains("other.toml: ") && error.contains('x'), "{error}");
}

#[test]
fn the_published_files_are_what_the_manifest_says() {
    let beside = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data")).to_path_buf();
    let dirs = match std::env::var_os("GEC_DATA_DIR") {
        Some(folder) => DataDirs::new(vec![PathBuf::from(folder), beside]),
        None => DataDirs::new(vec![beside]),
    };
    let reports = verify(&Manifest::load("hp", &DataDirs::default()).unwrap(), &dirs);
    let there = reports.iter().filter(|report| report.status != Status::Absent);
    if there.clone().count() == 0 {
        eprintln!("skipped: no HyPoradise files (set GEC_DATA_DIR)");
    }
    for report in there {
        assert!(matches!(report.status, Status::Good | Status::Unknown), "{report:?}");
    }
}
