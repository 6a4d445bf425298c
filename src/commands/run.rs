//! `gec run`: correct corpora with methods, score, print.

use std::{io::Write, sync::Arc};

use anyhow::Context as _;

use super::{
    Context, ExitStatus, Interrupt,
    corpora::{self, Ready},
    equip::{Equipped, Kit, Material, needs_model},
    failure::Hinted,
    model,
    profiles::{self, Overlap},
    report,
    run_one::{self, Job, Outcome},
    settings, stored,
    tune::{self, Crossed},
};
use crate::{
    cli::run::RunArgs,
    corpus::Utterance,
    correct::{self, CorrectError, Method, Parameters, Proposal, Tries},
    datasets::Filter,
    llm::{BoxFuture, LanguageModel},
    store::{NewRun, Store},
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
    let rule = report::rule(&args.scoring.rule)?;
    check_methods(&args.method, &settings::parameters(&args.settings, Parameters::default()))?;
    let filter = args.filter.as_deref().map(str::parse::<Filter>).transpose()?;
    let found = stored::find(&args.dataset, args.split.as_deref(), context).await?;
    let interrupt = Interrupt::listen();
    let store = Store::open(&context.db).await?;
    let profile = match &args.profile {
        Some(name) => Some(profiles::load(name, &store).await?),
        None => None,
    };
    let base = profile.as_ref().map(|named| named.profile.parameters.clone());
    let mut parameters = settings::parameters(&args.settings, base.unwrap_or_default());
    let ready =
        corpora::bring_in(found, &args.asr, args.retry_errors, &store, context, &interrupt).await?;
    let Some(ready) = ready else {
        store.close().await?;
        return Ok(interrupted(context));
    };
    let learned = profile.as_ref().map(|named| &named.profile.learned);
    let wants_model = args.method.iter().any(|name| needs_model(name, &parameters, learned));
    let model = match wants_model {
        true => Some(model::load(&args.model, context).await?),
        false => None,
    };
    if args.method.iter().any(|name| name == "cascade") {
        settings::fit(&args.settings, &mut parameters, model.as_deref(), context);
    }
    let tries = Tries::default();
    let kit = Kit { prompt: &args.prompt, seed: args.settings.seed, model, store: &store, tries };
    let runner = Runner {
        args,
        parameters,
        profile,
        kit,
        context,
        interrupt: &interrupt,
        keep_labels: false,
    };

    let mut jobs = Vec::new();
    for ready in &ready {
        let Some(own) = runner.jobs(ready).await? else {
            store.close().await?;
            return Ok(interrupted(context));
        };
        jobs.extend(own);
    }
    // Rows stand method by method.
    let place = |job: &Job| args.method.iter().position(|method| *method == job.method.name());
    jobs.sort_by_key(place);
    let mut status = ExitStatus::Done;
    let mut finished: Vec<Option<Outcome>> = jobs.iter().map(|_| None).collect();
    for ready in &ready {
        let places: Vec<usize> =
            (0..jobs.len()).filter(|&place| jobs[place].corpus.id == ready.corpus.id).collect();
        let own: Vec<&Job> = places.iter().map(|&place| &jobs[place]).collect();
        let chosen = run_one::select(&ready.corpus, &store, filter.as_ref(), args.limit).await?;
        let outcomes = run_one::run(&own, &store, chosen, args, context, &interrupt).await?;
        let stopped = outcomes.iter().any(|outcome| outcome.interrupted);
        for (place, outcome) in places.into_iter().zip(outcomes) {
            finished[place] = Some(outcome);
        }
        if stopped {
            store.close().await?;
            return Ok(interrupted(context));
        }
    }
    let outcomes: Vec<Outcome> = finished.into_iter().flatten().collect();
    let mut results = Vec::new();
    for (job, outcome) in jobs.iter().zip(&outcomes) {
        results.push(report::Scored {
            run: outcome.run,
            dataset: job.corpus.key.dataset.clone(),
            subset: job.corpus.key.subset.clone(),
            split: job.corpus.key.split.clone(),
            method: job.name.clone(),
            note: job.note.clone(),
            selection: outcome.selection.clone(),
        });
    }
    report::write(&results, &store, rule, &args.scoring, out).await?;
    run_one::summarise(&jobs, &outcomes, context);
    let bad: u64 = ready.iter().map(|ready| ready.bad).sum();
    if bad > 0 || outcomes.iter().any(|outcome| outcome.failed > 0) {
        status = ExitStatus::Incomplete;
    }
    store.close().await?;
    Ok(status)
}

