//! `gec profiles list | show | delete`, and profiles as other verbs use them.

use std::{io::Write, path::Path};

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::{
    Context, ExitStatus,
    failure::Hinted,
    runs::{corpus_name, printable, write_fields, write_json, write_table},
};
use crate::{
    cli::{
        runs::ListFormat,
        tune::{ProfilesArgs, ProfilesCommand},
    },
    correct::Learned,
    fusion::Reliability,
    learn::Acceptance,
    llm::LanguageModel,
    store::{Corpus, Store},
    tune::{Calibrated, Profile},
};

/// Utterances fetched from the store at a time.
const PAGE: usize = 512;

/// Above this share of known references a corpus counts as the one tuned on.
const SAME: f64 = 0.5;

/// Runs the verb and writes its result to `out`.
///
/// # Errors
/// Where there is no such profile, or the database or `out` fails.
pub(super) async fn run(
    args: &ProfilesArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let store = Store::open(&context.db).await?;
    match &args.command {
        ProfilesCommand::List { format } => list(&store, *format, out).await?,
        ProfilesCommand::Show { profile, calibration, format } => {
            let named = load(profile, &store).await?;
            match format {
                ListFormat::Json => writeln!(out, "{}", named.profile.to_json())?,
                ListFormat::Table => show(&named.profile, *calibration, out)?,
            }
        }
        ProfilesCommand::Delete { profile } => {
            let count = store.delete_profile(profile).await?;
            if count == 0 {
                return Err(unknown(profile, &store).await?);
            }
            writeln!(out, "deleted profile {}", printable(profile))?;
        }
    }
    store.close().await?;
    Ok(ExitStatus::Done)
}

/// A profile and what it is called.
pub(super) struct Named {
    pub(super) name: String,
    pub(super) hash: String,
    pub(super) profile: Profile,
}

/// Finds a profile by its name in the store, or reads a file.
pub(super) async fn load(name: &str, store: &Store) -> anyhow::Result<Named> {
    let path = Path::new(name);
    let is_path = name.contains(['/', '.']) || name.contains(std::path::MAIN_SEPARATOR);
    if is_path {
        let content = fs_err::read_to_string(path)?;
        let stem = path.file_stem().map_or(name.into(), |stem| stem.to_string_lossy());
        let profile = Profile::from_json(&content)?;
        // A copy in the store, so that runs made with it can be understood.
        let hash = store.save_profile(name, &content).await?;
        return Ok(Named { name: stem.into_owned(), hash, profile });
    }
    let Some(stored) = store.profile(name).await? else {
        return Err(unknown(name, store).await?);
    };
    let profile = Profile::from_json(&stored.content)?;
    Ok(Named { name: stored.name, hash: stored.hash, profile })
}

async fn unknown(name: &str, store: &Store) -> anyhow::Result<anyhow::Error> {
    let known: Vec<String> = store.profiles().await?.into_iter().map(|known| known.name).collect();
    let hint = if known.is_empty() {
        "learn one with `gec tune --dataset SPEC --split train --save NAME`".to_owned()
    } else {
        format!("profiles are {}", known.join(", "))
    };
    Ok(Hinted::new(format!("there is no profile `{name}`"), hint).into())
}

/// How a corpus relates to what a profile was learned from.
pub(super) struct Overlap {
    /// Utterances whose reference the profile has seen.
    pub(super) known: u64,
    pub(super) total: u64,
    /// Whether it is the corpus that was tuned on.
    pub(super) same: bool,
}

impl Overlap {
    /// What every table of the run says about it; `None` where there is none.
    pub(super) fn note(&self, name: &str) -> Option<String> {
        if self.same {
            return Some(format!(
                "TUNED ON THESE DATA: profile `{name}` was learned from them, so the figures \
                 say nothing about other data"
            ));
        }
        (self.known > 0).then(|| {
            format!(
                "{} of {} utterances have a reference that profile `{name}` was learned from",
                self.known, self.total
            )
        })
    }
}

