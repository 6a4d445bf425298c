//! The stages of tuning.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use tokio::task::JoinSet;

use super::{
    Calibrated, Calibrations, PROFILE_VERSION, Profile, Provenance, Searched, Stage, TuneError,
    calibrate::{self, Belief},
    search, words,
};
use crate::{
    acoustic::Posterior,
    corpus::Utterance,
    correct::{
        self, Cascade, Considered, CorrectError, FusionSettings, Guard, Learned, Method, Opinion,
        Parameters, Prompter, Proposal, Tools,
    },
    learn::{Acceptance, AcceptanceSettings, Choice, LearnedRule, Trial, folds, learn_acceptance},
    llm::LanguageModel,
    prompt::Output,
    rewrite::{self, Pair, RewriteSettings, RewriteTable},
    variants,
};

/// How to tune.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TuneSettings {
    /// Methods to try between gate and guard; the one whose cascade makes the fewest held-out
    /// errors is taken, the first among equals. Not asked without a model.
    pub inners: Vec<String>,
    /// Folds of every cross-validation, at least 2.
    pub folds: usize,
    /// Seed of the folds.
    pub seed: u64,
    /// About how many utterances are decoded for each setting that is tried.
    pub search: usize,
    /// Requests in flight.
    pub width: usize,
    /// Whether a rewrite table is learned.
    pub rewrite: bool,
    /// Whether variants are learned.
    pub variants: bool,
    /// References that the model has not read in its training, by their
    /// [key](Self::reference_key); `None` where it has read none.
    pub unseen: Option<HashSet<String>>,
}

impl TuneSettings {
    /// What a reference is known by: its words in lower case.
    #[must_use]
    pub fn reference_key(reference: &str) -> String {
        reference.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
    }
}

impl Default for TuneSettings {
    fn default() -> Self {
        Self {
            inners: vec!["uadf".into(), "lm-rank".into()],
            folds: 5,
            seed: 1,
            search: 600,
            width: 32,
            rewrite: true,
            variants: true,
            unseen: None,
        }
    }
}

/// With fewer groups of utterances nothing can be said about others.
const LEAST_GROUPS: usize = 20;

/// Utterances that calibration looks at, at most.
const CALIBRATED: usize = 300;

