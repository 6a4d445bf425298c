//! Files that are no model, or not a whole one.

use std::io::{Seek, Write};
use std::path::Path;

use crate::harness::{Home, Ran};
use crate::store;

const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/gec-micro.gguf");

fn run(home: &Home, more: &[&str]) -> Ran {
    home.gec_with_model(&[&["run", "-d", "sample", "--limit", "3"], more].concat())
}

/// A GGUF file of these string entries and without tensors.
fn gguf(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = b"GGUF".to_vec();
    bytes.extend(3_u32.to_le_bytes());
    bytes.extend(0_u64.to_le_bytes());
    bytes.extend((entries.len() as u64).to_le_bytes());
    let mut text = |text: &str, kind: Option<u32>| {
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend(kind.into_iter().flat_map(u32::to_le_bytes));
    };
    for (key, value) in entries {
        text(key, Some(8));
        text(value, None);
    }
    bytes
}

#[test]
fn a_file_that_is_no_model_is_refused() {
    let home = Home::new();
    run(&home, &["--model", "absent.gguf"]).refuses(&["`absent.gguf`", "No such file"]);
    run(&home, &["--model", "."]).refuses(&["`.`", "folder"]);
    for content in ["", "GG", "{\"nbest\": [\"a\"]}", "\u{1b}[31m this is not a model"] {
        home.write("other.gguf", content);
        let ran =
            run(&home, &["--model", "other.gguf"]).refuses(&["not a GGUF file", "`other.gguf`"]);
        assert!(!ran.err.contains('\u{1b}'), "{ran}");
    }
    home.write("old.gguf", b"GGUF\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    run(&home, &["--model", "old.gguf"]).ends_with(2).says(&["`old.gguf`"]);
}

#[test]
fn a_model_that_is_cut_off_is_refused() {
    let home = Home::new();
    let whole = std::fs::read(SHIPPED).unwrap();
    // Within the magic, the header, the metadata, the tensors' descriptions, the tensors.
    let mut lengths = vec![4, 7, 8, 20, 24, 40, 200, 1000, 10_000];
    lengths.extend([10, 50, 99].map(|share| whole.len() * share / 100));
    lengths.push(whole.len() - 1);
    for length in lengths {
        home.write("cut.gguf", &whole[..length]);
        let ran = run(&home, &["--model", "cut.gguf"]);
        ran.refuses(&["model `cut.gguf` is truncated", "fetch the file again"]);
    }
    // It has cost nothing that was stored.
    run(&home, &["--model", SHIPPED]).succeeds();
    home.write("cut.gguf", &whole[..whole.len() / 2]);
    run(&home, &["--model", "cut.gguf"]).refuses(&["truncated"]);
    run(&home, &["--model", SHIPPED]).succeeds().says(&["all stored already"]);
}

#[test]
fn a_model_with_damaged_bytes_does_not_bring_us_down() {
    let home = Home::new();
    let whole = std::fs::read(SHIPPED).unwrap();
    for place in [8, 16, 24, 32, 60, 100, 1000] {
        let mut bytes = whole.clone();
        bytes[place..place + 8].fill(0xff);
        home.write("damaged.gguf", bytes);
        let ran = run(&home, &["--model", "damaged.gguf"]);
        assert!(matches!(ran.code, Some(0..=2)), "byte {place}: {ran}");
    }
}

#[test]
fn a_model_without_a_tokenizer_is_refused() {
    let home = Home::new();
    let name = ("general.architecture", "llama");
    home.write("plain.gguf", gguf(&[name, ("general.name", "nothing")]));
    run(&home, &["--model", "plain.gguf"]).refuses(&[
        "`plain.gguf` has no tokenizer",
        "tokenizer.ggml.model",
        "convert",
    ]);
    // With one in name only, and no tensors.
    home.write("hollow.gguf", gguf(&[name, ("tokenizer.ggml.model", "gpt2")]));
    run(&home, &["--model", "hollow.gguf"]).ends_with(2).says(&["`hollow.gguf`"]);
    home.write("alien.gguf", gguf(&[("general.architecture", "x"), ("tokenizer.ggml.model", "y")]));
    run(&home, &["--model", "alien.gguf"]).ends_with(2).says(&["`alien.gguf`"]);
}

#[test]
fn a_model_larger_than_memory_is_refused() {
    let home = Home::new();
    let mut file = std::fs::File::create(home.path("huge.gguf")).unwrap();
    // As large as the file system lets a sparse file be.
    let Some(size) = (40..=50).rev().map(|bits| 1 << bits).find(|size| file.set_len(*size).is_ok())
    else {
        println!("skipped: this file system has no files of a tebibyte");
        return;
    };
    file.rewind().unwrap();
    file.write_all(&std::fs::read(SHIPPED).unwrap()).unwrap();
    let said = format!("`huge.gguf` takes {} MiB and this machine has", size >> 20);
    run(&home, &["--model", "huge.gguf"]).refuses(&[&said, "quantisation"]);
}

#[test]
fn an_adapter_that_is_none_is_refused() {
    let home = Home::new();
    run(&home, &["--lora", "absent.gguf"]).refuses(&["`absent.gguf`"]);
    home.write("other.gguf", "this is not an adapter");
    run(&home, &["--lora", "other.gguf"]).ends_with(2).says(&["`other.gguf`"]);
    // A whole model is no adapter.
    run(&home, &["--lora", SHIPPED]).ends_with(2).says(&["gec-micro.gguf"]);
}

#[test]
fn the_shipped_model_is_unpacked_once_and_mended() {
    let home = Home::new();
    run(&home, &[]).succeeds();
    let files = |folder: &Path| -> Vec<std::path::PathBuf> {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let cached = files(&home.path("cache/gec"));
    assert_eq!(cached.len(), 1, "{cached:?}");
    std::fs::write(&cached[0], "GGUF").unwrap();
    run(&home, &["--fresh"]).succeeds();
    assert!(std::fs::read(&cached[0]).unwrap() == std::fs::read(SHIPPED).unwrap());
    // Methods without a model unpack none.
    let other = Home::new();
    run(&other, &["--method", "1best,mbr"]).succeeds();
    assert!(!other.path("cache").exists());
}

#[test]
fn a_prompt_that_does_not_fit_fails_alone() {
    let home = Home::new();
    let short = "{\"id\": \"short\", \"nbest\": [\"to boston\", \"to austin\"], \"reference\": \"to boston\"}";
    let long = "flights from boston to denver ".repeat(400);
    let long = format!("{{\"id\": \"long\", \"nbest\": [\"{long}\", \"{long} please\"]}}");
    home.write("lists.jsonl", format!("{short}\n{long}\n"));
    let run = |more: &[&str]| {
        let arguments = ["run", "-d", "./lists.jsonl", "-m", "generate", "--context", "64"];
        home.gec_with_model(&[&arguments, more].concat())
    };
    let ran =
        run(&[]).ends_with(1).says(&["`long`", "tokens", "1 utterances failed", "--retry-errors"]);
    assert!(ran.out.contains("file:lists"), "{ran}");
    let stored = store::corrections(&home.db());
    let verdict = |name: &str| stored.iter().find(|one| one.name == name).unwrap().verdict.clone();
    assert_eq!(verdict("long"), "failed");
    assert_ne!(verdict("short"), "failed");
    run(&["--retry-errors"]).ends_with(1);
    let attempts: Vec<(String, i64)> =
        store::corrections(&home.db()).into_iter().map(|one| (one.name, one.attempts)).collect();
    assert_eq!(attempts, [("long".to_owned(), 2), ("short".to_owned(), 1)]);
}
