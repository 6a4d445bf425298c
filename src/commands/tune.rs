//! `gec tune`: learn a profile.

use std::{io::Write, sync::Arc};

use super::{
    Context, ExitStatus, Interrupt, corpora,
    corpora::Ready,
    equip::{Kit, Material, needs_model},
    model, profiles, progress, settings, stored,
};
use crate::{
    cli::{
        runs::ListFormat,
        tune::{TuneArgs, TuningArgs},
    },
    corpus::{self, Source, Utterance},
    correct::{Parameters, Tools, Tries},
    datasets::Filter,
    store::{Corpus, Store},
    tune::{Provenance, TuneSettings, tune},
};

/// Utterances fetched from the store at a time.
const PAGE: usize = 512;

/// Runs the verb and writes what was learned to `out`.
///
/// # Errors
/// Where there is too little to learn from, and where `gec run` could not run either.
pub(super) async fn run(
    args: &TuneArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    check_name(&args.save)?;
    let parameters = settings::parameters(&args.settings, Parameters::default());
    super::run::check_methods(&[], &parameters)?;
    let filter = args.filter.as_deref().map(str::parse::<Filter>).transpose()?;
    let found = stored::find_split(&args.dataset, args.split.as_deref(), "train", context).await?;
    let interrupt = Interrupt::listen();
    let store = Store::open(&context.db).await?;
    let ready = corpora::bring_in(found, &args.asr, false, &store, context, &interrupt).await?;
    let Some(ready) = ready else {
        store.close().await?;
        return Ok(ExitStatus::Interrupted);
    };
    let mut utterances = Vec::new();
    for Ready { corpus, .. } in &ready {
        utterances.extend(all(corpus, &store).await?);
    }
    if let Some(filter) = &filter {
        utterances.retain(|utterance| filter.matches(utterance));
    }
    utterances.truncate(args.limit.unwrap_or(usize::MAX));

    let wants_model = !args.no_model && needs_model("cascade", &parameters, None);
    let model = match wants_model {
        true => Some(model::load(&args.model, context).await?),
        false => None,
    };
    let tries = Tries::default();
    let kit = Kit { prompt: &args.prompt, seed: args.settings.seed, model, store: &store, tries };
    let Some(first) = ready.first() else { return Ok(ExitStatus::Incomplete) };
    let equipped = kit
        .equip("cascade", &parameters, None, Material::Corpus(&first.resolved, &first.corpus))
        .await?;
    let provenance = provenance(&ready);
    let tuned = learn(
        utterances,
        &equipped.tools,
        &args.tuning,
        args.settings.inner.clone(),
        args.model.parallel,
        provenance,
        context,
        &interrupt,
    )
    .await?;
    let Some(profile) = tuned else {
        store.close().await?;
        context.note("interrupted: nothing was saved");
        return Ok(ExitStatus::Interrupted);
    };
    store.save_profile(&args.save, &profile.to_json()).await?;
    store.close().await?;
    match args.format {
        ListFormat::Json => writeln!(out, "{}", profile.to_json())?,
        ListFormat::Table => profiles::show(&profile, args.calibration, out)?,
    }
    context.note(&format!("saved as `{0}`: use it with `--profile {0}`", args.save));
    let bad: u64 = ready.iter().map(|ready| ready.bad).sum();
    Ok((bad == 0).into())
}

/// A name must be one that `--profile` can find again.
fn check_name(name: &str) -> anyhow::Result<()> {
    let plain = |one: char| one.is_alphanumeric() || matches!(one, '-' | '_');
    if !name.is_empty() && name.chars().all(plain) {
        return Ok(());
    }
    Err(super::failure::Hinted::new(
        format!("`{name}` cannot be the name of a profile"),
        "use letters, digits, `-` and `_`; `/` and `.` make a path",
    )
    .into())
}

/// Where the utterances of a profile come from.
fn provenance(ready: &[Ready]) -> Provenance {
    let joined = |of: fn(&Corpus) -> &String, mark: &str| {
        let mut all: Vec<&str> = ready.iter().map(|ready| of(&ready.corpus).as_str()).collect();
        all.dedup();
        all.join(mark)
    };
    Provenance {
        dataset: joined(|corpus| &corpus.key.dataset, ","),
        subset: joined(|corpus| &corpus.key.subset, ","),
        split: joined(|corpus| &corpus.key.split, ","),
        checksum: joined(|corpus| &corpus.key.checksum, "+"),
        ..Provenance::default()
    }
}

