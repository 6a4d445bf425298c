//! `gec run`: correct corpora with methods, score, print.

use std::{
    io::Write,
    sync::{Arc, OnceLock},
};

use anyhow::Context as _;

use super::{
    Context, ExitStatus, Interrupt,
    failure::Hinted,
    model, progress, report,
    run_one::{self, Job, Outcome},
};
use crate::{
    cli::run::{RunArgs, SettingsArgs},
    corpus::{self, CorpusError},
    correct::{self, Parameters, Tools},
    datasets::{self, Filter, ResolvedCorpus},
    llm::{LanguageModel, llama::Llama},
    store::{Corpus, CorpusKey, Model, NewCorpus, NewRun, Store},
};

/// Runs the verb and writes the table to `out`.
///
/// # Errors
/// Where nothing can be run: unknown names, unreadable files, a model that does not load,
/// a database that cannot be written.
pub async fn run(
    args: &RunArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let rule = report::rule(&args.scoring)?;
    let parameters = parameters(&args.settings);
    check_methods(&args.method, &parameters)?;
    let filter = args.filter.as_deref().map(str::parse::<Filter>).transpose()?;
    let resolved = datasets::resolve(&args.dataset, args.split.as_deref(), &context.data)?;
    let interrupt = Interrupt::listen();
    let store = Store::open(&context.db).await?;
    let corpora = import(&resolved, &store, context).await?;
    let wants_model = args.method.iter().any(|name| needs_model(name, &parameters));
    let model = match wants_model {
        true => Some(model::load(&args.model, context).await?),
        false => None,
    };

    let mut jobs = Vec::new();
    for method in &args.method {
        for (resolved, (corpus, _)) in resolved.iter().zip(&corpora) {
            let model = model.as_ref().filter(|_| needs_model(method, &parameters));
            jobs.push(prepare(args, method, &parameters, resolved, corpus, model, &store).await?);
        }
    }
    let mut status = ExitStatus::Done;
    let mut outcomes: Vec<Outcome> = Vec::new();
    for job in &jobs {
        let outcome = run_one::run(job, &store, filter.as_ref(), args, context, &interrupt).await?;
        let interrupted = outcome.interrupted;
        outcomes.push(outcome);
        if interrupted {
            store.close().await?;
            context.note(
                "interrupted: what was finished is stored; the same command goes on from here",
            );
            return Ok(ExitStatus::Interrupted);
        }
    }
    let mut results = Vec::new();
    for (job, outcome) in jobs.iter().zip(&outcomes) {
        results.push(report::Scored {
            run: outcome.run,
            dataset: job.corpus.key.dataset.clone(),
            subset: job.corpus.key.subset.clone(),
            method: job.name.clone(),
            selection: outcome.selection.clone(),
        });
    }
    report::write(&results, &store, rule, args.scoring.format, out).await?;
    run_one::summarise(&jobs, &outcomes, context);
    let bad: u64 = corpora.iter().map(|(_, bad)| bad).sum();
    if bad > 0 || outcomes.iter().any(|outcome| outcome.failed > 0) {
        status = ExitStatus::Incomplete;
    }
    store.close().await?;
    Ok(status)
}

fn check_methods(methods: &[String], parameters: &Parameters) -> anyhow::Result<()> {
    for name in methods.iter().chain([&parameters.inner]) {
        if !correct::METHODS.iter().any(|(known, _)| known == name) {
            return Err(correct::CorrectError::UnknownMethod { name: name.clone() }.into());
        }
    }
    Ok(())
}

fn needs_model(method: &str, parameters: &Parameters) -> bool {
    correct::needs_model(if method == "cascade" { &parameters.inner } else { method })
}

/// Reads the corpora that the store does not have; each with the number of bad records.
async fn import(
    resolved: &[ResolvedCorpus],
    store: &Store,
    context: &Context,
) -> anyhow::Result<Vec<(Corpus, u64)>> {
    let mut corpora = Vec::with_capacity(resolved.len());
    for found in resolved {
        let name = format!("{}:{}", found.dataset, found.subset);
        let spinner = progress::spinner(context.progress, format!("reading {name}"));
        let key = CorpusKey {
            dataset: found.dataset.clone(),
            subset: found.subset.clone(),
            split: found.split.clone(),
            checksum: corpus::checksum(&found.source)?,
            reader_version: corpus::reader_version(&found.source, found.format)?,
        };
        let entry = match store.find_corpus(&key).await? {
            Some(corpus) => (corpus, 0),
            None => {
                let new = NewCorpus { key, source: found.source.path().display().to_string() };
                read_in(found, &new, store, context).await?
            }
        };
        spinner.finish_and_clear();
        if entry.0.utterances == 0 {
            return Err(Hinted::new(
                format!("`{}` holds no utterances", found.source.path().display()),
                "a corpus is a file of N-best lists; `gec dataset list` shows the known ones",
            )
            .into());
        }
        corpora.push(entry);
    }
    Ok(corpora)
}

