//! What drafts from the acoustic trie are worth: decoding with and without them, by turns in
//! one run.
//!
//! ```text
//! cargo bench --bench drafts
//! cargo bench --bench drafts -- --limit 300 --rounds 3 --data-dir DATA --model RANDOM.gguf
//! ```
//!
//! First the shipped model on the embedded sample and, where the data folder has it, on ATIS:
//! how many guesses are right is measured. Then, where a model is named (one of random weights
//! will do, see `training/random_model.py`), how decoding speeds up where guesses are right
//! with a given probability: there both the text and the guesses are forced.

#![expect(clippy::print_stdout, reason = "the result of a benchmark is its table")]

use std::{
    env,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use anyhow::{Context, bail};
use gec::{
    acoustic::{Follower, Trie, TrieDraft, posterior},
    corpus::{self, Utterance},
    correct::{self, Method, Parameters, Prompter, Tools},
    datasets::{self, DataDirs},
    llm::{
        Choice, DraftSource, DraftStep, GenerateRequest, LanguageModel, Step, StepHook, TokenId,
        llama::{Drafts, Llama, LlamaOptions, Totals},
        shipped,
    },
    prompt::Template,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::{runtime::Runtime, task::JoinSet};

const METHODS: [&str; 3] = ["generate", "uadf", "constrained"];

/// Utterances decoded together.
const PARALLEL: [usize; 3] = [1, 4, 16];

/// Forced probabilities that a guess is right.
const RATES: [f64; 5] = [1.0, 0.9, 0.75, 0.5, 0.0];

struct Arguments {
    limit: usize,
    forced_limit: usize,
    rounds: usize,
    threads: Option<usize>,
    data: Option<PathBuf>,
    model: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = arguments()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = tempfile::tempdir()?;
    let shipped = shipped::unpack(folder.path())?;
    let sample = read("sample", &[], arguments.limit)?;
    let atis = match &arguments.data {
        Some(data) => read("hp:atis", std::slice::from_ref(data), arguments.limit)?,
        None => Vec::new(),
    };
    for parallel in PARALLEL {
        let engines = engines(&shipped, parallel, arguments.threads)?;
        for (corpus, utterances) in [("sample", &sample), ("hp:atis", &atis)] {
            if !utterances.is_empty() {
                let title = format!("{corpus}, {} utterances", utterances.len());
                runtime.block_on(measured(&title, &engines, utterances, &arguments))?;
            }
        }
    }
    if let Some(model) = &arguments.model {
        let utterances: Vec<_> = sample.into_iter().take(arguments.forced_limit).collect();
        for parallel in PARALLEL {
            let engines = engines(model, parallel, arguments.threads)?;
            forced(&runtime, &engines, &utterances, arguments.rounds)?;
        }
    }
    Ok(())
}

fn arguments() -> anyhow::Result<Arguments> {
    let mut arguments = Arguments {
        limit: 300,
        forced_limit: 16,
        rounds: 3,
        threads: None,
        data: None,
        model: None,
    };
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("`{word}` needs a value"));
        match word.as_str() {
            "--limit" => arguments.limit = value()?.parse::<usize>()?.max(1),
            "--forced-limit" => arguments.forced_limit = value()?.parse::<usize>()?.max(1),
            "--rounds" => arguments.rounds = value()?.parse::<usize>()?.max(1),
            "--threads" => arguments.threads = Some(value()?.parse::<usize>()?.max(1)),
            "--data-dir" => arguments.data = Some(value()?.into()),
            "--model" => arguments.model = Some(value()?.into()),
            // Cargo says that this is a benchmark.
            "--bench" => {}
            _ => bail!(
                "unknown argument `{word}`; known are --limit N, --forced-limit N, --rounds N, \
                 --threads N, --data-dir FOLDER, --model FILE"
            ),
        }
    }
    Ok(arguments)
}

fn read(spec: &str, data: &[PathBuf], limit: usize) -> anyhow::Result<Vec<Utterance>> {
    let mut found = datasets::resolve(spec, None, &DataDirs::new(data.to_vec()))?;
    let found = found.pop().with_context(|| format!("no corpus `{spec}`"))?;
    Ok(corpus::open(&found.source, found.format)?.take(limit).collect::<Result<_, _>>()?)
}

