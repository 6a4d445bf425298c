//! `gec prompt classify`: what utterances are, asked with their lists and with their 1-best.

use std::{collections::HashMap, io::Write, sync::Arc};

use serde::Serialize;
use serde_json::json;
use tokio::{sync::Semaphore, task::JoinSet};

use super::{PAGE, ready};
use crate::{
    classify::{
        ClassReport, ClassRow, ClassScores, ClassSet, Classes, Comparison, Confusion, Length,
    },
    cli::{
        compare::ComparisonFormat,
        prompt::{ClassifyArgs, DecisionArg},
        run::PromptArgs,
    },
    commands::{
        Context, ExitStatus, Interrupt, answers,
        corpora::Ready,
        equip::{Kit, Material},
        examples,
        failure::Hinted,
        model,
        output::NewFile,
        progress, runs,
    },
    corpus::Utterance,
    correct::{Classified, Classifier, CorrectError, Decision, Parameters, Tries},
    llm::LanguageModel,
    store::{Answer, AnswerKey, AnswerWriter, CorrectorId, NewCorrector, Store},
};

/// What is asked, for the settings of what is stored.
const METHOD: &str = "classify";

/// Requests in flight for each that the engine decodes together.
const AHEAD: usize = 3;

pub(super) async fn run(
    args: &ClassifyArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let store = Store::open(&context.db).await?;
    let split = args.split.as_deref();
    let interrupt = Interrupt::listen();
    let Some(corpora) = ready(&args.dataset, split, &args.asr, &store, context).await? else {
        store.close().await?;
        return Ok(ExitStatus::Interrupted);
    };
    let model = model::load(&args.model, context).await?;
    let mut lines = args.output.as_deref().map(NewFile::create).transpose()?;
    let mut rows = Vec::new();
    for ready in &corpora {
        let task = Task { args, ready, store: &store, context, interrupt: &interrupt };
        let Some(more) = task.run(&model, lines.as_mut()).await? else {
            store.close().await?;
            context.note("interrupted: what was answered is kept; the same command goes on there");
            return Ok(ExitStatus::Interrupted);
        };
        rows.extend(more);
    }
    store.close().await?;
    if let Some(lines) = lines {
        lines.commit()?;
    }
    let failed: u64 = rows.iter().map(|row| row.failed).sum();
    let report = ClassReport::new(rows);
    match args.format {
        ComparisonFormat::Table => out.write_all(report.table().as_bytes())?,
        ComparisonFormat::Md => out.write_all(report.markdown().as_bytes())?,
        ComparisonFormat::Json => runs::write_json(&report, out)?,
    }
    out.flush()?;
    Ok((failed == 0).into())
}

/// One corpus to be classified.
struct Task<'a> {
    args: &'a ClassifyArgs,
    ready: &'a Ready,
    store: &'a Store,
    context: &'a Context,
    interrupt: &'a Interrupt,
}

/// One way of asking, and what came of it.
struct Side {
    name: String,
    classifier: Arc<Classifier>,
    corrector: CorrectorId,
    writer: AnswerWriter,
    confusion: Confusion,
    answered: u64,
    tokens: u64,
    failed: u64,
}

/// What became of one utterance, as a line of the output.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    label: Option<&'a str>,
    answers: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Told<'a> {
    prompt: &'a str,
    class: Option<&'a str>,
    /// Share of the probability of all classes, where probability decided.
    probability: Option<f64>,
    /// What the model wrote, where that decided.
    answer: Option<&'a str>,
    /// Whether asking failed; the same command tries it again.
    failed: bool,
}

