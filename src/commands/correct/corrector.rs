//! From segments to transcripts: what is known already is looked up, the rest is asked.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::json;
use tokio::{sync::Semaphore, task::JoinSet};

use super::counts::Counters;
use crate::{
    cli::correct::{CorrectArgs, Reads},
    commands::{
        Context, Interrupt, answers,
        equip::{Equipped, Kit, Material, needs_model},
        model,
        profiles::{self, Named},
        run::check_methods,
        settings,
    },
    corpus::{Surroundings, Utterance},
    correct::{self, CorrectError, Method, Parameters, Proposal, Tries, Verdict},
    document::Segment,
    edits,
    glossary::Glossary,
    store::{Answer, AnswerKey, AnswerWriter, CorrectorId, NewCorrector, Store, StoreError},
};

/// Requests in flight for each that the engine decodes together: the next one is waiting
/// whenever one ends.
const AHEAD: usize = 3;

/// A way of correcting, and what it has done.
pub(super) struct Corrector {
    /// For lists with alternatives.
    listed: Arc<dyn Method>,
    /// For transcripts without; nothing where the method lives on alternatives.
    alone: Option<Arc<dyn Method>>,
    id: CorrectorId,
    store: Store,
    writer: AnswerWriter,
    window: usize,
    join: Option<Join>,
    reads: Reads,
    glossary: Glossary,
    /// Without a model nobody could choose: misheard forms are replaced as they stand.
    mends: bool,
    requests: Arc<Semaphore>,
    interrupt: Interrupt,
    counters: Counters,
}

/// How a correction of several segments is given back to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Join {
    /// Words stay in their segments.
    InPlace,
    /// Words may come into a neighbour.
    Reflow,
}

/// Words of a segment that is corrected at most: no model reads more at once, and finding what
/// it changed would take time with the square of them.
pub(super) const MOST_WORDS: usize = 5_000;

/// Segments corrected together at most.
const MOST_JOINED: usize = 6;

/// A pause after which nobody goes on with a sentence, milliseconds.
const LONG_PAUSE_MS: i64 = 2000;

/// What became of one segment.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    /// The transcript that counts, as the model reads and writes.
    pub(super) text: String,
    pub(super) verdict: String,
    pub(super) reason: Option<String>,
    pub(super) confidences: Vec<f64>,
}

/// Why segments have no outcome.
#[derive(Debug, thiserror::Error)]
pub(super) enum Halt {
    #[error("interrupted")]
    Interrupted,
    #[error(transparent)]
    Setup(#[from] CorrectError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a correction method ended in a panic")]
    Panicked,
}

impl Corrector {
    pub(super) async fn new(
        args: &CorrectArgs,
        store: &Store,
        context: &Context,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Self> {
        let typed = settings::parameters(&args.settings, Parameters::default());
        check_methods(std::slice::from_ref(&args.method), &typed)?;
        let glossary = match &args.glossary {
            Some(path) => Glossary::load(path)?,
            None => Glossary::default(),
        };
        let profile = match &args.profile {
            Some(name) => Some(profiles::load(name, store).await?),
            None => None,
        };
        let base = profile.as_ref().map(|named| named.profile.parameters.clone());
        let mut parameters = settings::parameters(&args.settings, base.unwrap_or_default());
        let known = profile.as_ref().map(|named| &named.profile.learned);
        let asks = |parameters: &Parameters| needs_model(&args.method, parameters, known);
        let model = match asks(&parameters) || asks(&for_transcripts(args, &parameters)) {
            true => Some(model::load(&args.model, context).await?),
            false => None,
        };
        if args.method == "cascade" {
            settings::fit(&args.settings, &mut parameters, model.as_deref(), context);
        }
        let alone = for_transcripts(args, &parameters);
        // A model with a format of its own was made for bare words.
        let bare = model.as_ref().is_none_or(|model| model.info().template.is_some());
        let reads = args.reads.unwrap_or(if bare { Reads::Words } else { Reads::Text });
        let mends = model.is_none();
        let (prompt, seed) = (&args.prompt, args.settings.seed);
        let learned = profile
            .as_ref()
            .map(|named| Arc::new(profiles::learned(&named.profile, model.as_deref())));
        let kit = Kit { prompt, seed, model, store, tries: Tries::default() };
        let equip = async |parameters: &Parameters, material| {
            kit.equip(&args.method, parameters, learned.clone(), material).await
        };
        let listed = equip(&parameters, Material::Lists).await?;
        let single = equip(&alone, Material::Transcripts).await?;
        let id = open(args, store, &listed, &single, reads, profile.as_ref()).await?;
        if args.fresh {
            store.forget_answers(id).await?;
        }
        let alone = match correct::needs_alternatives(&args.method) {
            true => None,
            false => Some(Arc::from(correct::build(&args.method, &single.tools)?)),
        };
        Ok(Self {
            listed: Arc::from(correct::build(&args.method, &listed.tools)?),
            alone,
            id,
            store: store.clone(),
            writer: store.answer_writer(id),
            window: args.context_window,
            join: args.join.then_some(match args.reflow {
                true => Join::Reflow,
                false => Join::InPlace,
            }),
            reads,
            glossary,
            mends,
            requests: Arc::new(Semaphore::new(args.model.parallel as usize * AHEAD)),
            interrupt: interrupt.clone(),
            counters: Counters::default(),
        })
    }

    pub(super) fn id(&self) -> CorrectorId {
        self.id
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Terms of the glossary before and after, where there is a glossary.
    pub(super) fn terms(&self) -> Option<(u64, u64)> {
        (!self.glossary.is_empty()).then(|| self.counters.found_terms())
    }

    /// Waits until all answers are stored.
    pub(super) async fn finish(self) -> anyhow::Result<()> {
        self.writer.finish().await?;
        Ok(())
    }

    /// What is to be said at the end.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.alone.is_none() {
            notes.push(format!(
                "the method {} chooses between alternatives: transcripts without any were left \
                 alone (cascade, generate and rewrite can correct them)",
                self.listed.name()
            ));
        }
        let failed = self.counters.failed();
        if failed > 0 {
            notes.push(format!(
                "{failed} lines failed and stay as they are; the same command tries them again"
            ));
        }
        notes
    }