/// Without drafts and with them.
struct Engines {
    parallel: usize,
    both: [Arc<Llama>; 2],
}

fn engines(path: &Path, parallel: usize, threads: Option<usize>) -> anyhow::Result<Engines> {
    let load = |drafts| -> anyhow::Result<Arc<Llama>> {
        let options = LlamaOptions { parallel, threads, drafts, ..LlamaOptions::new(path) };
        Ok(Arc::new(Llama::load(&options)?))
    };
    Ok(Engines { parallel, both: [load(Drafts::Never)?, load(Drafts::Always)?] })
}

/// What one engine did.
#[derive(Default)]
struct Tally {
    seconds: Vec<f64>,
    /// Processor time, which other programs on the machine change less.
    busy: Vec<f64>,
    totals: Totals,
    texts: Vec<String>,
}

fn print_header(title: &str, engines: &Engines) {
    let info = engines.both[0].info();
    println!("\n{}, {title}, {} together", info.name, engines.parallel);
    println!(
        "{:14}{:>11}{:>9}{:>7}{:>7}{:>15}{:>15}{:>9}{:>8}{:>8}",
        "", "plain, 1/s", "drafts", "ratio", "CPU", "calls", "passes", "drafted", "right", "differ"
    );
}

fn print(name: &str, utterances: usize, [plain, drafts]: &[Tally; 2], rounds: usize) {
    let least = |tally: &Tally| tally.seconds.iter().copied().fold(f64::INFINITY, f64::min);
    let ratio = |times: fn(&Tally) -> &Vec<f64>| {
        let both = times(plain).iter().zip(times(drafts));
        let mut ratios: Vec<f64> = both.map(|(plain, drafts)| plain / drafts).collect();
        ratios.sort_by(f64::total_cmp);
        ratios[ratios.len() / 2]
    };
    let each = |of: fn(&Totals) -> u64| {
        format!("{} > {}", of(&plain.totals) / rounds as u64, of(&drafts.totals) / rounds as u64)
    };
    let right = 100.0 * drafts.totals.accepted as f64 / drafts.totals.drafted.max(1) as f64;
    println!(
        "{name:14}{:>11.1}{:>9.1}{:>7.2}{:>7.2}{:>15}{:>15}{:>9}{right:>7.1}%{:>8}",
        utterances as f64 / least(plain),
        utterances as f64 / least(drafts),
        ratio(|tally| &tally.seconds),
        ratio(|tally| &tally.busy),
        each(|totals| totals.calls),
        each(|totals| totals.passes),
        drafts.totals.drafted / rounds as u64,
        plain.texts.iter().zip(&drafts.texts).filter(|(a, b)| a != b).count(),
    );
}

/// Processor time of all threads, where the system tells it.
fn processor_seconds() -> f64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return f64::NAN };
    let of = |path: PathBuf| -> Option<f64> {
        let text = std::fs::read_to_string(path.join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    };
    tasks.flatten().filter_map(|task| of(task.path())).sum::<f64>() * 1e-9
}

fn since(after: &Totals, before: &Totals) -> Totals {
    Totals {
        calls: after.calls - before.calls,
        passes: after.passes - before.passes,
        tokens: after.tokens - before.tokens,
        drafted: after.drafted - before.drafted,
        accepted: after.accepted - before.accepted,
        seconds: after.seconds - before.seconds,
    }
}