impl Task<'_> {
    /// `None` where the user interrupted it.
    async fn run(
        &self,
        model: &Arc<dyn LanguageModel>,
        mut lines: Option<&mut NewFile>,
    ) -> anyhow::Result<Option<Vec<ClassRow>>> {
        let mut sides = vec![self.side(model, None).await?];
        if sides[0].1 > 1 {
            sides.insert(0, self.side(model, Some(1)).await?);
        }
        let mut sides: Vec<Side> = sides.into_iter().map(|(side, _)| side).collect();
        let corpus = &self.ready.corpus;
        let most = self.args.limit.unwrap_or(usize::MAX);
        let total = corpus.utterances.min(u64::try_from(most).unwrap_or(u64::MAX));
        let title = format!("classifying {}", corpus.key.dataset);
        let bar = progress::bar(self.context.progress, &title, total, 0);
        let (mut after, mut seen) = (0, 0);
        let mut right: Vec<Vec<bool>> = Vec::new();
        while seen < most {
            let page = self.store.page(corpus.id, after, PAGE.min(most - seen)).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            seen += page.len();
            let utterances: Vec<Arc<Utterance>> = page
                .into_iter()
                .map(|stored| {
                    let mut utterance = stored.utterance;
                    examples::stand_in_reference(&mut utterance);
                    Arc::new(utterance)
                })
                .collect();
            let mut answers = Vec::with_capacity(sides.len());
            for side in &mut sides {
                match self.answers(side, &utterances).await? {
                    Some(found) => answers.push(found),
                    None => return Ok(None),
                }
            }
            for (place, utterance) in utterances.iter().enumerate() {
                let of_it: Vec<Option<&Answer>> =
                    answers.iter().map(|all| all[place].as_ref()).collect();
                right.extend(count(&mut sides, utterance, &of_it));
                if let Some(lines) = lines.as_deref_mut() {
                    serde_json::to_writer(&mut *lines, &line(&sides, utterance, &of_it))?;
                    lines.write_all(b"\n")?;
                }
            }
            bar.inc(utterances.len() as u64);
        }
        bar.finish_and_clear();
        self.rows(sides, &right).await.map(Some)
    }

    /// One way of asking, and how many hypotheses it shows.
    async fn side(
        &self,
        model: &Arc<dyn LanguageModel>,
        most: Option<usize>,
    ) -> anyhow::Result<(Side, usize)> {
        let mut prompt: PromptArgs = self.args.prompt.clone();
        prompt.shown.max_hypotheses = most.or(prompt.shown.max_hypotheses);
        let kit = Kit {
            prompt: &prompt,
            seed: self.args.seed,
            model: Some(Arc::clone(model)),
            store: self.store,
            tries: Tries::default(),
        };
        let material = Material::Corpus(&self.ready.resolved, &self.ready.corpus);
        let equipped = kit.equip(METHOD, &Parameters::default(), None, material).await?;
        let prompter = equipped.tools.model.and_then(|(_, prompter)| Arc::into_inner(prompter));
        let prompter = prompter.ok_or(CorrectError::NeedsModel { method: METHOD })?;
        let classes = match &prompter.template().header().classes {
            Some(Classes::Listed(classes)) => classes.clone(),
            Some(Classes::FromData) => self.classes_of_data().await?,
            None => {
                prompter.expect(METHOD, crate::prompt::Output::Class)?;
                self.classes_of_data().await?
            }
        };
        let prompter = Arc::new(prompter.with_classes(&classes));
        let shown = prompter.max_hypotheses();
        let abilities = model.abilities();
        let by = self.args.by.unwrap_or(match abilities.scores {
            true => DecisionArg::Probability,
            false => DecisionArg::Answer,
        });
        let decision = match by {
            DecisionArg::Probability => Decision::Probability(Length::Sum),
            DecisionArg::Mean => Decision::Probability(Length::Mean),
            DecisionArg::Answer => Decision::Answer,
        };
        let mut parameters = equipped.settings;
        parameters["classes"] = json!(classes.names());
        parameters["by"] = json!(format!("{by:?}").to_lowercase());
        let identity = json!({ "settings": parameters, "version": env!("CARGO_PKG_VERSION") });
        let confusion = Confusion::new(&classes);
        let classifier = Classifier::new(Arc::clone(model), prompter, classes, decision)?;
        let new = NewCorrector {
            fingerprint: blake3::hash(identity.to_string().as_bytes()).to_hex().to_string(),
            method: METHOD.to_owned(),
            parameters,
            template: equipped.template,
            model: equipped.model,
        };
        let corrector = self.store.corrector(&new).await?;
        let side = Side {
            name: format!("{shown}-best"),
            classifier: Arc::new(classifier),
            corrector,
            writer: self.store.answer_writer(corrector),
            confusion,
            answered: 0,
            tokens: 0,
            failed: 0,
        };
        Ok((side, shown))
    }

    /// The classes that the corpus knows, from both of its splits where it has examples.
    async fn classes_of_data(&self) -> anyhow::Result<ClassSet> {
        let labels = self.store.labels(self.ready.corpus.id).await?;
        ClassSet::from_data(labels.iter().map(String::as_str)).map_err(|error| {
            let hint = match labels.len() {
                0 | 1 => "the template takes the classes from the data: give its records a field \
                     `label`, or name them in the template, as in `classes = [\"yes\", \"no\"]`"
                    .to_owned(),
                _ => error.hint().to_owned(),
            };
            let name = &self.ready.corpus.key.dataset;
            Hinted::new(format!("the labels of `{name}` are no classes: {error}"), hint).into()
        })
    }

    /// An answer for each utterance, in order; nothing where asking failed. `None` where the
    /// user interrupted it.
    async fn answers(
        &self,
        side: &mut Side,
        utterances: &[Arc<Utterance>],
    ) -> anyhow::Result<Option<Vec<Option<Answer>>>> {
        let keys: Vec<AnswerKey> = utterances.iter().map(|one| answers::key(one)).collect();
        let mut known = self.store.answers(side.corrector, &keys).await?;
        let requests = Arc::new(Semaphore::new(self.args.model.parallel as usize * AHEAD));
        let mut asked: JoinSet<(usize, Result<Classified, CorrectError>)> = JoinSet::new();
        let mut begun = HashMap::new();
        for (place, key) in keys.iter().enumerate() {
            if known.contains_key(key) || begun.insert(*key, place).is_some() {
                continue;
            }
            // Only a closed semaphore refuses, and nobody closes it.
            let permit = Arc::clone(&requests).acquire_owned().await.ok();
            if self.interrupt.is_set() {
                break;
            }
            let (classifier, utterance) =
                (Arc::clone(&side.classifier), Arc::clone(&utterances[place]));
            asked.spawn(async move {
                let result = classifier.classify(&utterance).await;
                drop(permit);
                (place, result)
            });
        }
        while let Some(done) = asked.join_next().await {
            let (place, result) = done?;
            match result {
                Ok(classified) => {
                    let answer = answer(keys[place], &classified, side.classifier.classes());
                    side.writer.put(answer.clone()).await?;
                    known.insert(keys[place], answer);
                }
                Err(error) if error.is_setup() => return Err(error.into()),
                Err(error) => tracing::warn!("{}: {error}", utterances[place].id),
            }
        }
        if self.interrupt.is_set() {
            return Ok(None);
        }
        Ok(Some(keys.iter().map(|key| known.get(key).cloned()).collect()))
    }

    /// The figures, once all is stored.
    async fn rows(&self, sides: Vec<Side>, right: &[Vec<bool>]) -> anyhow::Result<Vec<ClassRow>> {
        let key = &self.ready.corpus.key;
        let corpus = runs::corpus_name(&key.dataset, &key.subset, &key.split);
        let mut rows: Vec<ClassRow> = Vec::with_capacity(sides.len());
        for side in sides {
            side.writer.finish().await?;
            let compared = rows.first().map(|first| {
                (first.prompt.clone(), Comparison::new(right.iter().map(|both| (both[0], both[1]))))
            });
            let (baseline, comparison) = compared.unzip();
            rows.push(ClassRow {
                corpus: corpus.clone(),
                prompt: side.name,
                scores: ClassScores::new(&side.confusion),
                confusion: side.confusion,
                tokens: side.tokens as f64 / side.answered.max(1) as f64,
                failed: side.failed,
                baseline,
                comparison,
            });
        }
        Ok(rows)
    }
}

