//! `gec run`: correct corpora with methods, score, print.

use std::{io::Write, sync::Arc};

use anyhow::Context as _;

use super::{
    Context, ExitStatus, Interrupt,
    first_pass::{self, Listener},
    import, model, report,
    run_one::{self, Job, Outcome},
    stored::{self, Found},
};
use crate::{
    acoustic::Pieces,
    cli::run::{RunArgs, SettingsArgs},
    correct::{self, Parameters, Tools},
    datasets::{Filter, ResolvedCorpus},
    llm::{LanguageModel, llama::Llama},
    store::{Corpus, Model, NewRun, Store},
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
    let found = stored::find(&args.dataset, args.split.as_deref(), context).await?;
    let interrupt = Interrupt::listen();
    let store = Store::open(&context.db).await?;
    let (resolved, corpora) = match found {
        Found::Files(resolved) => {
            let corpora = bring_in(&resolved, args, &store, context, &interrupt).await?;
            let Some(corpora) = corpora else {
                store.close().await?;
                return Ok(interrupted(context));
            };
            (resolved, corpora)
        }
        Found::Stored(corpora) => {
            let resolved = corpora.iter().map(stored::as_resolved).collect();
            (resolved, corpora.into_iter().map(|corpus| (corpus, 0)).collect())
        }
    };
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
        let stopped = outcome.interrupted;
        outcomes.push(outcome);
        if stopped {
            store.close().await?;
            return Ok(interrupted(context));
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

fn interrupted(context: &Context) -> ExitStatus {
    context.note("interrupted: what was finished is stored; the same command goes on from here");
    ExitStatus::Interrupted
}

/// Corpora of files in the store, each with the number of bad records: lists are read,
/// recordings are recognised. `None` where the user interrupted it.
async fn bring_in(
    resolved: &[ResolvedCorpus],
    args: &RunArgs,
    store: &Store,
    context: &Context,
    interrupt: &Interrupt,
) -> anyhow::Result<Option<Vec<(Corpus, u64)>>> {
    let mut listener = None;
    let mut corpora = Vec::with_capacity(resolved.len());
    for found in resolved {
        if !found.audio {
            corpora.extend(import::corpora(std::slice::from_ref(found), store, context).await?);
            continue;
        }
        if listener.is_none() {
            listener = Some(Arc::new(Listener::start(&args.asr, store, context).await?));
        }
        let Some(listener) = &listener else { continue };
        let task = first_pass::task(found, args.retry_errors, context)?;
        let outcome = listener.run(task, store, context, interrupt).await?;
        first_pass::tell(&format!("{}:{}", found.dataset, found.subset), &outcome, context);
        let Some(corpus) = outcome.corpus else { return Ok(None) };
        corpora.push((corpus, outcome.totals.failed));
    }
    Ok(Some(corpora))
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
    set(&mut parameters.calibration.tau_asr, args.tau_asr);
    parameters.list_only = args.list_only;
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
    let pieces = match store.vocabulary(corpus.id).await? {
        Some(packed) => Some(Arc::new(Pieces::unpack(&packed)?)),
        None => None,
    };
    let mut tools = Tools { model: None, parameters: parameters.clone(), pieces };
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
