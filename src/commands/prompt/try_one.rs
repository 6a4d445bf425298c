//! `gec prompt try`: one utterance, step by step.

use std::{io::Write, sync::Arc, time::Instant};

use serde::Serialize;

use super::{pick, render::quoted};
use crate::{
    cli::{prompt::TryArgs, runs::ListFormat},
    commands::{
        Context, ExitStatus,
        equip::{Kit, Material, needs_model},
        model, run, runs, settings,
    },
    correct::{self, Parameters, Proposal, Tries},
    llm::{
        LanguageModel,
        trace::{Event, Traced, TracedStep},
    },
    report::printable,
    score::word_counts,
    store::{Store, StoredUtterance},
};

#[derive(Serialize)]
struct Tried {
    utterance: String,
    method: String,
    template: Option<String>,
    model: Option<String>,
    hypotheses: Vec<String>,
    reference: Option<String>,
    /// What counts, and what became of it.
    text: String,
    verdict: &'static str,
    reason: Option<String>,
    /// What the model wrote.
    raw: Option<String>,
    /// Word errors of the 1-best and of the text; `null` without a reference.
    errors_1best: Option<u64>,
    errors: Option<u64>,
    prompt_tokens: u32,
    output_tokens: u32,
    seconds: f64,
    requests: Vec<Event>,
}

pub(super) async fn run(
    args: &TryArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let mut parameters = settings::parameters(&args.settings, Parameters::default());
    run::check_methods(std::slice::from_ref(&args.method), &parameters)?;
    let store = Store::open(&context.db).await?;
    let picked = pick(&args.utterance, &store, context).await?;
    let Some((ready, stored)) = picked else {
        store.close().await?;
        return Ok(ExitStatus::Interrupted);
    };
    let traced = match needs_model(&args.method, &parameters, None) {
        true => Some(Arc::new(Traced::new(model::load(&args.model, context).await?))),
        false => None,
    };
    let model = traced.clone().map(|model| model as Arc<dyn LanguageModel>);
    if args.method == "cascade" {
        settings::fit(&args.settings, &mut parameters, model.as_deref(), context);
    }
    let kit = Kit {
        prompt: &args.prompt,
        seed: args.settings.seed,
        model,
        store: &store,
        tries: Tries::default(),
    };
    let material = Material::Corpus(&ready.resolved, &ready.corpus);
    let equipped = kit.equip(&args.method, &parameters, None, material).await?;
    let template = equipped
        .tools
        .model
        .as_ref()
        .map(|(_, prompter)| prompter.template().header().name.clone());
    let method = correct::build(&args.method, &equipped.tools)?;
    let started = Instant::now();
    let proposal = method.propose(&stored.utterance).await?;
    let seconds = started.elapsed().as_secs_f64();
    store.close().await?;
    let requests = traced.as_ref().map(|traced| traced.events()).unwrap_or_default();
    let name = traced.as_ref().map(|traced| traced.info().name.clone());
    let tried = tried(&stored, args, proposal, requests, (template, name), seconds);
    match args.format {
        ListFormat::Json => runs::write_json(&tried, out)?,
        ListFormat::Table => table(&tried, out)?,
    }
    Ok(ExitStatus::Done)
}

fn tried(
    stored: &StoredUtterance,
    args: &TryArgs,
    proposal: Proposal,
    requests: Vec<Event>,
    (template, model): (Option<String>, Option<String>),
    seconds: f64,
) -> Tried {
    let utterance = &stored.utterance;
    let errors = |text: &str| {
        let reference = utterance.reference.as_deref()?;
        Some(word_counts(reference, text).errors())
    };
    Tried {
        utterance: utterance.id.clone(),
        method: args.method.clone(),
        template,
        model,
        hypotheses: utterance.nbest.iter().map(|one| one.text.clone()).collect(),
        reference: utterance.reference.clone(),
        errors_1best: errors(utterance.one_best()),
        errors: errors(&proposal.text),
        text: proposal.text,
        verdict: proposal.verdict.as_str(),
        reason: proposal.reason,
        raw: proposal.raw,
        prompt_tokens: proposal.prompt_tokens,
        output_tokens: proposal.output_tokens,
        seconds,
        requests,
    }
}

fn table(tried: &Tried, out: &mut dyn Write) -> anyhow::Result<()> {
    let with_errors = |text: &str, errors: Option<u64>| match errors {
        Some(1) => format!("{text}   (1 word wrong)"),
        Some(count) => format!("{text}   ({count} words wrong)"),
        None => text.to_owned(),
    };
    let mut fields = vec![("utterance", tried.utterance.clone()), ("method", tried.method.clone())];
    if let (Some(template), Some(model)) = (&tried.template, &tried.model) {
        fields.push(("template", template.clone()));
        fields.push(("model", model.clone()));
    }
    for (place, text) in tried.hypotheses.iter().enumerate() {
        let (name, errors) = match place {
            0 => ("heard", tried.errors_1best),
            _ => ("", None),
        };
        fields.push((name, with_errors(text, errors)));
    }
    fields.push(("written", tried.raw.clone().unwrap_or_else(|| "-".to_owned())));
    let verdict = match &tried.reason {
        Some(reason) => format!("{}: {reason}", tried.verdict),
        None => tried.verdict.to_owned(),
    };
    fields.push(("verdict", verdict));
    fields.push(("result", with_errors(&tried.text, tried.errors)));
    if let Some(reference) = &tried.reference {
        fields.push(("reference", reference.clone()));
    }
    let (read, written) = (tried.prompt_tokens, tried.output_tokens);
    fields.push(("cost", format!("{read} and {written} tokens, {:.3} s", tried.seconds)));
    runs::write_fields(&fields, out)?;
    for (number, request) in tried.requests.iter().enumerate() {
        writeln!(out)?;
        match request {
            Event::Generate { steps } if steps.is_empty() => {
                writeln!(
                    out,
                    "request {}: decoded by the server, step by step unknown",
                    number + 1
                )?;
            }
            Event::Generate { steps } => {
                writeln!(out, "request {}: decoding", number + 1)?;
                writeln!(
                    out,
                    "  {:16} {:>7} {:>5} {:>7}  the model alone",
                    "token", "model", "rank", "fused"
                )?;
                for step in steps {
                    writeln!(out, "{}", line(step))?;
                }
            }
            Event::Score { continuations } => {
                writeln!(out, "request {}: scoring", number + 1)?;
                for one in continuations {
                    writeln!(out, "  {:>9.3}  {}", one.logprob, quoted(&one.text))?;
                }
            }
        }
    }
    Ok(())
}

fn line(step: &TracedStep) -> String {
    let mark = if step.rank > 0 { '*' } else { ' ' };
    let token = match &step.token {
        Some(token) if step.end => token.clone(),
        Some(token) => quoted(token),
        None => "(nothing left)".to_owned(),
    };
    let fused = step.fused.map_or_else(|| "-".to_owned(), |fused| format!("{fused:.4}"));
    let alternatives: Vec<String> = step
        .alternatives
        .iter()
        .take(3)
        .map(|one| format!("{} {:.3}", printable(&format!("{:?}", one.token)), one.probability))
        .collect();
    format!(
        "{mark} {token:16} {:>7.4} {:>5} {fused:>7}  {}",
        step.probability,
        step.rank + 1,
        alternatives.join(", ")
    )
}