/// Learns a profile from the utterances that have a reference.
///
/// `tools` has the model and the prompt to tune for, if any, and the settings to begin with;
/// what it has learned already is not used. `provenance` is filled in. `tell` is told what is
/// going on, one line at a time.
///
/// # Errors
/// [`TuneError::TooFew`] with less than 20 groups, and what makes every utterance fail. Where
/// single utterances fail they count with their 1-best.
pub async fn tune(
    utterances: Vec<Utterance>,
    tools: &Tools,
    settings: &TuneSettings,
    mut provenance: Provenance,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<Profile, TuneError> {
    let raw: Vec<Utterance> =
        utterances.into_iter().filter(|utterance| utterance.reference.is_some()).collect();
    let keys: Vec<&str> = raw.iter().map(Utterance::resampling_key).collect();
    let mut distinct = keys.clone();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < LEAST_GROUPS.max(2 * settings.folds) {
        let needed = LEAST_GROUPS.max(2 * settings.folds);
        return Err(TuneError::TooFew { found: raw.len(), groups: distinct.len(), needed });
    }
    provenance.utterances = raw.len();
    provenance.groups = distinct.len();
    provenance.folds = settings.folds;
    provenance.seed = settings.seed;
    provenance.objective = "raw corpus word error rate".into();
    provenance.version = env!("CARGO_PKG_VERSION").into();
    provenance.remember(&raw);
    if let Some((model, prompter)) = &tools.model {
        provenance.model = Some(model.info().name.clone());
        provenance.model_hash = Some(model.info().hash.clone());
        provenance.template = Some(prompter.template().header().name.clone());
    }

    let tools = Tools { learned: None, ..tools.clone() };
    let fold_of = folds(&keys, settings.folds, settings.seed);
    let mut corpus = Corpus::new(&raw, fold_of);
    let mut stages = vec![corpus.stage("1best", |item| item.raw_errors)];

    tell(&format!("learning a rewrite table from {} utterances", raw.len()));
    let table = if settings.rewrite { corpus.rewrite(&raw, settings) } else { None };
    if table.is_some() {
        stages.push(corpus.stage("rewrite", |item| item.base_errors));
    }
    let rewrite = table.unwrap_or_else(|| RewriteTable::new(Vec::new()));
    let mut chosen_with_model = false;
    let mut variants = None;
    if settings.variants {
        tell("learning variants");
        let posterior = &tools.parameters.posterior;
        let (items, learned) = corpus.variants(&raw, posterior);
        if let Some(mut found) = learned.variants.clone() {
            stages.push(corpus.stage_of("variants", &learned_errors(&items, &learned)));
            if let Some(model) = &tools.model {
                tell("asking the model about variants");
                if let Some((choice, stage)) =
                    corpus.ask_about(&raw, model, &items, &learned, settings).await?
                {
                    stages.push(stage);
                    found.choice_with_model = Some(choice);
                    chosen_with_model = true;
                }
            }
            let leading: Vec<String> = learned
                .candidates
                .iter()
                .zip(&learned.validation.chosen)
                .map(|(candidates, &place)| {
                    candidates.get(place).map_or_else(String::new, |best| best.text.clone())
                })
                .collect();
            drop(items);
            corpus.lead(&leading);
            variants = Some(found);
        }
    }
    let mut profile = Profile {
        profile_version: PROFILE_VERSION,
        provenance,
        stages,
        parameters: tools.parameters.clone(),
        learned: Learned { rewrite, variants, acceptance: Acceptance::Never },
        evidence: None,
        searched: Vec::new(),
        calibrations: None,
    };
    if chosen_with_model {
        profile.parameters.inner = "variants".into();
        profile.provenance.inner = "variants".into();
        profile.learned.acceptance = Acceptance::Always;
    } else if tools.model.is_some() && settings.unseen.is_none() {
        ask_model(&corpus, &tools, settings, &mut profile, tell).await?;
    }
    Ok(profile)
}

/// Word errors of what a choice among variants takes.
fn learned_errors(items: &[variants::Item<'_>], learned: &variants::Learned) -> Vec<u32> {
    let chosen = learned.candidates.iter().zip(&learned.validation.chosen);
    items
        .iter()
        .zip(chosen)
        .map(|(item, (candidates, &place))| {
            let text = candidates.get(place).map_or("", |one| one.text.as_str());
            words::errors(item.reference, text)
        })
        .collect()
}

/// The stages that need a language model.
async fn ask_model(
    corpus: &Corpus,
    tools: &Tools,
    settings: &TuneSettings,
    profile: &mut Profile,
    tell: &(dyn Fn(&str) + Sync),
) -> Result<(), TuneError> {
    let part = corpus.part(settings.search, settings.seed);
    let sample: Vec<Arc<Utterance>> =
        part.iter().map(|&at| Arc::clone(&corpus.items[at].utterance)).collect();
    let few: Vec<Arc<Utterance>> = sample.iter().take(CALIBRATED).cloned().collect();
    tell(&format!("calibrating on {} utterances", few.len()));
    let belief = Belief::of(&sample, tools);
    let recogniser = calibrate::recogniser(&few, tools, belief)?;
    let Some(language_model) = calibrate::language_model(&few, tools).await? else {
        return Ok(());
    };
    let temperatures = (language_model.tau, recogniser.tau);
    let search = Search { corpus, part: &part, sample: &sample, width: settings.width, tell };
    let mut best: Option<Attempt> = None;
    let mut unsuited = None;
    for inner in &settings.inners {
        let mut tools = tools.clone();
        tools.parameters.inner.clone_from(inner);
        let attempt = match search.attempt(&tools, belief, temperatures, &few, settings).await {
            // The template may suit only some of them.
            Err(TuneError::Correct(error @ CorrectError::WrongTemplate { .. })) => {
                unsuited = Some(error);
                continue;
            }
            other => other?,
        };
        profile.stages.push(attempt.proposed.clone());
        // The first of equals: it is what stands without evidence.
        if best.as_ref().is_none_or(|best| attempt.cascade.errors < best.cascade.errors) {
            best = Some(attempt);
        }
    }
    let Some(Attempt { parameters, searched, rule, cascade, words, .. }) = best else {
        return unsuited.map_or(Ok(()), |error| Err(error.into()));
    };
    profile.stages.push(cascade);
    profile.provenance.inner.clone_from(&parameters.inner);
    profile.calibrations = Some(Calibrations { language_model, recogniser, words });
    profile.parameters = parameters;
    profile.searched = searched;
    profile.learned.acceptance = rule.rule;
    profile.evidence = Some(rule.evidence);
    Ok(())
}

/// What was learned with one inner method.
struct Attempt {
    parameters: Parameters,
    searched: Vec<Searched>,
    rule: LearnedRule,
    /// With all its proposals taken.
    proposed: Stage,
    /// With those that rule and guard take.
    cascade: Stage,
    words: Option<Calibrated>,
}

/// One utterance with a reference, as it is after the stages so far.
struct Item {
    /// The raw list's texts, rewritten by a table of the other folds.
    rewritten: Vec<String>,
    /// Rewritten by a table of the other folds.
    utterance: Arc<Utterance>,
    group: String,
    words: u64,
    raw_errors: u32,
    base_errors: u32,
}

/// What the inner method made of an utterance.
struct Tried {
    text: String,
    errors: u32,
    features: Vec<f64>,
}

struct Corpus {
    items: Vec<Item>,
    fold_of: Vec<usize>,
}

impl Corpus {
    fn new(raw: &[Utterance], fold_of: Vec<usize>) -> Self {
        let item = |utterance: &Utterance| {
            let reference = utterance.reference.as_deref().unwrap_or("");
            let errors = words::errors(reference, utterance.one_best());
            Item {
                group: utterance.resampling_key().to_owned(),
                words: words::count(reference),
                raw_errors: errors,
                base_errors: errors,
                rewritten: utterance.nbest.iter().map(|known| known.text.clone()).collect(),
                utterance: Arc::new(utterance.clone()),
            }
        };
        Self { items: raw.iter().map(item).collect(), fold_of }
    }

    fn stage(&self, name: &str, errors: fn(&Item) -> u32) -> Stage {
        self.stage_of(name, &self.items.iter().map(errors).collect::<Vec<_>>())
    }

    fn stage_of(&self, name: &str, errors: &[u32]) -> Stage {
        let errors = errors.iter().map(|errors| u64::from(*errors)).sum();
        let words: u64 = self.items.iter().map(|item| item.words).sum();
        let wer = (words > 0).then(|| 100.0 * (errors as f64 / words as f64));
        Stage { name: name.to_owned(), wer, errors, words }
    }

    /// Learns the table of all utterances, and rewrites each by a table of the other folds.
    /// `None`, and nothing is rewritten, where a table does not help on held-out utterances.
    fn rewrite(&mut self, raw: &[Utterance], settings: &TuneSettings) -> Option<RewriteTable> {
        let candidates = RewriteSettings::candidates();
        let most = candidates.iter().map(|one| one.hypotheses).max().unwrap_or(1);
        let pairs: Vec<Pair<'_>> = raw.iter().flat_map(|one| Pair::of(one, most)).collect();
        let (folds, seed) = (settings.folds, settings.seed);
        let chosen = rewrite::cross_validate(&pairs, &candidates, folds, seed).best?;
        let fold_of: HashMap<&str, usize> =
            raw.iter().map(Utterance::resampling_key).zip(self.fold_of.iter().copied()).collect();
        for fold in 0..settings.folds {
            let learns = |pair: &&Pair<'_>| fold_of.get(pair.group) != Some(&fold);
            let others: Vec<Pair<'_>> = pairs.iter().filter(learns).copied().collect();
            let table = rewrite::learn(&others, &chosen);
            let held_out = self.items.iter_mut().zip(raw).zip(&self.fold_of);
            for ((item, raw), _) in held_out.filter(|(_, other)| **other == fold) {
                item.rewritten = raw.nbest.iter().map(|known| table.rewrite(&known.text)).collect();
                let rewritten = correct::rewrite_list(raw, &table).into_owned();
                let reference = raw.reference.as_deref().unwrap_or("");
                item.base_errors = words::errors(reference, rewritten.one_best());
                item.utterance = Arc::new(rewritten);
            }
        }
        Some(rewrite::learn(&pairs, &chosen))
    }

    /// Learns variants from all utterances, each judged by what was learned from others.
    fn variants<'a>(
        &'a self,
        raw: &'a [Utterance],
        posterior: &Posterior,
    ) -> (Vec<variants::Item<'a>>, variants::Learned) {
        let items: Vec<variants::Item<'a>> = raw
            .iter()
            .zip(&self.items)
            .zip(&self.fold_of)
            .map(|((raw, item), &fold)| variants::Item {
                list: correct::listed(raw, &item.rewritten, posterior),
                reference: raw.reference.as_deref().unwrap_or(""),
                group: raw.resampling_key(),
                fold,
            })
            .collect();
        let learned = variants::learn_validated(&items);
        (items, learned)
    }

    /// What the choice is worth with the model's opinion of each candidate, judged on
    /// utterances whose references the model has not read; `None` where it is no gain there
    /// over the choice without.
    async fn ask_about(
        &self,
        raw: &[Utterance],
        (model, prompter): &(Arc<dyn LanguageModel>, Arc<Prompter>),
        items: &[variants::Item<'_>],
        learned: &variants::Learned,
        settings: &TuneSettings,
    ) -> Result<Option<(Choice, Stage)>, TuneError> {
        // A label says nothing about a text, and a server may tell too little.
        let abilities = model.abilities();
        if prompter.template().header().output != Output::Text || !abilities.scores {
            return Ok(None);
        }
        let is_unseen = |at: &usize| {
            let key = || TuneSettings::reference_key(items[*at].reference);
            settings.unseen.as_ref().is_none_or(|unseen| unseen.contains(&key()))
        };
        let asked: Vec<usize> = match settings.unseen {
            Some(_) => (0..items.len()).filter(is_unseen).collect(),
            None => self.part(settings.search, settings.seed),
        };
        let mut tasks = Tasks::new(settings.width, asked.len());
        for (place, &at) in asked.iter().enumerate() {
            let asking = (Arc::clone(model), Arc::clone(prompter));
            let (utterance, candidates) = (raw[at].clone(), learned.candidates[at].clone());
            tasks
                .spawn(place, async move {
                    let opinion = Opinion::of(&asking, &utterance, &candidates).await?;
                    Ok(opinion.logprobs)
                })
                .await?;
        }
        let answers: Vec<Option<Vec<f64>>> = tasks.finish().await?;
        let (asked, logprobs): (Vec<usize>, Vec<Vec<f64>>) =
            asked.into_iter().zip(answers).filter_map(|(at, answer)| Some((at, answer?))).unzip();
        let (choice, validation) =
            variants::with_model(items, &learned.candidates, &asked, &logprobs);
        let errors = |at: usize, place: usize| -> i64 {
            let text = learned.candidates[at].get(place).map_or("", |one| one.text.as_str());
            i64::from(words::errors(items[at].reference, text))
        };
        // By group, against the choice without the model on the same utterances.
        let mut saved: BTreeMap<&str, i64> = BTreeMap::new();
        let (mut with, mut total) = (0_i64, 0_u64);
        for (&at, &place) in asked.iter().zip(&validation.chosen) {
            let (without, own) = (errors(at, learned.validation.chosen[at]), errors(at, place));
            *saved.entry(items[at].group).or_default() += without - own;
            with += own;
            total += self.items[at].words;
        }
        let gain: i64 = saved.values().sum();
        let spread = saved.values().map(|one| (one * one) as f64).sum::<f64>().sqrt();
        if gain as f64 <= spread {
            return Ok(None);
        }
        let stage = Stage {
            name: format!("variants with the model ({} utterances)", asked.len()),
            wer: (total > 0).then(|| 100.0 * with as f64 / total as f64),
            errors: with.unsigned_abs(),
            words: total,
        };
        Ok(Some((choice, stage)))
    }

    /// Puts a text before each list: what follows is judged against that.
    fn lead(&mut self, texts: &[String]) {
        for (item, text) in self.items.iter_mut().zip(texts) {
            let reference = item.utterance.reference.clone().unwrap_or_default();
            item.base_errors = words::errors(&reference, text);
            let led = correct::led_by(Cow::Borrowed(item.utterance.as_ref()), text).into_owned();
            item.utterance = Arc::new(led);
        }
    }

    /// About `size` utterances, whole groups, the same for the same corpus.
    fn part(&self, size: usize, seed: u64) -> Vec<usize> {
        let parts = self.items.len().div_ceil(size.max(1));
        let groups: Vec<&str> = self.items.iter().map(|item| item.group.as_str()).collect();
        let part_of = folds(&groups, parts, seed.wrapping_add(1));
        (0..self.items.len()).filter(|&at| part_of[at] == 0).collect()
    }

    /// What the inner method makes of every utterance, and what is known of it.
    async fn trials(&self, tools: &Tools, width: usize) -> Result<Vec<Option<Tried>>, TuneError> {
        let cascade = Arc::new(Cascade::new(tools)?);
        let mut tasks = Tasks::new(width, self.items.len());
        for (at, item) in self.items.iter().enumerate() {
            let (cascade, utterance) = (Arc::clone(&cascade), Arc::clone(&item.utterance));
            tasks.spawn(at, async move { cascade.consider(&utterance).await }).await?;
        }
        let considered: Vec<Option<Considered>> = tasks.finish().await?;
        let tried = considered.into_iter().zip(&self.items).map(|(considered, item)| {
            let Considered { proposal, features, .. } = considered?;
            let reference = item.utterance.reference.as_deref().unwrap_or("");
            let errors = words::errors(reference, &proposal.text);
            Some(Tried { text: proposal.text, errors, features: features.values() })
        });
        Ok(tried.collect())
    }

    fn learn(&self, trials: &[Option<Tried>], settings: &TuneSettings) -> LearnedRule {
        let trials: Vec<Trial<'_>> = trials
            .iter()
            .zip(&self.items)
            .map(|(tried, item)| Trial {
                group: &item.group,
                errors_one_best: item.base_errors,
                errors_proposal: tried.as_ref().map_or(item.base_errors, |tried| tried.errors),
                features: tried.as_ref().map_or_else(
                    || vec![f64::NAN; correct::FEATURES.len()],
                    |tried| tried.features.clone(),
                ),
            })
            .collect();
        let (folds, seed) = (settings.folds, settings.seed);
        learn_acceptance(&trials, &AcceptanceSettings { folds, seed, ..Default::default() })
    }

    /// How much of an utterance may change, and the errors when the guard has its say.
    fn guard(
        &self,
        trials: &[Option<Tried>],
        taken: &dyn Fn(usize) -> bool,
        guard: Guard,
    ) -> (Guard, Searched, Vec<u32>) {
        let values = [guard.max_change, 0.3, 0.75, 1.0];
        let errors: Vec<Vec<u32>> = values
            .iter()
            .map(|&max_change| {
                let guard = Guard { max_change, ..guard };
                let one = |(at, (tried, item)): (usize, (&Option<Tried>, &Item))| match tried {
                    Some(tried)
                        if taken(at) && guard.refuses(&item.utterance, &tried.text).is_none() =>
                    {
                        tried.errors
                    }
                    _ => item.base_errors,
                };
                trials.iter().zip(&self.items).enumerate().map(one).collect()
            })
            .collect();
        let searched = search::choose("max-change", &values, &errors, &self.fold_of);
        let chosen = values.iter().position(|value| *value == searched.chosen).unwrap_or(0);
        let errors = errors.into_iter().nth(chosen).unwrap_or_default();
        (Guard { max_change: searched.chosen, ..guard }, searched, errors)
    }
}

/// Tries settings of the fusion one after the other.
struct Search<'a> {
    corpus: &'a Corpus,
    /// Places of the utterances that are decoded.
    part: &'a [usize],
    sample: &'a [Arc<Utterance>],
    width: usize,
    tell: &'a (dyn Fn(&str) + Sync),
}

impl Search<'_> {
    /// Learns what goes with one inner method, that of the tools' settings.
    async fn attempt(
        &self,
        tools: &Tools,
        belief: Belief,
        temperatures: (f64, f64),
        few: &[Arc<Utterance>],
        settings: &TuneSettings,
    ) -> Result<Attempt, TuneError> {
        let corpus = self.corpus;
        let mut searched = Vec::new();
        let mut parameters = self.run(tools, belief, temperatures, &mut searched).await?;
        // As it was written so far, whatever power an earlier profile gave the confidences.
        parameters.fusion.confidence_tau = 1.0;
        let words = calibrate::written(few, &propose(tools, &parameters, few, self.width).await?);
        if let Some(words) = words.as_ref().filter(|words| !words.at_limit) {
            parameters.fusion.confidence_tau = words.tau;
        }

        let inner = &parameters.inner;
        (self.tell)(&format!("`{inner}` on all {} utterances", corpus.items.len()));
        let tools = Tools { parameters: parameters.clone(), ..tools.clone() };
        let trials = corpus.trials(&tools, self.width).await?;
        let proposed: Vec<u32> = trials
            .iter()
            .zip(&corpus.items)
            .map(|(trial, item)| trial.as_ref().map_or(item.base_errors, |trial| trial.errors))
            .collect();
        let proposed = corpus.stage_of(inner, &proposed);
        let rule = corpus.learn(&trials, settings);
        let taken = |at: usize| match &rule.rule {
            Acceptance::Never => false,
            Acceptance::Always => true,
            Acceptance::When { .. } => rule.held_out.get(at).copied().unwrap_or(false),
        };
        let (guard, guarded, errors) = corpus.guard(&trials, &taken, parameters.guard);
        if rule.rule != Acceptance::Never {
            searched.push(guarded);
            parameters.guard = guard;
        }
        let cascade = corpus.stage_of(&format!("cascade, {}", parameters.inner), &errors);
        Ok(Attempt { parameters, searched, rule, proposed, cascade, words })
    }

    /// The settings that were chosen. `temperatures` are those of calibration, for the model
    /// and, as a factor, for the recogniser: they are among the values tried.
    async fn run(
        &self,
        tools: &Tools,
        belief: Belief,
        temperatures: (f64, f64),
        searched: &mut Vec<Searched>,
    ) -> Result<Parameters, TuneError> {
        let mut parameters = tools.parameters.clone();
        let inner = parameters.inner.clone();
        let fuses = ["uadf", "static-fusion", "cloze"].contains(&inner.as_str());
        if fuses {
            let tau = parameters.fusion.tau_llm;
            let values = [tau, temperatures.0, 0.6 * tau, 1.6 * tau, 2.5 * tau];
            let set = |parameters: &mut Parameters, tau| parameters.fusion.tau_llm = tau;
            self.choose("tau-llm", &values, set, tools, &mut parameters, searched).await?;
            if inner == "static-fusion" {
                let weight = parameters.fusion.static_weight;
                let values = [weight, 0.5 * weight, 2.0 * weight, 4.0 * weight];
                let set = |parameters: &mut Parameters, value| {
                    parameters.fusion.static_weight = value;
                };
                self.choose("static-weight", &values, set, tools, &mut parameters, searched)
                    .await?;
            } else {
                let recorded = belief == Belief::Record;
                let FusionSettings { beta, recorded_beta, .. } = parameters.fusion;
                let values = [if recorded { recorded_beta } else { beta }, 0.5, 0.0, -1.0, -2.0];
                let set = |parameters: &mut Parameters, beta| {
                    let fusion = &mut parameters.fusion;
                    *(if recorded { &mut fusion.recorded_beta } else { &mut fusion.beta }) = beta;
                };
                self.choose("beta", &values, set, tools, &mut parameters, searched).await?;
            }
        }
        if inner == "lm-rank" {
            let weight = parameters.list_weight;
            let values = [weight, 0.25 * weight, 4.0 * weight];
            let set = |parameters: &mut Parameters, value| parameters.list_weight = value;
            self.choose("list-weight", &values, set, tools, &mut parameters, searched).await?;
        }
        if fuses || inner == "lm-rank" {
            let value = belief.value(&parameters);
            let values = [1.0, temperatures.1, 0.5, 2.0].map(|tau| belief.warmed(value, tau));
            let set = |parameters: &mut Parameters, value| {
                *parameters = belief.with(parameters, value);
            };
            self.choose(belief.setting(), &values, set, tools, &mut parameters, searched).await?;
        }
        Ok(parameters)
    }

    /// Tries the values of one setting and keeps the best.
    async fn choose(
        &self,
        setting: &str,
        values: &[f64],
        set: impl Fn(&mut Parameters, f64),
        tools: &Tools,
        parameters: &mut Parameters,
        searched: &mut Vec<Searched>,
    ) -> Result<(), TuneError> {
        let mut errors = Vec::with_capacity(values.len());
        for &value in values {
            (self.tell)(&format!("{setting} {value:.3} on {} utterances", self.sample.len()));
            let mut tried = parameters.clone();
            set(&mut tried, value);
            errors.push(self.errors(&propose(tools, &tried, self.sample, self.width).await?));
        }
        let fold_of: Vec<usize> = self.part.iter().map(|&at| self.corpus.fold_of[at]).collect();
        let found = search::choose(setting, values, &errors, &fold_of);
        set(parameters, found.chosen);
        searched.push(found);
        Ok(())
    }

    /// Word errors of each utterance; one that failed counts with its (rewritten) 1-best.
    fn errors(&self, proposals: &[Option<Proposal>]) -> Vec<u32> {
        proposals
            .iter()
            .zip(self.part)
            .map(|(proposal, &at)| {
                let item = &self.corpus.items[at];
                let reference = item.utterance.reference.as_deref().unwrap_or("");
                proposal
                    .as_ref()
                    .map_or(item.base_errors, |proposal| words::errors(reference, &proposal.text))
            })
            .collect()
    }
}