async fn read_in(
    found: &ResolvedCorpus,
    new: &NewCorpus,
    store: &Store,
    context: &Context,
) -> anyhow::Result<(Corpus, u64)> {
    let fatal: Arc<OnceLock<CorpusError>> = Arc::default();
    let seen = Arc::clone(&fatal);
    // A file whose rest cannot be read must not pass for a whole corpus.
    let utterances =
        corpus::open(&found.source, found.format)?.filter_map(move |item| match item {
            Err(error) if error.is_fatal() => {
                // Only the first counts, and reading ends with it.
                let _ = seen.set(error);
                None
            }
            item => Some(item),
        });
    let complete = || fatal.get().is_none();
    let imported = store.import(new, utterances, complete).await;
    if let Some(error) = Arc::into_inner(fatal).and_then(OnceLock::into_inner) {
        return Err(error.into());
    }
    let imported = imported?;
    for message in &imported.messages {
        context.note(&format!("warning: {message}"));
    }
    let more = imported.bad.saturating_sub(imported.messages.len() as u64);
    if more > 0 {
        context.note(&format!("warning: and {more} more records that cannot be used"));
    }
    Ok((imported.corpus, imported.bad))
}

/// The settings that were typed over the defaults.
fn parameters(args: &SettingsArgs) -> Parameters {
    let mut parameters = Parameters::default();
    let set = |target: &mut f64, value: Option<f64>| *target = value.unwrap_or(*target);
    set(&mut parameters.decoding.temperature, args.temperature);
    set(&mut parameters.decoding.top_p, args.top_p);
    parameters.decoding.seed = args.seed;
    set(&mut parameters.uadf.tau_llm, args.tau_llm);
    set(&mut parameters.uadf.beta, args.beta);
    set(&mut parameters.posterior.score_temperature, args.score_temperature);
    set(&mut parameters.posterior.rank_cost, args.rank_cost);
    parameters.posterior.count_repeats = args.count_repeats;
    set(&mut parameters.list_weight, args.list_weight);
    if let Some(inner) = &args.inner {
        parameters.inner.clone_from(inner);
    }
    let gate = &mut parameters.gate;
    gate.min_distinct = args.min_distinct.unwrap_or(gate.min_distinct);
    set(&mut gate.min_entropy, args.min_entropy);
    set(&mut gate.max_margin, args.max_margin);
    // JSON has no infinity, and without a number the model's own word would count.
    let most = args.max_tokens_per_word.map(|most| most.min(f64::MAX));
    gate.max_tokens_per_word = most.or(gate.max_tokens_per_word);
    set(&mut gate.min_logprob, args.min_logprob);
    let guard = &mut parameters.guard;
    set(&mut guard.max_change, args.max_change);
    set(&mut guard.min_gain, args.min_gain);
    guard.max_repeats = args.max_repeats.unwrap_or(guard.max_repeats);
    parameters
}

/// Builds the method for one corpus and opens its run in the store.
async fn prepare(
    args: &RunArgs,
    name: &str,
    parameters: &Parameters,
    resolved: &ResolvedCorpus,
    corpus: &Corpus,
    model: Option<&Arc<Llama>>,
    store: &Store,
) -> anyhow::Result<Job> {
    let mut tools = Tools { model: None, parameters: parameters.clone() };
    let mut settings = serde_json::json!({ "method": name });
    let (mut template_hash, mut model_hash) = (None, None);
    // Only what decides a method's result is part of its fingerprint.
    if name != "1best" {
        settings["parameters"] = serde_json::to_value(parameters)?;
    }
    if let Some(model) = model {
        let info = model.info();
        let prompter = model::prompter(
            &args.prompt,
            args.settings.seed,
            (name, &parameters.inner),
            info,
            resolved,
        )?;
        let template = prompter.template();
        template_hash =
            Some(store.save_template(&template.header().name, template.source()).await?);
        let shots = args.prompt.examples.unwrap_or(template.header().examples);
        settings["template"] = template.hash().into();
        settings["max_hypotheses"] = prompter.max_hypotheses().into();
        settings["model"] = serde_json::json!({
            "hash": info.hash, "adapter": info.adapter, "engine": info.engine,
        });
        if shots > 0 {
            settings["examples"] = serde_json::json!({
                "shots": shots,
                "selection": args.prompt.example_selection,
                "seed": args.settings.seed,
                "corpus": model::examples_checksum(resolved)?,
            });
        }
        store
            .save_model(&Model {
                hash: info.hash.clone(),
                path: info.path.clone(),
                name: info.name.clone(),
                size: info.bytes,
                metadata: serde_json::to_value(info)?,
            })
            .await?;
        model_hash = Some(info.hash.clone());
        let language_model: Arc<dyn LanguageModel> = Arc::clone(model) as _;
        tools.model = Some((language_model, Arc::new(prompter)));
    }
    let method = correct::build(name, &tools)?;
    let identity = serde_json::json!({
        "corpus": corpus.key, "settings": settings, "version": env!("CARGO_PKG_VERSION"),
    });
    let fingerprint = blake3::hash(identity.to_string().as_bytes()).to_hex().to_string();
    let run = store
        .open_run(&NewRun {
            fingerprint,
            corpus: corpus.id,
            method: name.to_owned(),
            parameters: settings,
            template: template_hash,
            model: model_hash,
            label: args.label.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            fresh: args.fresh,
        })
        .await
        .context("cannot open the run")?;
    Ok(Job { name: name.to_owned(), method: Arc::from(method), corpus: corpus.clone(), run })
}