/// Methods on utterances, guesses from what was heard.
async fn measured(
    title: &str,
    engines: &Engines,
    utterances: &[Utterance],
    arguments: &Arguments,
) -> anyhow::Result<()> {
    let utterances = Arc::new(utterances.to_vec());
    let prompter = Arc::new(Prompter::new(Template::load("gec-micro")?, None));
    print_header(title, engines);
    for name in METHODS {
        let mut methods: Vec<Arc<dyn Method>> = Vec::new();
        for engine in &engines.both {
            let engine: Arc<dyn LanguageModel> = engine.clone();
            let tools = Tools {
                model: Some((engine, Arc::clone(&prompter))),
                parameters: Parameters::default(),
                pieces: None,
                learned: None,
                tries: Default::default(),
            };
            methods.push(Arc::from(correct::build(name, &tools)?));
        }
        let few = Arc::new(utterances.iter().take(20).cloned().collect());
        for method in &methods {
            pass(method, &few, engines.parallel).await?;
        }
        let before = engines.both.each_ref().map(|engine| engine.totals());
        let mut tallies = [Tally::default(), Tally::default()];
        for _ in 0..arguments.rounds {
            for (method, tally) in methods.iter().zip(&mut tallies) {
                let (started, busy) = (Instant::now(), processor_seconds());
                tally.texts = pass(method, &utterances, engines.parallel).await?;
                tally.seconds.push(started.elapsed().as_secs_f64());
                tally.busy.push(processor_seconds() - busy);
            }
        }
        for ((tally, engine), before) in tallies.iter_mut().zip(&engines.both).zip(&before) {
            tally.totals = since(&engine.totals(), before);
        }
        print(name, utterances.len(), &tallies, arguments.rounds);
        if engines.parallel == PARALLEL[0] {
            let (left, inside) = departures(&engines.both[0], &utterances, &tallies[0].texts);
            println!("{:14}left the draft {left} times, {inside} of them for another branch", "");
        }
    }
    Ok(())
}

/// How often a decoded text left the heaviest continuation of the list's trie, and how often
/// it then went on as another one did: what verifying several continuations in one call could
/// save at most.
fn departures(model: &Llama, utterances: &[Utterance], texts: &[String]) -> (usize, usize) {
    let (mut left, mut inside) = (0, 0);
    for (utterance, text) in utterances.iter().zip(texts) {
        let weights = posterior(&utterance.nbest, &Parameters::default().posterior);
        let listed = utterance.nbest.iter().map(|hypothesis| hypothesis.text.as_str());
        let trie = Arc::new(Trie::new(listed.zip(weights)));
        let mut follower = Follower::new(Arc::clone(&trie));
        let mut draft = TrieDraft::new(trie, " ");
        let tokens = model.tokenize(&format!(" {text}"), false);
        let tokenize = |text: &str| model.tokenize(text, false);
        for (place, &token) in tokens.iter().enumerate() {
            let (vocab, mut guess) = (model.vocab(), Vec::new());
            let step = DraftStep { generated: &tokens[..place], vocab, tokenize: &tokenize };
            draft.propose(&step, 1, &mut guess);
            follower.push(vocab.piece(token));
            if guess.first() != Some(&token) {
                left += 1;
                inside += usize::from(follower.in_trie());
            }
        }
    }
    (left, inside)
}

/// Corrects all utterances as `gec run` does.
async fn pass(
    method: &Arc<dyn Method>,
    utterances: &Arc<Vec<Utterance>>,
    parallel: usize,
) -> anyhow::Result<Vec<String>> {
    let mut texts = vec![String::new(); utterances.len()];
    let mut tasks: JoinSet<anyhow::Result<(usize, String)>> = JoinSet::new();
    for place in 0..utterances.len() {
        if tasks.len() >= 2 * parallel
            && let Some(done) = tasks.join_next().await
        {
            let (place, text) = done??;
            texts[place] = text;
        }
        let (method, utterances) = (Arc::clone(method), Arc::clone(utterances));
        tasks.spawn(async move { Ok((place, method.propose(&utterances[place]).await?.text)) });
    }
    while let Some(done) = tasks.join_next().await {
        let (place, text) = done??;
        texts[place] = text;
    }
    Ok(texts)
}

/// Writes a text, whatever the model would.
struct Forced(Vec<TokenId>);

impl StepHook for Forced {
    fn choose(&mut self, step: Step<'_>) -> Choice {
        match self.0.get(step.generated.len()) {
            Some(&token) => Choice::Token { token, margin: f64::INFINITY, confidence: None },
            None => Choice::Stop,
        }
    }
}

/// Guesses each token of a text rightly with a given probability.
struct Guess {
    text: Vec<TokenId>,
    rate: f64,
    random: ChaCha8Rng,
}

