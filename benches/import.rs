//! What a large corpus costs: 300,000 five-best lists are read into a new database, given
//! their 1-best as correction, and scored, each by the real program in a process of its own;
//! then all of it in one command with a rewrite table between gate and guard.
//!
//! ```text
//! cargo bench --bench import
//! cargo bench --bench import -- --utterances 1000000
//! ```
//!
//! Sentences are made of halves of the sample's references, so that nearly all of them are
//! distinct (references are what the bootstrap resamples by); their hypotheses have
//! words dropped, doubled and replaced, and are distinct too.

#![expect(clippy::print_stdout, reason = "the result of a benchmark is its table")]

use std::{
    env,
    ffi::OsStr,
    io::Write as _,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use gec::{
    corpus,
    correct::{Learned, Parameters},
    datasets::{self, DataDirs},
    learn::Acceptance,
    rewrite::{RewriteTable, Rule},
    tune::{PROFILE_VERSION, Profile, Provenance},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const UTTERANCES: usize = 300_000;
const HYPOTHESES: usize = 5;
const SEED: u64 = 1;

/// How often a process's memory and processor time are looked up.
const POLL: Duration = Duration::from_millis(5);

fn main() -> anyhow::Result<()> {
    let utterances = utterances()?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("lists.json");
    write(&file, utterances)?;
    println!(
        "{utterances} utterances, {HYPOTHESES} hypotheses each: {:.1} MB of JSON",
        fs_err::metadata(&file)?.len() as f64 / 1e6
    );

    let database = folder.path().join("gec.db");
    let run = [OsStr::new("run"), "--dataset".as_ref(), file.as_os_str()];
    let import = [&run[..], &["--method", "1best", "--limit", "0"].map(OsStr::new)].concat();
    let correct = [&run[..], &["--method", "1best"].map(OsStr::new)].concat();
    let score = ["score", "last"].map(OsStr::new);
    let profile = folder.path().join("table.json");
    fs_err::write(&profile, table().to_json())?;
    let gated = ["--method", "cascade", "--inner", "1best", "--profile"].map(OsStr::new);
    let gated = [&run[..], &gated, &[profile.as_os_str()]].concat();
    println!(
        "{:40} {:>9} {:>13} {:>12} {:>13}",
        "", "seconds", "CPU seconds", "peak memory", "utterances/s"
    );
    let mut output = String::new();
    let other = folder.path().join("other.db");
    for (what, arguments, database) in [
        ("import: read, check, store", &import[..], &database),
        ("1best: correct, store, score", &correct[..], &database),
        ("score: read back, score, 1000 resamples", &score[..], &database),
        ("all in one, gate and rewrite table", &gated[..], &other),
    ] {
        let measured = measure(arguments, database)?;
        let told = |value: Option<String>| value.unwrap_or_else(|| "-".into());
        println!(
            "{what:40} {:>9.2} {:>13} {:>12} {:>13.0}",
            measured.seconds,
            told(measured.processor.map(|seconds| format!("{seconds:.2}"))),
            told(measured.peak.map(|kib| format!("{:.0} MB", kib * 1.024e-3))),
            utterances as f64 / measured.seconds,
        );
        output = measured.output;
    }
    println!("database: {:.1} MB\n\n{output}", fs_err::metadata(&database)?.len() as f64 / 1e6);
    Ok(())
}

/// A profile with a few rewriting rules, and no model.
fn table() -> Profile {
    let rule = |from: &str, to: &str| Rule { from: from.into(), to: to.into(), hits: 9, seen: 9 };
    let rules = vec![rule("flights", "the flights"), rule("from boston", "out of boston")];
    let learned = Learned {
        rewrite: RewriteTable::new(rules),
        variants: None,
        acceptance: Acceptance::Never,
    };
    Profile {
        profile_version: PROFILE_VERSION,
        provenance: Provenance::default(),
        stages: Vec::new(),
        parameters: Parameters::default(),
        learned,
        evidence: None,
        searched: Vec::new(),
        calibrations: None,
    }
}

fn utterances() -> anyhow::Result<usize> {
    let mut utterances = UTTERANCES;
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--utterances" => {
                utterances = words.next().context("`--utterances` needs a number")?.parse()?;
            }
            // Cargo says that this is a benchmark.
            "--bench" => {}
            _ => bail!("unknown argument `{word}`; known is --utterances N"),
        }
    }
    Ok(utterances)
}

