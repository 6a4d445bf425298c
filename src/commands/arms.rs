//! Single methods over chosen utterances of one corpus, for commands that try many of them:
//! each is a stored run like any other, so nothing is done twice.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use clap::Parser as _;

use super::{
    Context, Interrupt,
    corpora::Ready,
    failure::Hinted,
    model, run,
    run_one::{self, Job, Selection},
};
use crate::{
    cli::{
        Cli, Command,
        run::{ModelArgs, RunArgs},
    },
    llm::LanguageModel,
    score::Rule,
    store::{Store, StoredUtterance},
    sweep::Measure,
};

/// Corrections fetched from the store at a time.
const PAGE: usize = 512;

/// What tries methods on one corpus.
pub(super) struct Arms<'a> {
    pub(super) ready: &'a Ready,
    pub(super) store: &'a Store,
    pub(super) context: &'a Context,
    pub(super) interrupt: &'a Interrupt,
    /// The one model that is loaded: two at a time may not fit.
    loaded: Option<(ModelKey, Arc<dyn LanguageModel>)>,
}

/// What tells one loaded model from another.
type ModelKey = (Option<PathBuf>, Option<PathBuf>);

/// What came of some utterances.
#[derive(Debug, Clone, Default)]
pub(super) struct Done {
    /// Word errors, one for each utterance that was asked for, in that order.
    pub(super) errors: Vec<u32>,
    pub(super) changed: u64,
    pub(super) failed: u64,
    pub(super) prompt_tokens: u64,
    pub(super) output_tokens: u64,
    /// Seconds of work: measured where it was done now, estimated where it was stored.
    pub(super) seconds: f64,
}

/// Arguments of `gec run` as they would be parsed, with the model options that were typed.
pub(super) fn parse(arguments: &[String], model: &ModelArgs) -> anyhow::Result<RunArgs> {
    let typed = ["gec", "run"].map(str::to_owned).into_iter().chain(arguments.iter().cloned());
    let parsed = Cli::try_parse_from(typed)?;
    let Command::Run(args) = parsed.command else { anyhow::bail!("these are no options of a run") };
    let mut args = *args;
    let own = (args.model.model.take(), args.model.lora.take());
    args.model = model.clone();
    args.model.model = own.0.or(args.model.model);
    args.model.lora = own.1.or(args.model.lora);
    Ok(args)
}

impl<'a> Arms<'a> {
    pub(super) fn new(
        ready: &'a Ready,
        store: &'a Store,
        context: &'a Context,
        interrupt: &'a Interrupt,
    ) -> Self {
        Self { ready, store, context, interrupt, loaded: None }
    }

    /// As [`Arms::new`], with a model that is loaded already.
    pub(super) fn with_model(
        ready: &'a Ready,
        store: &'a Store,
        context: &'a Context,
        interrupt: &'a Interrupt,
        args: &ModelArgs,
        model: Arc<dyn LanguageModel>,
    ) -> Self {
        let loaded = Some(((args.model.clone(), args.lora.clone()), model));
        Self { ready, store, context, interrupt, loaded }
    }

    /// The model of these options, where the method asks one.
    async fn model(&mut self, args: &RunArgs) -> anyhow::Result<Option<Arc<dyn LanguageModel>>> {
        if !run::wants_model(args, self.store).await? {
            return Ok(None);
        }
        let key = (args.model.model.clone(), args.model.lora.clone());
        if let Some((known, model)) = &self.loaded
            && *known == key
        {
            return Ok(Some(Arc::clone(model)));
        }
        self.loaded = None;
        let model = model::load(&args.model, self.context).await?;
        self.loaded = Some((key, Arc::clone(&model)));
        Ok(Some(model))
    }

    /// Opens the run of a method. `None` where the user interrupted it.
    ///
    /// # Errors
    /// Where method, template and model do not go together.
    pub(super) async fn open(&mut self, args: &RunArgs) -> anyhow::Result<Option<Job>> {
        let model = self.model(args).await?;
        let Self { ready, store, context, interrupt, .. } = *self;
        run::single(args, ready, model, store, context, interrupt).await
    }

