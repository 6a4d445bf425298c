//! The figures of real corpora. They are not part of the repository: without a copy beside
//! it, or in the folders of `GEC_DATA_DIR`, these tests are skipped.

use std::path::{Path, PathBuf};

use crate::harness::Home;

/// Subset, utterances, words, WER of the 1-best, both oracles; the texts as they stand.
const MEASURED: [(&str, u64, u64, f64, f64, f64); 6] = [
    ("atis", 809, 9111, 8.40, 5.31, 4.43),
    ("wsj", 836, 14157, 6.03, 4.56, 3.56),
    ("chime4", 1320, 21710, 12.69, 9.94, 7.17),
    ("cv", 2000, 21186, 15.44, 11.32, 8.99),
    ("td3", 1155, 28414, 4.44, 3.16, 1.34),
    ("ls_clean", 2620, 52576, 1.79, 0.89, 0.74),
];

fn data() -> Option<PathBuf> {
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