/// What the inner method makes of utterances under some settings.
async fn propose(
    tools: &Tools,
    parameters: &Parameters,
    utterances: &[Arc<Utterance>],
    width: usize,
) -> Result<Vec<Option<Proposal>>, TuneError> {
    let tools = Tools { parameters: parameters.clone(), ..tools.clone() };
    let method: Arc<dyn Method> = Arc::from(correct::build(&parameters.inner, &tools)?);
    let mut tasks = Tasks::new(width, utterances.len());
    for (at, utterance) in utterances.iter().enumerate() {
        let (method, utterance) = (Arc::clone(&method), Arc::clone(utterance));
        tasks.spawn(at, async move { method.propose(&utterance).await }).await?;
    }
    tasks.finish().await
}

/// Requests in flight, a bounded number of them, and their answers by place.
struct Tasks<T> {
    running: JoinSet<(usize, Result<T, CorrectError>)>,
    width: usize,
    answers: Vec<Option<T>>,
}

impl<T: Send + 'static> Tasks<T> {
    fn new(width: usize, count: usize) -> Self {
        let answers = std::iter::repeat_with(|| None).take(count).collect();
        Self { running: JoinSet::new(), width: width.max(1), answers }
    }

    async fn spawn(
        &mut self,
        at: usize,
        work: impl Future<Output = Result<T, CorrectError>> + Send + 'static,
    ) -> Result<(), TuneError> {
        while self.running.len() >= self.width {
            self.take().await?;
        }
        self.running.spawn(async move { (at, work.await) });
        Ok(())
    }

    async fn take(&mut self) -> Result<(), TuneError> {
        match self.running.join_next().await {
            Some(Ok((at, Ok(answer)))) => self.answers[at] = Some(answer),
            Some(Ok((_, Err(error)))) if error.is_setup() => return Err(error.into()),
            Some(Ok((at, Err(error)))) => tracing::warn!("utterance {at}: {error}"),
            // A panic in a method would be our mistake; it must not pass for a result.
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            None => {}
        }
        Ok(())
    }

    /// The answers; `None` where an utterance failed.
    async fn finish(mut self) -> Result<Vec<Option<T>>, TuneError> {
        while !self.running.is_empty() {
            self.take().await?;
        }
        Ok(self.answers)
    }
}