#[expect(clippy::too_many_arguments, reason = "two call sites, all of it needed")]
/// Learns, and tells how it goes. `None` where the user interrupted it.
pub(super) async fn learn(
    utterances: Vec<Utterance>,
    tools: &Tools,
    args: &TuningArgs,
    inner: Option<String>,
    parallel: u32,
    provenance: Provenance,
    context: &Context,
    interrupt: &Interrupt,
) -> anyhow::Result<Option<crate::tune::Profile>> {
    let defaults = TuneSettings::default();
    let tuning = TuneSettings {
        // A method that was typed, or that a template decides, is the only one.
        inners: inner.map_or(defaults.inners, |inner| vec![inner]),
        folds: args.folds as usize,
        seed: args.tune_seed,
        search: args.search as usize,
        width: parallel as usize * 2,
        rewrite: !args.no_rewrite,
        variants: !args.no_variants,
        unseen: args.unseen.as_deref().map(references).transpose()?,
    };
    let spinner = progress::spinner(context.progress, "tuning".into());
    let tell = |line: &str| {
        tracing::info!("{line}");
        spinner.set_message(line.to_owned());
    };
    let result = tokio::select! {
        result = tune(utterances, tools, &tuning, provenance, &tell) => Some(result),
        () = interrupt.wait() => None,
    };
    spinner.finish_and_clear();
    Ok(result.transpose()?)
}

/// All utterances of a corpus, with what the recogniser believed.
pub(super) async fn all(corpus: &Corpus, store: &Store) -> anyhow::Result<Vec<Utterance>> {
    let mut utterances = Vec::new();
    let mut after = 0;
    loop {
        let page = store.recorded_page(corpus.id, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(utterances) };
        after = last.position;
        utterances.extend(page.into_iter().map(|item| item.utterance));
    }
}

/// Learns on the corpus itself: a profile for each of `parts` parts, learned from the others,
/// and the part of each resampling key. `None` where the user interrupted it.
#[expect(clippy::too_many_arguments, reason = "one call site, all of it needed")]
pub(super) async fn cross(
    parts: usize,
    tools: &Tools,
    ready: &Ready,
    args: &TuningArgs,
    inner: Option<String>,
    parallel: u32,
    store: &Store,
    context: &Context,
    interrupt: &Interrupt,
) -> anyhow::Result<Option<Crossed>> {
    let utterances = all(&ready.corpus, store).await?;
    let keys: Vec<&str> = utterances.iter().map(Utterance::resampling_key).collect();
    let part_of = crate::learn::folds(&keys, parts, args.tune_seed);
    let mut profiles = Vec::with_capacity(parts);
    for part in 0..parts {
        context.note(&format!(
            "tuning for part {} of {parts} of {}:{}",
            part + 1,
            ready.corpus.key.dataset,
            ready.corpus.key.subset
        ));
        let others = utterances
            .iter()
            .zip(&part_of)
            .filter(|(_, other)| **other != part)
            .map(|(utterance, _)| utterance.clone())
            .collect();
        let provenance = provenance(std::slice::from_ref(ready));
        let learned =
            learn(others, tools, args, inner.clone(), parallel, provenance, context, interrupt)
                .await?;
        let Some(profile) = learned else { return Ok(None) };
        profiles.push(Arc::new(profile));
    }
    let part_of = keys.into_iter().map(str::to_owned).zip(part_of).collect();
    Ok(Some(Crossed { profiles, part_of }))
}

/// See [`cross`].
#[derive(Clone)]
pub(super) struct Crossed {
    pub(super) profiles: Vec<Arc<crate::tune::Profile>>,
    pub(super) part_of: std::collections::HashMap<String, usize>,
}

/// The references of a file, as [`TuneSettings::unseen`] takes them.
fn references(path: &std::path::Path) -> anyhow::Result<std::collections::HashSet<String>> {
    let source = Source::File(path.to_owned());
    let mut references = std::collections::HashSet::new();
    for utterance in corpus::open(&source, None)? {
        let reference: Option<String> = utterance?.reference;
        references.extend(reference.map(|text| TuneSettings::reference_key(&text)));
    }
    Ok(references)
}