/// The job of a command with a single method on one corpus, with the model that it asks, if
/// it asks one.
pub(super) async fn single(
    args: &RunArgs,
    ready: &Ready,
    model: Option<Arc<dyn LanguageModel>>,
    store: &Store,
    context: &Context,
    interrupt: &Interrupt,
) -> anyhow::Result<Option<Job>> {
    let profile = match &args.profile {
        Some(name) => Some(profiles::load(name, store).await?),
        None => None,
    };
    let base = profile.as_ref().map(|named| named.profile.parameters.clone());
    let mut parameters = settings::parameters(&args.settings, base.unwrap_or_default());
    check_methods(&args.method, &parameters)?;
    if args.method.iter().any(|name| name == "cascade") {
        settings::fit(&args.settings, &mut parameters, model.as_deref(), context);
    }
    let tries = Tries::default();
    let kit = Kit { prompt: &args.prompt, seed: args.settings.seed, model, store, tries };
    let keep_labels = true;
    let runner = Runner { args, parameters, profile, kit, context, interrupt, keep_labels };
    Ok(runner.jobs(ready).await?.and_then(|jobs| jobs.into_iter().next()))
}

/// Whether one of a command's methods asks a model.
pub(super) async fn wants_model(args: &RunArgs, store: &Store) -> anyhow::Result<bool> {
    let profile = match &args.profile {
        Some(name) => Some(profiles::load(name, store).await?),
        None => None,
    };
    let base = profile.as_ref().map(|named| named.profile.parameters.clone());
    let parameters = settings::parameters(&args.settings, base.unwrap_or_default());
    let learned = profile.as_ref().map(|named| &named.profile.learned);
    Ok(args.method.iter().any(|name| needs_model(name, &parameters, learned)))
}

fn interrupted(context: &Context) -> ExitStatus {
    context.note("interrupted: what was finished is stored; the same command goes on from here");
    ExitStatus::Interrupted
}

pub(super) fn check_methods(methods: &[String], parameters: &Parameters) -> anyhow::Result<()> {
    for name in methods.iter().chain([&parameters.inner]) {
        if !correct::METHODS.iter().any(|(known, _)| known == name) {
            return Err(CorrectError::UnknownMethod { name: name.clone() }.into());
        }
    }
    Ok(())
}

/// What all jobs of a command have in common.
struct Runner<'a> {
    args: &'a RunArgs,
    parameters: Parameters,
    profile: Option<profiles::Named>,
    kit: Kit<'a>,
    context: &'a Context,
    interrupt: &'a Interrupt,
    /// Whether stored runs keep their names: those of a sweep's arms are not the user's.
    keep_labels: bool,
}

