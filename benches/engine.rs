//! What batching and prefix sharing are worth: utterances a second of the shipped model on
//! the embedded sample, with and without each, in one run.
//!
//! ```text
//! cargo bench --bench engine
//! cargo bench --bench engine -- --limit 100 --rounds 5
//! ```
//!
//! Four engines with the same model take turns, so that load from elsewhere meets all of
//! them alike. Each drives a method as `gec run` does. The prompt is the model's own, then
//! one with as many solved examples as fit, which is the same for every utterance but for
//! its end: there is what prefix sharing is for.

#![expect(clippy::print_stdout, reason = "the result of a benchmark is its table")]

use std::{collections::BTreeSet, env, sync::Arc, time::Instant};

use anyhow::{Context, bail};
use gec::{
    corpus::{self, Utterance},
    correct::{self, Method, Parameters, Prompter, Proposal, Tools},
    datasets::{self, DataDirs, ResolvedCorpus},
    llm::{
        LanguageModel,
        llama::{Llama, LlamaOptions},
        shipped,
    },
    prompt::{ExampleChoice, ExampleIndex, Selection, Template},
};
use tokio::task::JoinSet;

/// Decodings that are compared: name, utterances decoded together, prefix sharing. The
/// first is what the others are measured against, the last is the default.
const SETTINGS: [(&str, usize, bool); 4] = [
    ("one at a time, no sharing", 1, false),
    ("one at a time, sharing", 1, true),
    ("16 together, no sharing", 16, false),
    ("16 together, sharing", 16, true),
];

/// Method, template, and the most examples to show.
const WORKLOADS: [(&str, &str, usize); 3] =
    [("generate", "gec-micro", 0), ("uadf", "gec-micro", 0), ("lm-rank", "plain-few-shot", 8)];

/// Seed of the examples.
const SEED: u64 = 1;

struct Arguments {
    limit: usize,
    rounds: usize,
}

fn main() -> anyhow::Result<()> {
    let arguments = arguments()?;
    let [sample] = datasets::resolve("sample", None, &DataDirs::new(Vec::new()))?
        .try_into()
        .map_err(|_| anyhow::anyhow!("the sample should have one subset"))?;
    let mut utterances = read(&sample)?;
    utterances.truncate(arguments.limit);
    let utterances = Arc::new(utterances);
    let training = sample.training.as_deref().map(read).transpose()?.unwrap_or_default();

    let folder = tempfile::tempdir()?;
    let path = shipped::unpack(folder.path())?;
    let mut engines: Vec<Arc<dyn LanguageModel>> = Vec::new();
    for (_, parallel, share_prefix) in SETTINGS {
        let options = LlamaOptions { parallel, share_prefix, ..LlamaOptions::new(&path) };
        engines.push(Arc::new(Llama::load(&options)?));
    }
    let info = engines[0].info();
    println!(
        "{}: {} parameters, {} bytes, context {}; {} utterances of the sample, {} rounds, {} cores",
        info.name,
        info.parameters,
        info.bytes,
        engines[0].context_size(),
        utterances.len(),
        arguments.rounds,
        std::thread::available_parallelism()?,
    );
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    for (method, template, most) in WORKLOADS {
        let prompter =
            Arc::new(prompter(engines[0].as_ref(), template, most, &training, &utterances)?);
        runtime.block_on(workload(method, &prompter, &engines, &utterances, arguments.rounds))?;
    }
    Ok(())
}

fn arguments() -> anyhow::Result<Arguments> {
    let mut arguments = Arguments { limit: 200, rounds: 3 };
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || -> anyhow::Result<usize> {
            let value = words.next().with_context(|| format!("`{word}` needs a number"))?;
            Ok(value.parse::<usize>()?.max(1))
        };
        match word.as_str() {
            "--limit" => arguments.limit = number()?,
            "--rounds" => arguments.rounds = number()?,
            // Cargo says that this is a benchmark.
            "--bench" => {}
            _ => bail!("unknown argument `{word}`; known are --limit N and --rounds N"),
        }
    }
    Ok(arguments)
}

fn read(found: &ResolvedCorpus) -> anyhow::Result<Vec<Utterance>> {
    Ok(corpus::open(&found.source, found.format)?.collect::<Result<_, _>>()?)
}

/// The template with the largest number of examples, at most `most`, with which all prompts
/// show the same ones: a prompt that is too long leaves some out and begins otherwise.
fn prompter(
    model: &dyn LanguageModel,
    template: &str,
    most: usize,
    training: &[Utterance],
    utterances: &[Utterance],
) -> anyhow::Result<Prompter> {
    for shots in (0..=most).rev() {
        let prompter = Prompter::new(Template::load(template)?, None)
            .with_max_hypotheses(if most > 0 { 2 } else { 5 })
            .with_examples(
                Arc::new(ExampleIndex::new(training.to_vec())),
                ExampleChoice::new(Selection::Random { seed: SEED }),
                shots,
            );
        // The room that the methods ask for is about that of the longest hypothesis.
        let fits = |utterance: &Utterance| {
            let answer = |text: &str| prompter.answer_tokens(model, text).len();
            let room = utterance.nbest.iter().map(|one| answer(&one.text)).max().unwrap_or(0);
            prompter.prompt(model, utterance, room).is_ok_and(|prompt| prompt.examples == shots)
        };
        if utterances.iter().all(fits) {
            return Ok(prompter);
        }
    }
    bail!("no prompt of template `{template}` fits a context of {}", model.context_size())
}

