//! An archive of subtitles, corrected while the program is killed again and again: every byte
//! has to come back.
//!
//! ```text
//! cargo bench --bench archives
//! cargo bench --bench archives -- --files 1000
//! ```
//!
//! Ten thousand files with eight cues each, made of the sample's hypotheses with names in
//! them that a glossary mends, are corrected with the shipped model's cascade, applied and
//! reverted. The program is killed with `kill -9` five times on each way, at moments spread
//! over its work, and started again.

#![expect(clippy::print_stdout, reason = "the result of a benchmark is its table")]

use std::{
    collections::BTreeMap,
    env,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use gec::{
    corpus,
    datasets::{self, DataDirs},
};

const FILES: usize = 10_000;
const CUES: usize = 8;
const KILLS: usize = 5;

fn main() -> anyhow::Result<()> {
    let files = files()?;
    let folder = tempfile::tempdir()?;
    let talks = folder.path().join("talks");
    write(&talks, files)?;
    let before = contents(&talks)?;
    let bytes: usize = before.values().map(Vec::len).sum();
    println!("{files} files with {CUES} cues each: {:.1} MB", bytes as f64 / 1e6);

    let database = folder.path().join("gec.db");
    let correct = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gec"));
        command.arg("correct").arg(&talks).args(more).args(["--format", "summary", "--quiet"]);
        command.arg("--db").arg(&database).stdout(Stdio::piped());
        command
    };
    let apply = ["--apply", "--max-file-change", "1", "--max-corpus-change", "1"];
    for (what, more) in [("applied", &apply[..]), ("reverted", &["--revert"])] {
        // How long it takes alone is not known before: kills come at times that double.
        let started = Instant::now();
        let (mut kills, mut lifetime) = (0, Duration::from_millis(500));
        let summary = loop {
            let mut child = correct(more).spawn()?;
            if kills < KILLS {
                std::thread::sleep(lifetime);
                if child.try_wait()?.is_none() {
                    child.kill()?;
                    child.wait()?;
                    kills += 1;
                    lifetime *= 2;
                    continue;
                }
            }
            let output = child.wait_with_output()?;
            ensure!(output.status.success(), "`gec correct` failed: {}", output.status);
            break String::from_utf8(output.stdout)?;
        };
        println!(
            "\n{what} in {:.1} s, killed {kills} times; the last time it said:",
            started.elapsed().as_secs_f64()
        );
        print!("{summary}");
        let now = contents(&talks)?;
        let changed =
            before.iter().filter(|(name, content)| now.get(*name) != Some(content)).count();
        println!(
            "{changed} of {files} files differ from what they were; {} other files",
            now.len() - files
        );
        if what == "reverted" {
            ensure!(now == before, "not every byte is back");
        } else {
            ensure!(changed > files / 2, "too little was changed to say something");
        }
    }
    println!("\nevery byte is back");
    Ok(())
}

fn files() -> anyhow::Result<usize> {
    let mut files = FILES;
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--files" => files = words.next().context("`--files` needs a number")?.parse()?,
            // Cargo says that this is a benchmark.
            "--bench" => {}
            _ => bail!("unknown argument `{word}`; known is --files N"),
        }
    }
    Ok(files)
}

/// Subtitles of the sample's first hypotheses, with every other line end as Windows has it.
fn write(folder: &Path, files: usize) -> anyhow::Result<()> {
    let mut texts = Vec::new();
    for split in ["test", "train"] {
        for found in datasets::resolve("sample", Some(split), &DataDirs::new(Vec::new()))? {
            for utterance in corpus::open(&found.source, found.format)? {
                texts.push(utterance?.one_best().to_owned());
            }
        }
    }
    for number in 0..files {
        let path = folder.join(format!("{:03}/{number:06}.srt", number / 100));
        fs_err::create_dir_all(path.parent().context("a folder")?)?;
        let mut content = String::new();
        let end = if number % 2 == 0 { "\n" } else { "\r\n" };
        for cue in 0..CUES {
            let text = &texts[(number * CUES + cue) % texts.len()];
            write!(content, "{}{end}00:00:{cue:02},000 --> 00:00:{cue:02},900{end}", cue + 1)?;
            write!(content, "<i>{text}</i>{end}{end}")?;
        }
        fs_err::write(path, content)?;
    }
    Ok(())
}

/// Every file of the folder, by path.
fn contents(folder: &Path) -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut all = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry?;
        if entry.file_type().is_file() {
            all.insert(entry.path().to_owned(), fs_err::read(entry.path())?);
        }
    }
    Ok(all)
}
