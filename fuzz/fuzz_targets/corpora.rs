//! Any bytes as a corpus in any format of one file: every record is an utterance or an error,
//! and no list is empty. `GEC_FUZZ_FORMAT` names the format; without it the first byte chooses.
//!
//! ```text
//! GEC_FUZZ_FORMAT=jsonl RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none corpora -- -max_total_time=600
//! ```
#![no_main]

use std::sync::LazyLock;

use gec::corpus::{self, Format, Source};

const FORMATS: [Format; 6] = [
    Format::HyporadiseJson,
    Format::Jsonl,
    Format::HyporadiseCsv,
    Format::List,
    Format::WhisperJson,
    Format::NemoBeams,
];

static FORMAT: LazyLock<Option<Format>> = LazyLock::new(|| {
    let name = std::env::var("GEC_FUZZ_FORMAT").ok()?;
    Some(name.parse().expect("a format's name"))
});

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let memory = std::path::Path::new("/dev/shm");
    let folder = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    tempfile::tempdir_in(folder).expect("a folder")
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (format, content) = match (*FORMAT, data.split_first()) {
        (Some(format), _) => (format, data),
        (None, Some((first, rest))) => (FORMATS[usize::from(*first) % FORMATS.len()], rest),
        (None, None) => return,
    };
    let path = FOLDER.path().join("corpus");
    std::fs::write(&path, content).expect("a file");
    let Ok(utterances) = corpus::open(&Source::File(path), Some(format)) else { return };
    for utterance in utterances.flatten() {
        assert!(!utterance.nbest.is_empty());
        assert!(!utterance.id.is_empty());
    }
});
