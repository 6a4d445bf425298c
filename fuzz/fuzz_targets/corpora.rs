//! Any bytes as a corpus in any format, as references or as a glossary: every record is an
//! utterance or an error, and no list is empty. `GEC_FUZZ_FORMAT` names what is read; without
//! it the first byte chooses. What has several files has them one after the other, with a
//! zero byte between them.
//!
//! ```text
//! GEC_FUZZ_FORMAT=jsonl RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none corpora -- -max_total_time=600
//! ```
#![no_main]

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use gec::corpus::{self, Format, References, Source};
use gec::glossary::Glossary;

/// What is read, and its files: the first one, or the folder of all of them, is opened.
const READERS: [(&str, &[&str]); 11] = [
    ("hp-json", &["corpus.json"]),
    ("hp-csv", &["corpus.csv"]),
    ("jsonl", &["corpus.jsonl"]),
    ("list", &["corpus.txt"]),
    ("whisper-json", &["corpus.json"]),
    ("kaldi-nbest", &["words_text", "text", "lm_cost", "ac_cost"]),
    (
        "espnet-nbest",
        &["1best_recog/text", "1best_recog/score", "2best_recog/text", "2best_recog/score"],
    ),
    ("nemo-beams", &["beams.tsv", "manifest.json"]),
    ("references", &["references"]),
    ("references-trn", &["references.trn"]),
    ("glossary", &["glossary"]),
];

static CHOSEN: LazyLock<Option<usize>> = LazyLock::new(|| {
    let name = std::env::var("GEC_FUZZ_FORMAT").ok()?;
    Some(READERS.iter().position(|(known, _)| *known == name).expect("a reader's name"))
});

/// A folder for the files of each reader.
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let folder = tempfile::tempdir_in(folder).expect("a folder");
    for (name, files) in READERS {
        for file in files {
            let path = folder.path().join(name).join(file);
            fs::create_dir_all(path.parent().expect("in the folder")).expect("a folder");
        }
    }
    folder
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (reader, content) = match (*CHOSEN, data.split_first()) {
        (Some(reader), _) => (reader, data),
        (None, Some((first, rest))) => (usize::from(*first) % READERS.len(), rest),
        (None, None) => return,
    };
    let (name, files) = READERS[reader];
    let folder = FOLDER.path().join(name);
    write(&folder, files, content);
    let path = folder.join(files[0]);
    match name {
        "references" | "references-trn" => drop(References::read(&path)),
        "glossary" => drop(Glossary::load(&path)),
        "kaldi-nbest" | "espnet-nbest" => read(Source::Folder(folder), name),
        _ => read(Source::File(path), name),
    }
});

fn write(folder: &Path, files: &[&str], content: &[u8]) {
    let mut parts = content.splitn(files.len(), |byte| *byte == 0);
    for file in files {
        let path = folder.join(file);
        match parts.next() {
            Some(part) => fs::write(path, part).expect("a file"),
            // Left from what was read before.
            None => drop(fs::remove_file(path)),
        }
    }
}

fn read(source: Source, format: &str) {
    let format: Format = format.parse().expect("a format's name");
    let Ok(utterances) = corpus::open(&source, Some(format)) else { return };
    for utterance in utterances.flatten() {
        assert!(!utterance.nbest.is_empty());
        assert!(!utterance.id.is_empty());
    }
}
