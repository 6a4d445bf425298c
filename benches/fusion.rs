//! What fused decoding costs beside plain decoding: utterances a second of `generate`,
//! `static-fusion` and `uadf` on the same utterances, by turns in one run.
//!
//! ```text
//! cargo bench --bench fusion
//! cargo bench --bench fusion -- --limit 100 --rounds 5 --db gec.db
//! ```
//!
//! First the lists of the embedded sample, then, where the database holds the first pass of
//! `sample-audio` (as after `make demo`), its recorded posteriors.

#![expect(clippy::print_stdout, reason = "the result of a benchmark is its table")]

use std::{env, path::PathBuf, sync::Arc, time::Instant};

use anyhow::{Context, bail};
use gec::{
    acoustic::Pieces,
    corpus::{self, Utterance},
    correct::{self, Method, Parameters, Prompter, Tools},
    datasets::{self, DataDirs},
    llm::{
        LanguageModel,
        llama::{Llama, LlamaOptions},
        shipped,
    },
    prompt::Template,
    store::{self, Store},
};
use tokio::task::JoinSet;

const METHODS: [&str; 3] = ["generate", "static-fusion", "uadf"];

/// Utterances decoded together.
const PARALLEL: usize = 16;

struct Arguments {
    limit: usize,
    rounds: usize,
    db: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let arguments = arguments()?;
    let folder = tempfile::tempdir()?;
    let path = shipped::unpack(folder.path())?;
    let options = LlamaOptions { parallel: PARALLEL, ..LlamaOptions::new(&path) };
    let model: Arc<dyn LanguageModel> = Arc::new(Llama::load(&options)?);
    let prompter = Arc::new(Prompter::new(Template::load("gec-micro")?, None));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;

    let mut found = datasets::resolve("sample", None, &DataDirs::new(Vec::new()))?;
    let sample = found.pop().context("the sample should be embedded")?;
    let utterances: Vec<Utterance> = corpus::open(&sample.source, sample.format)?
        .take(arguments.limit)
        .collect::<Result<_, _>>()?;
    let model = Some((model, prompter));
    let tools = Tools {
        model,
        parameters: Parameters::default(),
        pieces: None,
        learned: None,
        tries: Default::default(),
    };
    runtime.block_on(compare("lists of the sample", &tools, utterances, arguments.rounds))?;

    let db = match arguments.db {
        Some(db) => db,
        None => store::default_path()?,
    };
    let recorded = match db.is_file() {
        true => runtime.block_on(recorded(&db, arguments.limit))?,
        false => None,
    };
    let Some((utterances, pieces)) = recorded else {
        println!("\n{} holds no first pass of sample-audio", db.display());
        return Ok(());
    };
    let tools = Tools { pieces: Some(Arc::new(pieces)), ..tools };
    runtime.block_on(compare("posteriors of sample-audio", &tools, utterances, arguments.rounds))
}

fn arguments() -> anyhow::Result<Arguments> {
    let mut arguments = Arguments { limit: 160, rounds: 3, db: None };
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("`{word}` needs a value"));
        match word.as_str() {
            "--limit" => arguments.limit = value()?.parse::<usize>()?.max(1),
            "--rounds" => arguments.rounds = value()?.parse::<usize>()?.max(1),
            "--db" => arguments.db = Some(value()?.into()),
            // Cargo says that this is a benchmark.
            "--bench" => {}
            _ => bail!("unknown argument `{word}`; known are --limit N, --rounds N, --db FILE"),
        }
    }
    Ok(arguments)
}

/// Utterances of all conditions of the recorded sample, and the recogniser's vocabulary.
async fn recorded(
    db: &std::path::Path,
    limit: usize,
) -> anyhow::Result<Option<(Vec<Utterance>, Pieces)>> {
    let store = Store::open_existing(db).await?;
    let mut utterances = Vec::new();
    let mut pieces = None;
    for corpus in store.corpora().await? {
        let wanted = limit.saturating_sub(utterances.len()).min(limit.div_ceil(4));
        if corpus.key.dataset != "sample-audio" || wanted == 0 {
            continue;
        }
        let Some(packed) = store.vocabulary(corpus.id).await? else { continue };
        pieces = Some(Pieces::unpack(&packed)?);
        let page = store.recorded_page(corpus.id, 0, wanted).await?;
        utterances.extend(page.into_iter().map(|item| item.utterance));
    }
    store.close().await?;
    utterances.retain(|utterance| utterance.posteriors.is_some());
    Ok(pieces.filter(|_| !utterances.is_empty()).map(|pieces| (utterances, pieces)))
}

async fn compare(
    title: &str,
    tools: &Tools,
    utterances: Vec<Utterance>,
    rounds: usize,
) -> anyhow::Result<()> {
    let utterances = Arc::new(utterances);
    let mut methods: Vec<Arc<dyn Method>> = Vec::new();
    for name in METHODS {
        methods.push(Arc::from(correct::build(name, tools)?));
    }
    let mut seconds = vec![Vec::new(); METHODS.len()];
    let mut tokens = vec![0; METHODS.len()];
    for method in &methods {
        pass(method, &utterances).await?;
    }
    for _ in 0..rounds {
        for (place, method) in methods.iter().enumerate() {
            let started = Instant::now();
            tokens[place] = pass(method, &utterances).await?;
            seconds[place].push(started.elapsed().as_secs_f64());
        }
    }
    println!("\n{title}: {} utterances, {rounds} rounds, {PARALLEL} together", utterances.len());
    println!("{:<16}{:>14}{:>16}{:>10}", "", "utterances/s", "output tokens", "cost");
    let least = |times: &[f64]| times.iter().copied().fold(f64::INFINITY, f64::min);
    for ((name, times), tokens) in METHODS.iter().zip(&seconds).zip(tokens) {
        let (best, plain) = (least(times), least(&seconds[0]));
        let speed = utterances.len() as f64 / best;
        println!("{name:<16}{speed:>14.1}{tokens:>16}{:>10.2}", best / plain);
    }
    Ok(())
}

/// Corrects all utterances as `gec run` does and gives the tokens written.
async fn pass(method: &Arc<dyn Method>, utterances: &Arc<Vec<Utterance>>) -> anyhow::Result<u64> {
    let mut tasks = JoinSet::new();
    let mut tokens = 0;
    for place in 0..utterances.len() {
        if tasks.len() >= 2 * PARALLEL
            && let Some(done) = tasks.join_next().await
        {
            tokens += done??;
        }
        let (method, utterances) = (Arc::clone(method), Arc::clone(utterances));
        tasks.spawn(async move {
            let proposal = method.propose(&utterances[place]).await?;
            anyhow::Ok(u64::from(proposal.output_tokens))
        });
    }
    while let Some(done) = tasks.join_next().await {
        tokens += done??;
    }
    Ok(tokens)
}
