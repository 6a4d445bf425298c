//! `gec prompt`: templates, looked at and tried.

mod check;
mod classify;
mod evolve;
mod list;
mod render;
mod sweep;
mod try_one;

use std::io::Write;

use super::{
    Context, ExitStatus, Interrupt,
    corpora::{self, Ready},
    failure::Hinted,
    stored,
};
use crate::{
    classify::{ClassSet, Classes},
    cli::{
        prompt::{PromptCommand, PromptVerbArgs, UtteranceArgs},
        transcribe::AsrArgs,
    },
    correct::Prompter,
    llm::ModelInfo,
    prompt::{CHATML, Form, Template},
    store::{Store, StoredUtterance},
};

/// Utterances fetched from the store at a time.
const PAGE: usize = 512;

/// Runs the verb and writes its result to `out`.
///
/// # Errors
/// Where a template, a corpus or a model is not to be had.
pub(super) async fn run(
    args: &PromptVerbArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    match &args.command {
        PromptCommand::List { format } => list::list(*format, out),
        PromptCommand::Show { template } => list::show(template, out),
        PromptCommand::Render(args) => render::run(args, context, out).await,
        PromptCommand::Check(args) => check::run(args, context, out).await,
        PromptCommand::Try(args) => try_one::run(args, context, out).await,
        PromptCommand::Classify(args) => classify::run(args, context, out).await,
        PromptCommand::Sweep(args) => sweep::run(args, context, out).await,
        PromptCommand::Evolve(args) => evolve::run(args, context, out).await,
    }
}

/// The corpora of a name, in the store. `None` where the user interrupted it.
async fn ready(
    spec: &str,
    split: Option<&str>,
    asr: &AsrArgs,
    store: &Store,
    context: &Context,
) -> anyhow::Result<Option<Vec<Ready>>> {
    let found = stored::find_split(spec, split, "test", context).await?;
    let interrupt = Interrupt::listen();
    corpora::bring_in(found, asr, false, store, context, &interrupt).await
}

/// The one corpus of a name, a split and the split to take where none is named, in the store.
/// `None` where the user interrupted it.
async fn one(
    (spec, split, usual): (&str, Option<&str>, &str),
    asr: &AsrArgs,
    store: &Store,
    context: &Context,
) -> anyhow::Result<Option<Ready>> {
    let found = stored::find_split(spec, split, usual, context).await?;
    let several = match &found {
        stored::Found::Files(files) => files.len() != 1,
        stored::Found::Stored(corpora) => corpora.len() != 1,
    };
    if several {
        return Err(Hinted::new(
            format!("`{spec}` is several corpora"),
            "this works on one; name one subset, such as `hp:atis`, and a split",
        )
        .into());
    }
    let interrupt = Interrupt::listen();
    let ready = corpora::bring_in(found, asr, false, store, context, &interrupt).await?;
    Ok(ready.and_then(|mut ready| ready.pop()))
}

/// The utterance that was asked for and its corpus. `None` where the user interrupted it.
async fn pick(
    args: &UtteranceArgs,
    store: &Store,
    context: &Context,
) -> anyhow::Result<Option<(Ready, StoredUtterance)>> {
    let spec = &args.dataset;
    let Some(ready) = ready(spec, args.split.as_deref(), &args.asr, store, context).await? else {
        return Ok(None);
    };
    let wanted = args.utterance.as_deref();
    let number = wanted.and_then(|wanted| wanted.parse::<i64>().ok());
    let mut fallback = None;
    for ready in ready {
        let mut after = 0;
        loop {
            let page = store.recorded_page(ready.corpus.id, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.position;
            for one in page {
                let is_it = match wanted {
                    Some(id) => one.utterance.id == id,
                    None => one.utterance.nbest.len() > 1,
                };
                if is_it {
                    return Ok(Some((ready, one)));
                }
                let is_numbered = number.map_or(wanted.is_none(), |number| number == one.position);
                if is_numbered && fallback.is_none() {
                    fallback = Some((ready.resolved.clone(), ready.corpus.clone(), one));
                }
            }
        }
    }
    if let Some((resolved, corpus, one)) = fallback {
        return Ok(Some((Ready { resolved, corpus, bad: 0 }, one)));
    }
    Err(Hinted::new(
        match wanted {
            Some(wanted) => format!("`{spec}` has no utterance `{wanted}`"),
            None => format!("`{spec}` has no utterances"),
        },
        "name one by its id or by its number from 1; `gec export --dataset SPEC` prints them",
    )
    .into())
}

/// Names the classes of a corpus where the template leaves them to the data and the data has
/// some, so that a prompt can be looked at.
async fn with_classes(
    prompter: Prompter,
    ready: &Ready,
    store: &Store,
) -> anyhow::Result<Prompter> {
    if prompter.template().header().classes != Some(Classes::FromData) {
        return Ok(prompter);
    }
    let labels = store.labels(ready.corpus.id).await?;
    Ok(match ClassSet::from_data(labels.iter().map(String::as_str)) {
        Ok(classes) => prompter.with_classes(&classes),
        Err(_) => prompter,
    })
}

/// What is known of a model, with a layout for messages where it has none of its own, so that
/// a chat template can be looked at all the same; and whether that was needed.
fn laid_out(info: &ModelInfo, template: &Template) -> (ModelInfo, bool) {
    let mut info = info.clone();
    let missing = info.chat_template.is_none() && template.header().form == Form::Chat;
    if missing {
        info.chat_template = Some(CHATML.to_owned());
    }
    (info, missing)
}