    /// An outcome for each segment, in order. They may be of one file: neighbours are shown
    /// and joined where that was asked.
    pub(super) async fn correct(&self, segments: &[Segment]) -> Result<Vec<Outcome>, Halt> {
        let groups = self.groups(segments);
        let utterances = self.utterances(segments, &groups);
        let keys: Vec<AnswerKey> = utterances.iter().map(answers::key).collect();
        let mut known = self.store.answers(self.id, &keys).await?;
        for _ in keys.iter().filter(|key| known.contains_key(*key)) {
            self.counters.remembered();
        }
        let failures = self.ask(&utterances, &keys, &mut known).await?;
        let mut outcomes = Vec::with_capacity(segments.len());
        for ((key, utterance), group) in keys.iter().zip(&utterances).zip(groups) {
            let outcome = match known.get(key) {
                Some(answer) => Outcome {
                    text: answer.text.clone(),
                    verdict: answer.verdict.clone(),
                    reason: answer.reason.clone(),
                    confidences: answer.confidences.clone(),
                },
                None => kept(utterance, Verdict::Failed, failures.get(key).cloned()),
            };
            let outcome = self.guarded(utterance, outcome);
            let segments = &segments[group];
            if !self.glossary.is_empty() {
                let before = segments.iter().map(|one| self.glossary.count(&one.text())).sum();
                self.counters.terms(before, self.glossary.count(&outcome.text));
            }
            for outcome in self.given_back(segments, outcome) {
                self.counters.verdict(&outcome.verdict);
                outcomes.push(outcome);
            }
        }
        Ok(outcomes)
    }

    /// Segments that are corrected together: those of a sentence, where that was asked.
    fn groups(&self, segments: &[Segment]) -> Vec<Range<usize>> {
        let mut groups: Vec<Range<usize>> = Vec::with_capacity(segments.len());
        for (place, segment) in segments.iter().enumerate() {
            let last = groups.last_mut().filter(|group| {
                self.join.is_some()
                    && group.len() < MOST_JOINED
                    && goes_on(&segments[place - 1], segment)
            });
            match last {
                Some(group) => group.end = place + 1,
                None => groups.push(place..place + 1),
            }
        }
        groups
    }

    /// An outcome of several segments, for each of them.
    fn given_back(&self, segments: &[Segment], outcome: Outcome) -> Vec<Outcome> {
        if segments.len() == 1 {
            return vec![outcome];
        }
        let all: Vec<&Segment> = segments.iter().collect();
        let texts = match self.join {
            Some(Join::Reflow) => edits::reflow(&all, &outcome.text),
            _ => edits::split_back(&all, &outcome.text),
        };
        let mut confidences = outcome.confidences.iter().copied();
        let parts = texts.into_iter().map(|text| {
            let words = text.split_whitespace().count();
            Outcome {
                confidences: confidences.by_ref().take(words).collect(),
                text,
                ..outcome.clone()
            }
        });
        parts.collect()
    }

