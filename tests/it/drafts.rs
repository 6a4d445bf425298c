//! Drafts make decoding faster and change no text.

use crate::data::data;
use crate::harness::Home;
use crate::store::{self, Correction};

const METHODS: [&str; 5] = ["generate", "constrained", "static-fusion", "uadf", "cascade"];

/// Corrects a corpus with drafts and without, and compares what was written. A difference is
/// allowed where two choices were nearly tied: decoding several tokens in one call can round
/// otherwise.
fn compare(dataset: &str, more: &[&str]) {
    let home = Home::new();
    let methods = METHODS.join(",");
    let arguments = [&["run", "--dataset", dataset, "--method", &methods], more].concat();
    home.gec_with_model(&[&arguments[..], &["--drafts=always"]].concat()).succeeds();
    home.gec_with_model(&[&arguments[..], &["--drafts=never"]].concat()).succeeds();
    let corrections = store::corrections(&home.db());
    let each = 2 * METHODS.len();
    assert!(!corrections.is_empty() && corrections.len().is_multiple_of(each));
    let (mut ties, mut different) = (0, 0);
    for of_one in corrections.chunks(each) {
        let (drafts, plain) = of_one.split_at(METHODS.len());
        for (drafts, plain) in drafts.iter().zip(plain) {
            ties += plain.near_ties;
            let written = |one: &Correction| {
                (one.name.clone(), one.text.clone(), one.verdict.clone(), one.raw.clone())
            };
            if written(drafts) != written(plain) {
                different += 1;
                assert!(drafts.near_ties + plain.near_ties > 0, "{drafts:?} {plain:?}");
            }
        }
    }
    let count = corrections.len() / 2;
    println!("{dataset}: {count} texts, {ties} near ties, {different} texts differ");
}

#[test]
fn drafts_change_no_text_of_the_sample() {
    compare("sample", &["--limit", "100"]);
    compare("sample", &["--limit", "20", "--parallel", "1"]);
}

#[test]
fn drafts_change_no_text_of_atis() {
    let Some(data) = data() else { return };
    compare("hp:atis", &["--limit", "300", "--data-dir", data.to_str().unwrap()]);
}

#[test]
#[cfg(feature = "asr")]
fn drafts_change_no_text_of_recordings() {
    compare("sample-audio:snr10", &["--limit", "12"]);
}