impl DraftSource for Guess {
    fn propose(&mut self, step: &DraftStep<'_>, most: usize, draft: &mut Vec<TokenId>) {
        for &token in self.text.iter().skip(step.generated.len()).take(most) {
            let right = self.random.random::<f64>() < self.rate;
            draft.push(if right { token } else { token ^ 1 });
        }
    }
}

/// The 1-best as the forced text, guessed at each of [`RATES`].
fn forced(
    runtime: &Runtime,
    engines: &Engines,
    utterances: &[Utterance],
    rounds: usize,
) -> anyhow::Result<()> {
    let prompter = Prompter::new(Template::load("gec-micro")?, None);
    let model = engines.both[0].as_ref();
    let mut asked = Vec::new();
    let (mut prompts, mut texts) = (0, 0);
    for utterance in utterances {
        let text = prompter.answer_tokens(model, utterance.one_best());
        let prompt = prompter.prompt(model, utterance, text.len() + 1)?.tokens;
        (prompts, texts) = (prompts + prompt.len(), texts + text.len());
        asked.push((prompt, text));
    }
    let count = utterances.len().max(1);
    let title = format!(
        "forced acceptance, {count} utterances, {} tokens a prompt, {} a text",
        prompts / count,
        texts / count
    );
    print_header(&title, engines);
    let mut spread = 0.0_f64;
    let mut logprobs: [Vec<f64>; 2] = Default::default();
    let apart =
        |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0_f64, f64::max);
    for rate in RATES {
        let mut tallies = [Tally::default(), Tally::default()];
        let before = engines.both.each_ref().map(|engine| engine.totals());
        for _ in 0..rounds {
            for ((engine, tally), known) in engines.both.iter().zip(&mut tallies).zip(&mut logprobs)
            {
                let (started, busy) = (Instant::now(), processor_seconds());
                let found = runtime.block_on(force(engine, &asked, rate, engines.parallel))?;
                tally.seconds.push(started.elapsed().as_secs_f64());
                tally.busy.push(processor_seconds() - busy);
                if known.is_empty() {
                    known.clone_from(&found);
                }
                spread = spread.max(apart(known, &found));
            }
        }
        for ((tally, engine), before) in tallies.iter_mut().zip(&engines.both).zip(&before) {
            tally.totals = since(&engine.totals(), before);
        }
        print(&format!("rate {rate}"), count, &tallies, rounds);
    }
    println!(
        "log-probability of a text: {:.1e} nats between decodings with drafts (or without) at most, \
         {:.1e} between decodings with and without; sums {:?}",
        spread,
        apart(&logprobs[0], &logprobs[1]),
        logprobs.each_ref().map(|all| all.iter().sum::<f64>()),
    );
    Ok(())
}

async fn force(
    engine: &Arc<Llama>,
    asked: &[(Vec<TokenId>, Vec<TokenId>)],
    rate: f64,
    parallel: usize,
) -> anyhow::Result<Vec<f64>> {
    let mut logprobs = vec![0.0; asked.len()];
    let mut tasks: JoinSet<anyhow::Result<(usize, f64)>> = JoinSet::new();
    for (place, (prompt, text)) in asked.iter().enumerate() {
        if tasks.len() >= 2 * parallel
            && let Some(done) = tasks.join_next().await
        {
            let (place, logprob) = done??;
            logprobs[place] = logprob;
        }
        let random = ChaCha8Rng::seed_from_u64(place as u64);
        let guess: Box<dyn DraftSource> = Box::new(Guess { text: text.clone(), rate, random });
        let request = GenerateRequest {
            prompt: prompt.clone(),
            max_tokens: text.len() + 1,
            stop: Vec::new(),
            hook: Box::new(Forced(text.clone())),
            draft: Some(guess),
        };
        let engine = Arc::clone(engine);
        tasks.spawn(
            async move { Ok((place, engine.generate(request).await?.logprob.unwrap_or(0.0))) },
        );
    }
    while let Some(done) = tasks.join_next().await {
        let (place, logprob) = done??;
        logprobs[place] = logprob;
    }
    Ok(logprobs)
}