    /// Asks about what is not known yet, and gives what went wrong.
    async fn ask(
        &self,
        utterances: &[Utterance],
        keys: &[AnswerKey],
        known: &mut HashMap<AnswerKey, Answer>,
    ) -> Result<HashMap<AnswerKey, String>, Halt> {
        let mut failures = HashMap::new();
        let mut asked: JoinSet<(AnswerKey, Result<Proposal, CorrectError>)> = JoinSet::new();
        let mut begun = std::collections::HashSet::new();
        let mut halt = None;
        for (key, utterance) in keys.iter().zip(utterances) {
            if known.contains_key(key) || !begun.insert(*key) {
                continue;
            }
            let method = match self.method(utterance) {
                Ok(method) => method,
                Err(reason) => {
                    let outcome = kept(utterance, Verdict::Gated, Some(reason.into()));
                    known.insert(*key, answer(*key, outcome));
                    continue;
                }
            };
            // Only a closed semaphore refuses, and nobody closes it.
            let permit = Arc::clone(&self.requests).acquire_owned().await.ok();
            if self.interrupt.is_set() {
                halt = Some(Halt::Interrupted);
                break;
            }
            let (method, utterance, key) = (Arc::clone(method), utterance.clone(), *key);
            asked.spawn(async move {
                let result = method.propose(&utterance).await;
                drop(permit);
                (key, result)
            });
            while let Some(done) = asked.try_join_next() {
                self.take(done, known, &mut failures).await.unwrap_or_else(|error| {
                    halt.get_or_insert(error);
                });
            }
            if halt.is_some() {
                break;
            }
        }
        while let Some(done) = asked.join_next().await {
            self.take(done, known, &mut failures).await.unwrap_or_else(|error| {
                halt.get_or_insert(error);
            });
        }
        match halt {
            Some(halt) => Err(halt),
            None => Ok(failures),
        }
    }

    async fn take(
        &self,
        done: Result<(AnswerKey, Result<Proposal, CorrectError>), tokio::task::JoinError>,
        known: &mut HashMap<AnswerKey, Answer>,
        failures: &mut HashMap<AnswerKey, String>,
    ) -> Result<(), Halt> {
        let (key, result) = done.map_err(|_| Halt::Panicked)?;
        match result {
            Ok(proposal) => {
                self.counters.tokens(proposal.prompt_tokens, proposal.output_tokens);
                let answer = answer_of(key, proposal);
                self.writer.put(answer.clone()).await?;
                known.insert(key, answer);
            }
            Err(error) if error.is_setup() => return Err(error.into()),
            // Not stored: it is tried again the next time.
            Err(error) => {
                failures.insert(key, error.to_string());
            }
        }
        Ok(())
    }

    /// What corrects an utterance, or why nothing does.
    fn method(&self, utterance: &Utterance) -> Result<&Arc<dyn Method>, &'static str> {
        if utterance.one_best().split_whitespace().nth(MOST_WORDS).is_some() {
            return Err("it is too long to be corrected at once");
        }
        match &self.alone {
            _ if utterance.nbest.len() > 1 => Ok(&self.listed),
            Some(alone) => Ok(alone),
            None => Err("there are no alternatives to choose between"),
        }
    }

    /// Refuses what loses a term of the glossary.
    fn guarded(&self, utterance: &Utterance, outcome: Outcome) -> Outcome {
        match self.glossary.lost(utterance.one_best(), &outcome.text) {
            Some(term) => {
                let reason = format!("`{term}` of the glossary would be lost");
                kept(utterance, Verdict::Refused, Some(reason))
            }
            None => outcome,
        }
    }

    fn utterances(&self, segments: &[Segment], groups: &[Range<usize>]) -> Vec<Utterance> {
        let shown: Vec<String> = match self.window {
            0 => Vec::new(),
            _ => segments.iter().map(|segment| self.read(&segment.text())).collect(),
        };
        let utterances = groups.iter().map(|group| {
            let first = &segments[group.start];
            let mut utterance = if group.len() == 1 {
                let list = first.hypotheses.iter();
                let list = list.map(|known| (self.read(&known.text), known.score, None));
                Utterance::from_list(first.id.clone(), list)
            } else {
                let texts: Vec<String> =
                    segments[group.clone()].iter().map(Segment::text).collect();
                let list = [(self.read(&texts.join(" ")), None, None)];
                Utterance::from_list(first.id.clone(), list)
            };
            utterance.surroundings = self.around(&shown, group);
            if !self.mends && self.method(&utterance).is_ok() {
                self.glossary.apply(&mut utterance);
            }
            utterance
        });
        utterances.collect()
    }