impl Runner<'_> {
    /// A job for each method on one corpus. `None` where the user interrupted it.
    async fn jobs(&self, ready: &Ready) -> anyhow::Result<Option<Vec<Job>>> {
        let material = Material::Corpus(&ready.resolved, &ready.corpus);
        let uses_profile = |method: &str| method != "1best";
        let overlap = match &self.profile {
            Some(named) if self.args.method.iter().any(|method| uses_profile(method)) => {
                Some(self.overlap(named, ready).await?)
            }
            _ => None,
        };
        let crossed = match self.args.cross_tune {
            Some(parts) if self.args.method.iter().any(|method| uses_profile(method)) => {
                let equipped = self.kit.equip("cascade", &self.parameters, None, material).await?;
                let crossed = tune::cross(
                    parts as usize,
                    &equipped.tools,
                    ready,
                    &self.args.tuning,
                    self.args.settings.inner.clone(),
                    self.args.model.parallel,
                    self.kit.store,
                    self.context,
                    self.interrupt,
                );
                match crossed.await? {
                    Some(crossed) => Some(crossed),
                    None => return Ok(None),
                }
            }
            _ => None,
        };
        let mut jobs = Vec::new();
        for method in &self.args.method {
            let job = match (&crossed, &self.profile) {
                (Some(crossed), _) if uses_profile(method) => {
                    self.crossed(method, crossed, ready).await?
                }
                (_, Some(named)) if uses_profile(method) => {
                    let note = overlap.as_ref().and_then(|overlap| overlap.note(&named.name));
                    let model = self.kit.model.as_deref();
                    let learned = Arc::new(profiles::learned(&named.profile, model));
                    let mut equipped =
                        self.kit.equip(method, &self.parameters, Some(learned), material).await?;
                    equipped.settings["profile"] =
                        serde_json::json!({ "name": named.name, "hash": named.hash, "note": note });
                    let method = correct::build(method, &equipped.tools)?;
                    let same = overlap.as_ref().is_some_and(|overlap| overlap.same);
                    let mark = if same { "!" } else { "" };
                    let label = format!("{} ({}{mark})", method.name(), named.name);
                    self.open(label, note, Arc::from(method), equipped, ready).await?
                }
                _ => {
                    let equipped = self.kit.equip(method, &self.parameters, None, material).await?;
                    let method = correct::build(method, &equipped.tools)?;
                    self.open(method.name().into(), None, Arc::from(method), equipped, ready)
                        .await?
                }
            };
            jobs.push(job);
        }
        Ok(Some(jobs))
    }

    /// What a profile knows of this corpus, if it may be used on it.
    async fn overlap(&self, named: &profiles::Named, ready: &Ready) -> anyhow::Result<Overlap> {
        let overlap = profiles::overlap(&named.profile, &ready.corpus, self.kit.store).await?;
        if overlap.same && !self.args.on_tuning_data {
            let key = &ready.corpus.key;
            return Err(Hinted::new(
                format!(
                    "profile `{}` was learned from {}:{} {}, or from most of its sentences ({} \
                     of {})",
                    named.name, key.dataset, key.subset, key.split, overlap.known, overlap.total
                ),
                "figures on data that were tuned on say nothing about other data; use another \
                 split, `--cross-tune 2`, or `--on-tuning-data` to see them all the same",
            )
            .into());
        }
        if let (Some(trained), Some(model)) =
            (&named.profile.provenance.model_hash, &self.kit.model)
            && *trained != model.info().hash
        {
            self.context.note(&format!(
                "profile `{}` was tuned for another language model, {}",
                named.name,
                named.profile.provenance.model.as_deref().unwrap_or("unnamed"),
            ));
        }
        Ok(overlap)
    }

    /// A job whose utterances are each corrected by what was learned from others.
    async fn crossed(&self, name: &str, crossed: &Crossed, ready: &Ready) -> anyhow::Result<Job> {
        let material = Material::Corpus(&ready.resolved, &ready.corpus);
        let mut methods: Vec<Arc<dyn Method>> = Vec::with_capacity(crossed.profiles.len());
        let mut first: Option<Equipped> = None;
        let mut hashes = Vec::new();
        for profile in &crossed.profiles {
            let parameters = settings::parameters(&self.args.settings, profile.parameters.clone());
            let learned = Arc::new(profile.learned.clone());
            let equipped = self.kit.equip(name, &parameters, Some(learned), material).await?;
            methods.push(Arc::from(correct::build(name, &equipped.tools)?));
            hashes.push(blake3::hash(profile.to_json().as_bytes()).to_hex().to_string());
            first.get_or_insert(equipped);
        }
        let parts = methods.len();
        let label = format!("{name} ({parts}-fold)");
        let note = format!(
            "tuned on these data in {parts} parts by reference, each corrected by what \
             was learned from the others"
        );
        let method: Arc<dyn Method> =
            Arc::new(ByPart { methods, part_of: crossed.part_of.clone() });
        let Some(mut equipped) = first else { anyhow::bail!("there is no part to tune on") };
        equipped.settings["cross_tune"] =
            serde_json::json!({ "parts": parts, "profiles": hashes, "note": note });
        self.open(label, Some(note), method, equipped, ready).await
    }

    /// Opens the method's run in the store.
    async fn open(
        &self,
        name: String,
        note: Option<String>,
        method: Arc<dyn Method>,
        equipped: Equipped,
        ready: &Ready,
    ) -> anyhow::Result<Job> {
        let Equipped { settings, template, model, .. } = equipped;
        let corpus = ready.corpus.clone();
        let identity = serde_json::json!({
            "corpus": corpus.key, "settings": settings, "version": env!("CARGO_PKG_VERSION"),
        });
        let fingerprint = blake3::hash(identity.to_string().as_bytes()).to_hex().to_string();
        let run = self
            .kit
            .store
            .open_run(&NewRun {
                fingerprint,
                corpus: corpus.id,
                method: method.name().to_owned(),
                parameters: settings,
                template,
                model,
                label: self.args.label.clone(),
                keep_label: self.keep_labels,
                version: env!("CARGO_PKG_VERSION").to_owned(),
                fresh: self.args.fresh,
            })
            .await
            .context("cannot open the run")?;
        Ok(Job { name, note, method, corpus, run })
    }
}

/// A method in several tunings, one for each part of the corpus.
struct ByPart {
    methods: Vec<Arc<dyn Method>>,
    part_of: std::collections::HashMap<String, usize>,
}

impl Method for ByPart {
    fn name(&self) -> &'static str {
        self.methods.first().map_or("1best", |method| method.name())
    }

    fn propose<'a>(
        &'a self,
        utterance: &'a Utterance,
    ) -> BoxFuture<'a, Result<Proposal, CorrectError>> {
        let part = self.part_of.get(utterance.resampling_key()).copied().unwrap_or(0);
        match self.methods.get(part) {
            Some(method) => method.propose(utterance),
            None => {
                let kept = Proposal::new(utterance, utterance.one_best());
                Box::pin(std::future::ready(Ok(kept)))
            }
        }
    }
}