/// Writes a corpus in the shape of HyPoradise: an array of objects with `input` and `output`.
fn write(path: &Path, utterances: usize) -> anyhow::Result<()> {
    let mut sentences: Vec<Vec<String>> = Vec::new();
    for split in ["test", "train"] {
        for found in datasets::resolve("sample", Some(split), &DataDirs::new(Vec::new()))? {
            for utterance in corpus::open(&found.source, found.format)? {
                let reference = utterance?.reference.unwrap_or_default();
                sentences.push(reference.split_whitespace().map(str::to_owned).collect());
            }
        }
    }
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut out = std::io::BufWriter::new(fs_err::File::create(path)?);
    out.write_all(b"[")?;
    for index in 0..utterances {
        let mut any = || &sentences[rng.random_range(0..sentences.len())];
        let (first, second) = (any(), any());
        let reference = [&first[..first.len() / 2], &second[second.len() / 2..]].concat();
        let input: Vec<String> =
            (0..HYPOTHESES).map(|rank| misheard(&reference, rank, &sentences, &mut rng)).collect();
        let record = serde_json::json!({ "input": input, "output": reference.join(" ") });
        out.write_all(if index > 0 { b",\n" } else { b"\n" })?;
        serde_json::to_writer(&mut out, &record)?;
    }
    out.write_all(b"\n]\n")?;
    Ok(out.into_inner()?.sync_all()?)
}

/// A hypothesis; the later in the list, the more errors. One first hypothesis in two is right.
fn misheard(
    reference: &[String],
    rank: usize,
    sentences: &[Vec<String>],
    rng: &mut ChaCha8Rng,
) -> String {
    let mut words = reference.to_vec();
    let errors = if rank == 0 { rng.random_range(0..2) } else { rank };
    for _ in 0..errors {
        let place = rng.random_range(0..=words.len());
        let from = &sentences[rng.random_range(0..sentences.len())];
        let other = from.get(rng.random_range(0..from.len().max(1)));
        match (rng.random_range(0..4), other) {
            (0, _) if place < words.len() => drop(words.remove(place)),
            (1, Some(other)) => words.insert(place, other.clone()),
            (_, Some(other)) if place < words.len() => words[place].clone_from(other),
            _ => {}
        }
    }
    words.join(" ")
}

struct Measured {
    seconds: f64,
    /// Seconds on all processors together, where the system tells it. On a busy machine this
    /// says more than the time that passed.
    processor: Option<f64>,
    /// Peak resident memory in KiB, where the system tells it.
    peak: Option<f64>,
    output: String,
}

/// Runs `gec` on a database.
fn measure(arguments: &[&OsStr], database: &Path) -> anyhow::Result<Measured> {
    let started = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_gec"))
        .args(arguments)
        .arg("--quiet")
        .arg("--db")
        .arg(database)
        .stdout(Stdio::piped())
        .spawn()?;
    // The table is far smaller than a pipe holds, so nobody waits for it to be read.
    let (mut peak, mut processor) = (None, None);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        peak = peak_memory(&child).or(peak);
        processor = processor_time(&child).or(processor);
        std::thread::sleep(POLL);
    };
    let seconds = started.elapsed().as_secs_f64();
    ensure!(status.success(), "`gec` failed: {status}");
    let output = std::io::read_to_string(child.stdout.take().context("no output")?)?;
    Ok(Measured { seconds, processor, peak, output })
}

/// `VmHWM` of a process: its peak resident memory in KiB.
fn peak_memory(child: &Child) -> Option<f64> {
    let status = fs_err::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Seconds that a process has spent on processors: `utime` and `stime`, which Linux counts
/// in hundredths.
fn processor_time(child: &Child) -> Option<f64> {
    let stat = fs_err::read_to_string(format!("/proc/{}/stat", child.id())).ok()?;
    // The name in parentheses may hold spaces; the state is the first field after it.
    let (_, fields) = stat.rsplit_once(')')?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Some(ticks.sum::<Result<f64, _>>().ok()? / 100.0)
}