/// Looks for the profile's sentences in a corpus.
pub(super) async fn overlap(
    profile: &Profile,
    corpus: &Corpus,
    store: &Store,
) -> anyhow::Result<Overlap> {
    let (mut known, mut total, mut after) = (0, 0, 0);
    loop {
        let page = store.page(corpus.id, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.position;
        total += page.len() as u64;
        known +=
            page.iter().filter(|item| profile.provenance.knows(&item.utterance)).count() as u64;
    }
    let same = profile.provenance.checksum.split('+').any(|one| one == corpus.key.checksum)
        || known as f64 > SAME * total as f64;
    Ok(Overlap { known, total, same })
}

async fn list(store: &Store, format: ListFormat, out: &mut dyn Write) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct List {
        rows: Vec<Line>,
    }
    #[derive(Serialize)]
    struct Line {
        name: String,
        hash: String,
        dataset: String,
        subset: String,
        split: String,
        utterances: usize,
        inner: String,
        model: Option<String>,
        rules: usize,
        wer_before: Option<f64>,
        wer_after: Option<f64>,
        created_at: i64,
    }
    let mut rows = Vec::new();
    for stored in store.profiles().await? {
        let Ok(profile) = Profile::from_json(&stored.content) else {
            tracing::warn!("profile `{}` is of another version", stored.name);
            continue;
        };
        let Profile { provenance, stages, learned, .. } = profile;
        rows.push(Line {
            name: stored.name,
            hash: stored.hash,
            dataset: provenance.dataset,
            subset: provenance.subset,
            split: provenance.split,
            utterances: provenance.utterances,
            inner: provenance.inner,
            model: provenance.model,
            rules: learned.rewrite.len(),
            wer_before: stages.first().and_then(|stage| stage.wer),
            wer_after: stages.last().and_then(|stage| stage.wer),
            created_at: stored.created_at,
        });
    }
    if format == ListFormat::Json {
        return write_json(&List { rows }, out);
    }
    let header = ["name", "learned from", "utterances", "method", "model", "rules", "WER"];
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    for row in rows {
        let wer = |wer: Option<f64>| wer.map_or_else(|| "-".into(), |wer| format!("{wer:.2}"));
        table.add_row([
            printable(&row.name),
            printable(&corpus_name(&row.dataset, &row.subset, &row.split)),
            row.utterances.to_string(),
            printable(&row.inner),
            row.model.as_deref().map_or_else(|| "-".into(), printable),
            row.rules.to_string(),
            format!("{} -> {}", wer(row.wer_before), wer(row.wer_after)),
        ]);
    }
    write_table(&table, out)
}

