//! `gec prompt render`: one prompt as text and as tokens.

use std::{collections::HashMap, io::Write};

use serde::Serialize;

use super::{laid_out, list, pick, with_classes};
use crate::{
    cli::{prompt::RenderArgs, runs::ListFormat},
    commands::{Context, ExitStatus, equip::Material, model, runs},
    correct,
    llm::{LanguageModel, TokenId},
    prompt::Template,
    report::printable,
    store::Store,
};

#[derive(Serialize)]
struct Rendered {
    template: String,
    template_hash: String,
    model: String,
    utterance: String,
    /// Distinct hypotheses of the list, and how many of them are shown.
    hypotheses: usize,
    hypotheses_shown: usize,
    examples_shown: usize,
    /// Tokens of the prompt.
    tokens: usize,
    /// Tokens that an answer may take beside it.
    answer_tokens: usize,
    /// Tokens that both may take.
    context: usize,
    /// Tokens of the prompt by kind.
    special_tokens: usize,
    text: String,
    /// Byte ranges of `text` that came from data.
    data: Vec<[usize; 2]>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pieces: Vec<Token>,
}

#[derive(Serialize)]
struct Token {
    id: TokenId,
    text: String,
}

pub(super) async fn run(
    args: &RenderArgs,
    context: &Context,
    out: &mut dyn Write,
) -> anyhow::Result<ExitStatus> {
    let store = Store::open(&context.db).await?;
    let picked = pick(&args.utterance, &store, context).await?;
    let Some((ready, stored)) = picked else {
        store.close().await?;
        return Ok(ExitStatus::Interrupted);
    };
    let model = model::load(&args.model, context).await?;
    let material = Material::Corpus(&ready.resolved, &ready.corpus);
    let mut prompt = args.prompt.clone();
    if prompt.template.is_none() {
        let listed = model::default_template("generate", "generate", model.info(), true);
        prompt.template = Some(listed);
    }
    let template = Template::load(prompt.template.as_deref().unwrap_or_default())?;
    let (info, missing) = laid_out(model.info(), &template);
    let prompter = model::prompter(&prompt, args.seed, ("generate", "generate"), &info, material)?;
    let prompter = with_classes(prompter, &ready, &store).await?;
    let utterance = &stored.utterance;
    let answer = correct::answer_budget(model.as_ref(), &prompter, utterance);
    let made = prompter.prompt(model.as_ref(), utterance, answer)?;
    let specials = specials(model.as_ref());
    let token = |&id: &TokenId| {
        let special = specials.get(&id).map(|text| (*text).to_owned());
        Token { id, text: special.unwrap_or_else(|| model.vocab().decode(&[id])) }
    };
    let rendered = Rendered {
        template: template.header().name.clone(),
        template_hash: template.hash(),
        model: model.info().name.clone(),
        utterance: utterance.id.clone(),
        hypotheses: utterance.nbest.len(),
        hypotheses_shown: made.hypotheses,
        examples_shown: made.examples,
        tokens: made.tokens.len(),
        answer_tokens: answer,
        context: model.context_size(),
        special_tokens: made.tokens.iter().filter(|id| specials.contains_key(id)).count(),
        data: made.text.untrusted.iter().map(|range| [range.start, range.end]).collect(),
        pieces: if args.tokens { made.tokens.iter().map(token).collect() } else { Vec::new() },
        text: made.text.text,
    };
    store.close().await?;
    if missing {
        context.note(&format!(
            "model `{}` has no chat template: the messages are laid out as ChatML, and `gec run` \
             will refuse this template with it",
            model.info().name
        ));
    }
    match args.format {
        ListFormat::Json => runs::write_json(&rendered, out)?,
        ListFormat::Table => table(&rendered, &template, out)?,
    }
    Ok(ExitStatus::Done)
}

/// The texts of the special tokens: as part of a text they are nothing.
fn specials(model: &dyn LanguageModel) -> HashMap<TokenId, &str> {
    let alone = |text: &String| match model.tokenize(text, true)[..] {
        [id] => Some(id),
        _ => None,
    };
    let texts = model.vocab().specials();
    texts.iter().filter_map(|text| Some((alone(text)?, text.as_str()))).collect()
}

fn table(rendered: &Rendered, template: &Template, out: &mut dyn Write) -> anyhow::Result<()> {
    let header = template.header();
    let data: usize = rendered.data.iter().map(|[from, to]| to - from).sum();
    let fields = [
        ("template", format!("{} ({})", rendered.template, template.origin())),
        ("form", format!("{}, answers {}", list::form(header.form), header.output.name())),
        ("model", rendered.model.clone()),
        ("utterance", rendered.utterance.clone()),
        ("hypotheses", format!("{} of {}", rendered.hypotheses_shown, rendered.hypotheses)),
        ("examples", rendered.examples_shown.to_string()),
        (
            "tokens",
            format!(
                "{} and at most {} of the answer, of {}",
                rendered.tokens, rendered.answer_tokens, rendered.context
            ),
        ),
        ("bytes", format!("{}, {data} of them data", rendered.text.len())),
    ];
    runs::write_fields(&fields, out)?;
    writeln!(out)?;
    for line in rendered.text.split('\n') {
        writeln!(out, "{}", printable(line))?;
    }
    if !rendered.pieces.is_empty() {
        writeln!(out)?;
        for (place, token) in rendered.pieces.iter().enumerate() {
            writeln!(out, "{:>5}  {:>7}  {}", place + 1, token.id, quoted(&token.text))?;
        }
    }
    Ok(())
}

/// A token's text so that its spaces and line ends can be seen.
pub(super) fn quoted(text: &str) -> String {
    printable(&format!("{text:?}"))
}