/// What one engine did with a workload.
#[derive(Default)]
struct Tally {
    /// Seconds of each pass.
    seconds: Vec<f64>,
    /// Of the last pass; `None` where the method failed.
    proposals: Vec<Option<Proposal>>,
}

impl Tally {
    fn median(&self) -> f64 {
        let mut sorted = self.seconds.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        if sorted.len() % 2 == 1 {
            sorted[middle]
        } else {
            (sorted[middle - 1] + sorted[middle]) / 2.0
        }
    }
}

async fn workload(
    name: &str,
    prompter: &Arc<Prompter>,
    engines: &[Arc<dyn LanguageModel>],
    utterances: &Arc<Vec<Utterance>>,
    rounds: usize,
) -> anyhow::Result<()> {
    let (prompt, shared, examples) = prompt_lengths(prompter, engines[0].as_ref(), utterances)?;
    println!(
        "\n{name}, template {}, {examples} examples: prompts of {prompt:.0} tokens, of which all \
         share {shared}",
        prompter.template().header().name
    );
    let mut methods: Vec<Arc<dyn Method>> = Vec::new();
    for engine in engines {
        let model = Some((Arc::clone(engine), Arc::clone(prompter)));
        let tools = Tools {
            model,
            parameters: Parameters::default(),
            pieces: None,
            learned: None,
            tries: Default::default(),
        };
        methods.push(Arc::from(correct::build(name, &tools)?));
    }
    let warm_up = Arc::new(utterances.iter().take(16).cloned().collect());
    let mut tallies: Vec<Tally> = Vec::new();
    for (method, (_, parallel, _)) in methods.iter().zip(SETTINGS) {
        pass(method, &warm_up, parallel).await?;
        tallies.push(Tally::default());
    }
    for _ in 0..rounds {
        for ((method, (_, parallel, _)), tally) in methods.iter().zip(SETTINGS).zip(&mut tallies) {
            let started = Instant::now();
            tally.proposals = pass(method, utterances, parallel).await?;
            tally.seconds.push(started.elapsed().as_secs_f64());
        }
    }
    print(&tallies, utterances.len());
    Ok(())
}

/// Mean length of the prompts, the length of the beginning they all share, and the number
/// of examples they show.
fn prompt_lengths(
    prompter: &Prompter,
    model: &dyn LanguageModel,
    utterances: &[Utterance],
) -> anyhow::Result<(f64, usize, usize)> {
    let mut prompts = Vec::with_capacity(utterances.len());
    let mut examples = BTreeSet::new();
    for utterance in utterances {
        let prompt = prompter.prompt(model, utterance, 0)?;
        examples.insert(prompt.examples);
        prompts.push(prompt.tokens);
    }
    let first = prompts.first().context("no utterances")?;
    let common = |tokens: &Vec<i32>| tokens.iter().zip(first).take_while(|(a, b)| a == b).count();
    let shared = prompts.iter().map(common).min().unwrap_or(0);
    let mean = prompts.iter().map(Vec::len).sum::<usize>() as f64 / prompts.len() as f64;
    Ok((mean, shared, examples.first().copied().unwrap_or(0)))
}

/// Corrects all utterances, twice as many at a time as the engine decodes together, as
/// `gec run` does.
async fn pass(
    method: &Arc<dyn Method>,
    utterances: &Arc<Vec<Utterance>>,
    parallel: usize,
) -> anyhow::Result<Vec<Option<Proposal>>> {
    let mut proposals = vec![None; utterances.len()];
    let mut in_flight: JoinSet<(usize, Option<Proposal>)> = JoinSet::new();
    for index in 0..utterances.len() {
        if in_flight.len() >= 2 * parallel
            && let Some(done) = in_flight.join_next().await
        {
            let (index, proposal) = done?;
            proposals[index] = proposal;
        }
        let (method, utterances) = (Arc::clone(method), Arc::clone(utterances));
        in_flight.spawn(async move { (index, method.propose(&utterances[index]).await.ok()) });
    }
    while let Some(done) = in_flight.join_next().await {
        let (index, proposal) = done?;
        proposals[index] = proposal;
    }
    Ok(proposals)
}

fn print(tallies: &[Tally], utterances: usize) {
    println!(
        "{:26} {:>12} {:>15} {:>6} {:>10} {:>13} {:>6}",
        "", "utterances/s", "[worst, best]", "ratio", "near ties", "other texts", "failed"
    );
    let Some(base) = tallies.first() else { return };
    for ((name, ..), tally) in SETTINGS.iter().zip(tallies) {
        let rate = |seconds: f64| utterances as f64 / seconds;
        let worst = tally.seconds.iter().copied().fold(0.0, f64::max);
        let best = tally.seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let text = |proposal: &Option<Proposal>| proposal.as_ref().map(|p| p.text.clone());
        let others = tally.proposals.iter().zip(&base.proposals);
        println!(
            "{name:26} {:>12.1} {:>15} {:>6.2} {:>10} {:>13} {:>6}",
            rate(tally.median()),
            format!("[{:.1}, {:.1}]", rate(worst), rate(best)),
            base.median() / tally.median(),
            tally.proposals.iter().flatten().map(|p| p.near_ties).sum::<u32>(),
            others.filter(|(a, b)| text(a) != text(b)).count(),
            tally.proposals.iter().filter(|p| p.is_none()).count(),
        );
    }
}
