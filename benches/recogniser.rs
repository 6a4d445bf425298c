//! What the first pass costs: the sample's recordings through the real recogniser process,
//! with everything recorded and with nothing recorded, by turns.
//!
//! ```text
//! cargo bench --bench recogniser
//! cargo bench --bench recogniser -- --beam 8 --rounds 5 --model ggml-base.en.bin
//! ```
//!
//! "Without recording" is the library's own beam search of the same width through the same
//! call: no callback, and only its own best path comes back.

#![expect(clippy::print_stdout, reason = "the result of a benchmark is its table")]

use std::{
    env,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use gec::{
    acoustic::{Beliefs, Pieces, Prefix},
    audio::{AudioReader, Channel},
    recogniser::{DecodeOptions, Worker, WorkerOptions},
};

const CONDITIONS: [&str; 2] = ["clean", "snr10"];

struct Arguments {
    beam: u32,
    rounds: usize,
    recordings: usize,
    model: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let arguments = arguments()?;
    let mut worker = Worker::start(&WorkerOptions {
        program: env!("CARGO_BIN_EXE_gec-whisper").into(),
        model: arguments.model.clone(),
        voice_model: None,
        threads: 1,
        gpu: false,
        limit: Duration::from_secs(600),
    })?;
    println!("{}, one thread, {}", worker.info().file_name, worker.library());
    let recordings = recordings(arguments.recordings)?;
    let seconds = recordings.iter().map(Vec::len).sum::<usize>() as f64 / 16_000.0;
    println!("{} recordings, {seconds:.0} s of audio, beam {}", recordings.len(), arguments.beam);
    let recorded = DecodeOptions { beam: arguments.beam, ..DecodeOptions::default() };
    let bare = DecodeOptions { top_k: 0, ..recorded.clone() };

    let pieces = Pieces::new(worker.vocabulary());
    let (mut bytes, mut prefixes) = (0, 0);
    for samples in &recordings {
        let window = worker.decode(samples.clone(), &recorded)?;
        let nodes = window.nodes.into_iter().map(|node| Prefix {
            parent: node.parent,
            token: node.token,
            logprob: node.logprob,
            end: node.end,
            next: node.next,
        });
        let beliefs = Beliefs::new(&pieces, nodes.collect())?;
        prefixes += beliefs.prefixes().len();
        bytes += beliefs.pack().len();
    }
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..arguments.rounds {
        for (options, times) in [&recorded, &bare].into_iter().zip(&mut times) {
            let started = Instant::now();
            for samples in &recordings {
                worker.decode(samples.clone(), options)?;
            }
            times.push(started.elapsed().as_secs_f64());
        }
    }
    let best = times.map(|times| times.into_iter().fold(f64::INFINITY, f64::min));
    println!("\n{:44} {:>8} {:>18}", "", "seconds", "per second of audio");
    for (what, time) in
        ["with lists and posteriors", "whisper.cpp's own beam, nothing recorded"].iter().zip(best)
    {
        println!("{what:44} {time:>8.2} {:>18.4}", time / seconds);
    }
    println!("ratio {:.3} (best of {} rounds each)", best[0] / best[1], arguments.rounds);
    println!(
        "posteriors: {:.0} bytes for a second of audio, {:.1} prefixes a recording",
        bytes as f64 / seconds,
        prefixes as f64 / recordings.len() as f64
    );
    match worker.process_id().and_then(peak_memory) {
        Some(peak) => println!("peak memory of gec-whisper: {:.0} MB", peak as f64 / 1e6),
        None => println!("peak memory of gec-whisper: not known on this system"),
    }
    Ok(())
}

fn recordings(count: usize) -> anyhow::Result<Vec<Vec<f32>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets/sample-audio");
    let mut all = Vec::new();
    for condition in CONDITIONS {
        for number in 1..=count / CONDITIONS.len() {
            let path = folder.join(condition).join(format!("{number:03}.opus"));
            all.push(AudioReader::open(&path, Channel::Mix)?.read_all()?);
        }
    }
    Ok(all)
}

/// Bytes, as Linux counts them.
fn peak_memory(process: u32) -> Option<u64> {
    let status = fs_err::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
}

fn arguments() -> anyhow::Result<Arguments> {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/gec-micro-asr.bin");
    let mut arguments = Arguments { beam: 5, rounds: 3, recordings: 80, model: shipped };
    // `cargo bench` adds `--bench`.
    let mut words = env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("`{word}` needs a value"))?;
        match word.as_str() {
            "--beam" => arguments.beam = value.parse()?,
            "--rounds" => arguments.rounds = value.parse()?,
            "--recordings" => arguments.recordings = value.parse()?,
            "--model" => arguments.model = value.into(),
            _ => bail!("unknown option `{word}`"),
        }
    }
    Ok(arguments)
}