    /// Corrects what is left of these utterances (store keys, in any order). `None` where the
    /// user interrupted it.
    pub(super) async fn run(
        &mut self,
        args: &RunArgs,
        rows: &[i64],
        rule: &Rule,
    ) -> anyhow::Result<Option<Done>> {
        let Some(job) = self.open(args).await? else { return Ok(None) };
        let mut sorted = rows.to_vec();
        sorted.sort_unstable();
        let total = sorted.len() as u64;
        let selection = Selection::Rows(sorted);
        let Self { store, context, interrupt, .. } = *self;
        let chosen = (selection, total);
        let outcomes = run_one::run(&[&job], store, chosen, args, context, interrupt).await?;
        let Some(outcome) = outcomes.first().filter(|outcome| !outcome.interrupted) else {
            return Ok(None);
        };
        let mut done = self.collect(&job, args, rows, rule).await?;
        let share = outcome.worked as f64 / total.max(1) as f64;
        done.seconds = outcome.seconds + done.seconds * (1.0 - share.min(1.0));
        Ok(Some(done))
    }

    /// What is stored of these utterances.
    async fn collect(
        &self,
        job: &Job,
        args: &RunArgs,
        rows: &[i64],
        rule: &Rule,
    ) -> anyhow::Result<Done> {
        let places: HashMap<i64, usize> =
            rows.iter().enumerate().map(|(place, row)| (*row, place)).collect();
        let mut done = Done { errors: vec![0; rows.len()], ..Done::default() };
        let mut waited = 0_i64;
        let mut after = 0;
        loop {
            let page = self.store.corrected(job.run.id, after, PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            after = last.position;
            for (stored, correction) in page {
                let Some(&place) = places.get(&stored.row) else { continue };
                let utterance = &stored.utterance;
                done.errors[place] = errors(utterance.reference.as_deref(), &correction.text, rule);
                done.changed += u64::from(correction.text != utterance.one_best());
                done.failed += u64::from(correction.error.is_some());
                done.prompt_tokens += u64::from(correction.prompt_tokens);
                done.output_tokens += u64::from(correction.output_tokens);
                waited += correction.elapsed_ms;
            }
        }
        // Little's law: as many utterances were in flight as a run keeps there.
        let in_flight = (args.model.parallel as usize * 2).min(rows.len()).max(1);
        done.seconds = waited as f64 / 1e3 / in_flight as f64;
        Ok(done)
    }
}

/// Word errors of a text by the rule; 0 without a reference.
fn errors(reference: Option<&str>, text: &str, rule: &Rule) -> u32 {
    let errors = reference.map_or(0, |reference| rule.counts(reference, text).errors());
    u32::try_from(errors).unwrap_or(u32::MAX)
}

/// An utterance of a corpus as trying needs it.
pub(super) struct Known {
    pub(super) row: i64,
    /// Distinct hypotheses.
    pub(super) distinct: usize,
    pub(super) measure: Measure,
    /// BLAKE3 of the reference.
    pub(super) reference: [u8; 32],
}

/// The utterances of a corpus that have a reference, in its order.
pub(super) async fn known(ready: &Ready, store: &Store, rule: &Rule) -> anyhow::Result<Vec<Known>> {
    let mut groups: HashMap<String, u32> = HashMap::new();
    let mut known = Vec::new();
    let mut after = 0;
    loop {
        let page = store.page(ready.corpus.id, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.position;
        for StoredUtterance { row, utterance, .. } in page {
            let Some(reference) = utterance.reference.as_deref() else { continue };
            let words = rule.counts(reference, "").reference_units();
            let next = u32::try_from(groups.len()).unwrap_or(u32::MAX);
            let group = *groups.entry(utterance.resampling_key().to_owned()).or_insert(next);
            let words = u32::try_from(words).unwrap_or(u32::MAX);
            let measure = Measure { words, group };
            let reference = *blake3::hash(reference.as_bytes()).as_bytes();
            known.push(Known { row, distinct: utterance.nbest.len(), measure, reference });
        }
    }
    if known.is_empty() {
        let key = &ready.corpus.key;
        return Err(Hinted::new(
            format!("`{}:{}` has no references", key.dataset, key.subset),
            "what is better can only be told where it is known what was said",
        )
        .into());
    }
    Ok(known)
}