/// A profile for people.
pub(super) fn show(
    profile: &Profile,
    calibration: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Profile { provenance, learned, .. } = profile;
    let mut fields = vec![
        (
            "learned from",
            format!(
                "{}: {} utterances in {} groups",
                corpus_name(&provenance.dataset, &provenance.subset, &provenance.split),
                provenance.utterances,
                provenance.groups
            ),
        ),
        ("model", provenance.model.clone().unwrap_or_else(|| "-".into())),
        ("template", provenance.template.clone().unwrap_or_else(|| "-".into())),
        ("method", provenance.inner.clone()),
        ("folds", format!("{}, by reference, seed {}", provenance.folds, provenance.seed)),
        ("rewrite", format!("{} rules", learned.rewrite.len())),
        (
            "variants",
            match &learned.variants {
                None => "none: they were no gain".into(),
                Some(variants) if variants.choice_with_model.is_some() => {
                    "chosen with the language model".into()
                }
                Some(_) => "chosen without a language model".into(),
            },
        ),
    ];
    for searched in &profile.searched {
        let tried: Vec<String> = searched
            .tried
            .iter()
            .map(|choice| format!("{:.3} {}", choice.value, choice.errors))
            .collect();
        fields.push((
            &searched.setting,
            format!("{:.3}  (value and word errors: {})", searched.chosen, tried.join(", ")),
        ));
    }
    let rule = match &learned.acceptance {
        Acceptance::Never => "never: the model's help is no clear gain here".to_owned(),
        Acceptance::Always => "always".to_owned(),
        Acceptance::When { threshold, .. } => {
            format!("where it is better with a probability of at least {threshold:.3}")
        }
    };
    fields.push(("accept", rule));
    write_fields(&fields, out)?;
    writeln!(out)?;

    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(["stage", "WER", "errors", "words"]);
    for stage in &profile.stages {
        table.add_row([
            stage.name.clone(),
            stage.wer.map_or_else(|| "-".into(), |wer| format!("{wer:.2}")),
            stage.errors.to_string(),
            stage.words.to_string(),
        ]);
    }
    write(&mut table, 1, out)?;
    writeln!(
        out,
        "WER in percent (no normaliser, Levenshtein alignment, whole corpus); each utterance is \
         corrected by what was learned from others."
    )?;
    if let Some(calibrations) = &profile.calibrations {
        writeln!(out)?;
        let mut table = Table::new();
        let header = ["confidence of", "temperature", "count", "ECE before", "ECE after"];
        table.load_style(presets::NOTHING).set_header(header);
        let mut diagrams: Vec<(&str, &Reliability, &Reliability)> = Vec::new();
        let mut add =
            |name: &'static str, tau: String, before: &Reliability, after: &Reliability| {
                table.add_row([
                    name.to_owned(),
                    tau,
                    before.total().count.to_string(),
                    format!("{:.4}", before.expected_error()),
                    format!("{:.4}", after.expected_error()),
                ]);
            };
        let tau = |calibrated: &Calibrated| {
            let mark = if calibrated.at_limit { " (limit)" } else { "" };
            format!("{:.3}{mark}", calibrated.tau)
        };
        let model = &calibrations.language_model;
        add("the model's next token", tau(model), &model.before, &model.after);
        diagrams.push(("the model's next token", &model.before, &model.after));
        let recogniser = &calibrations.recogniser;
        add("the recogniser's words", tau(recogniser), &recogniser.before, &recogniser.after);
        diagrams.push(("the recogniser's words", &recogniser.before, &recogniser.after));
        if let Some(words) = &calibrations.words {
            add("the words written", tau(words), &words.before, &words.after);
            diagrams.push(("the words written", &words.before, &words.after));
        }
        write(&mut table, 1, out)?;
        writeln!(
            out,
            "ECE: expected calibration error (10 bins), before and after the temperature. The \
             recogniser's multiplies that of its scores; that of the words written acts on their \
             confidences alone."
        )?;
        if calibration {
            for (name, before, after) in diagrams {
                diagram(name, before, after, out)?;
            }
        }
    }
    Ok(())
}

/// The bins of a reliability diagram before and after, side by side.
fn diagram(
    name: &str,
    before: &Reliability,
    after: &Reliability,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    writeln!(out, "\n{name}")?;
    let mut table = Table::new();
    let header =
        ["bin", "count", "confidence", "right", "count after", "confidence after", "right after"];
    table.load_style(presets::NOTHING).set_header(header);
    let bins = before.bins().len();
    let shown =
        |value: Option<f64>| value.map_or_else(|| "-".into(), |value| format!("{value:.3}"));
    for (place, (one, other)) in before.bins().iter().zip(after.bins()).enumerate() {
        let edge = |place: usize| place as f64 / bins as f64;
        table.add_row([
            format!("{:.1} to {:.1}", edge(place), edge(place + 1)),
            one.count.to_string(),
            shown(one.confidence()),
            shown(one.accuracy()),
            other.count.to_string(),
            shown(other.confidence()),
            shown(other.accuracy()),
        ]);
    }
    write(&mut table, 1, out)
}

fn write(table: &mut Table, first_number: usize, out: &mut dyn Write) -> anyhow::Result<()> {
    for (index, column) in table.column_iter_mut().enumerate() {
        if index >= first_number {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    write_table(table, out)
}

/// What a profile has learned, for this model: what another model's opinion is worth says
/// nothing about it.
pub(super) fn learned(profile: &Profile, model: Option<&dyn LanguageModel>) -> Learned {
    let mut learned = profile.learned.clone();
    let same = model.map(|model| &model.info().hash) == profile.provenance.model_hash.as_ref();
    if let Some(variants) = learned.variants.as_mut().filter(|_| !same) {
        variants.choice_with_model = None;
    }
    learned
}