    /// A text as the method reads it.
    fn read(&self, text: &str) -> String {
        let read = match self.reads {
            Reads::Text => text.to_owned(),
            Reads::Words => edits::bare_words(text),
        };
        if !self.mends || read.split_whitespace().nth(MOST_WORDS).is_some() {
            return read;
        }
        self.glossary.mend(&read).unwrap_or(read)
    }

    fn around(&self, shown: &[String], group: &Range<usize>) -> Surroundings {
        if shown.is_empty() {
            return Surroundings::default();
        }
        let from = group.start.saturating_sub(self.window);
        let to = (group.end + self.window).min(shown.len());
        Surroundings {
            before: shown[from..group.start].to_vec(),
            after: shown[group.end..to].to_vec(),
            terms: Vec::new(),
        }
    }
}

/// Whether a sentence goes on from one segment to the next: the same speaker, no long pause,
/// no sign of its end, and no alternatives, which are those of one segment.
fn goes_on(segment: &Segment, next: &Segment) -> bool {
    let plain = |segment: &Segment| segment.hypotheses.len() == 1 && !segment.tokens.is_empty();
    let pause = segment.end_ms.zip(next.start_ms).map(|(end, start)| start - end);
    plain(segment)
        && plain(next)
        && segment.speaker == next.speaker
        && !edits::ends_a_sentence(segment)
        && pause.is_none_or(|pause| pause <= LONG_PAUSE_MS)
}

/// Settings for transcripts without alternatives: fusion and choice have nothing to work with
/// there, and a gate on agreement would skip them all.
fn for_transcripts(args: &CorrectArgs, parameters: &Parameters) -> Parameters {
    let mut alone = parameters.clone();
    if args.settings.inner.is_none() && correct::needs_alternatives(&alone.inner) {
        alone.inner = "generate".into();
    }
    alone.gate.min_distinct = args.settings.min_distinct.unwrap_or(1);
    alone
}

/// Finds or makes the corrector in the store. What decides its answers identifies it.
async fn open(
    args: &CorrectArgs,
    store: &Store,
    listed: &Equipped,
    alone: &Equipped,
    reads: Reads,
    profile: Option<&Named>,
) -> anyhow::Result<CorrectorId> {
    let parameters = json!({
        "lists": listed.settings,
        "transcripts": alone.settings,
        "reads": match reads { Reads::Text => "text", Reads::Words => "words" },
        "profile": profile.map(|named| &named.hash),
    });
    let identity = json!({ "settings": parameters, "version": env!("CARGO_PKG_VERSION") });
    let new = NewCorrector {
        fingerprint: blake3::hash(identity.to_string().as_bytes()).to_hex().to_string(),
        method: args.method.clone(),
        parameters,
        template: listed.template.clone(),
        model: listed.model.clone(),
    };
    Ok(store.corrector(&new).await?)
}

fn kept(utterance: &Utterance, verdict: Verdict, reason: Option<String>) -> Outcome {
    Outcome {
        text: utterance.one_best().to_owned(),
        verdict: verdict.as_str().into(),
        reason,
        confidences: Vec::new(),
    }
}

fn answer(input: AnswerKey, outcome: Outcome) -> Answer {
    Answer {
        input,
        text: outcome.text,
        verdict: outcome.verdict,
        reason: outcome.reason,
        raw: None,
        logprob: None,
        confidences: outcome.confidences,
        prompt_tokens: 0,
        output_tokens: 0,
        near_ties: 0,
    }
}

fn answer_of(input: AnswerKey, proposal: Proposal) -> Answer {
    Answer {
        input,
        text: proposal.text,
        verdict: proposal.verdict.as_str().into(),
        reason: proposal.reason,
        raw: proposal.raw,
        logprob: proposal.logprob,
        confidences: proposal.confidences,
        prompt_tokens: proposal.prompt_tokens,
        output_tokens: proposal.output_tokens,
        near_ties: proposal.near_ties,
    }
}