/// Counts the answers to one utterance; whether each is right, where all can be judged.
fn count(
    sides: &mut [Side],
    utterance: &Utterance,
    answers: &[Option<&Answer>],
) -> Option<Vec<bool>> {
    let mut right = Vec::with_capacity(sides.len());
    for (side, answer) in sides.iter_mut().zip(answers) {
        let Some(answer) = answer else {
            side.failed += 1;
            continue;
        };
        let classes = side.classifier.classes();
        let truth = utterance.label.as_deref().and_then(|label| classes.find(label));
        let class = classes.find(&answer.text);
        side.confusion.add(truth, class);
        side.answered += 1;
        side.tokens += u64::from(answer.prompt_tokens) + u64::from(answer.output_tokens);
        right.extend(truth.map(|truth| class == Some(truth)));
    }
    (right.len() == sides.len()).then_some(right)
}

fn line<'a>(
    sides: &'a [Side],
    utterance: &'a Utterance,
    answers: &[Option<&'a Answer>],
) -> Line<'a> {
    let told = |(side, answer): (&'a Side, &Option<&'a Answer>)| Told {
        prompt: &side.name,
        class: answer.map(|answer| answer.text.as_str()).filter(|class| !class.is_empty()),
        probability: answer.and_then(|answer| answer.logprob).map(f64::exp),
        answer: answer.filter(|answer| answer.logprob.is_none()).and_then(|one| one.raw.as_deref()),
        failed: answer.is_none(),
    };
    let answers = sides.iter().zip(answers).map(told).collect();
    Line { id: &utterance.id, label: utterance.label.as_deref(), answers }
}

fn answer(input: AnswerKey, classified: &Classified, classes: &ClassSet) -> Answer {
    let class = classified.class.map(|class| classes.names()[class].clone());
    Answer {
        input,
        verdict: if class.is_some() { "classified" } else { "no class" }.to_owned(),
        text: class.unwrap_or_default(),
        reason: None,
        raw: Some(classified.raw.clone()),
        logprob: classified.probability.map(f64::ln),
        confidences: Vec::new(),
        prompt_tokens: classified.prompt_tokens,
        output_tokens: classified.output_tokens,
        near_ties: 0,
    }
}
