//! From options to a loaded model and the prompts it is asked with.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use etcetera::BaseStrategy;

use super::{
    Context,
    equip::Material,
    examples::{self, Examples},
    failure::Hinted,
    progress,
};
use crate::{
    cli::{
        backend::BackendArgs,
        run::{DraftsArg, ModelArgs, PromptArgs},
    },
    correct::Prompter,
    llm::{
        LanguageModel, ModelInfo,
        llama::{Drafts, Llama, LlamaOptions},
        openai::{Api, OpenAi, OpenAiOptions, Retry},
        shipped,
    },
    prompt::{ChatTemplate, ExampleChoice, Form, PromptError, Selection, Template},
};

/// Loads the model that was asked for, else the shipped one, or connects to a server.
pub(super) async fn load(
    args: &ModelArgs,
    context: &Context,
) -> anyhow::Result<Arc<dyn LanguageModel>> {
    if args.backend.is_server() {
        return connect(args, context).await;
    }
    let path = match &args.model {
        Some(path) => path.clone(),
        None => shipped::unpack(&cache_folder()?)?,
    };
    let options = LlamaOptions {
        lora: args.lora.clone(),
        gpu_layers: args.gpu_layers,
        threads: args.threads,
        parallel: args.parallel as usize,
        context: args.context,
        batch: args.batch,
        share_prefix: !args.no_prefix_sharing,
        drafts: match args.drafts {
            DraftsArg::Auto => Drafts::Auto,
            DraftsArg::Always => Drafts::Always,
            DraftsArg::Never => Drafts::Never,
        },
        ..LlamaOptions::new(path)
    };
    let spinner =
        progress::spinner(context.progress, format!("loading {}", options.path.display()));
    let model = tokio::task::spawn_blocking(move || Llama::load(&options)).await??;
    spinner.finish_and_clear();
    Ok(Arc::new(model))
}

/// Connects to the server that was asked for.
async fn connect(args: &ModelArgs, context: &Context) -> anyhow::Result<Arc<dyn LanguageModel>> {
    let BackendArgs { url, api_key_env, api, chat_template, end_of_text, .. } = &args.backend;
    let Some(url) = url else {
        let hint = "give its address with `--url http://HOST:PORT`";
        return Err(Hinted::new("the backend `openai` needs a server", hint).into());
    };
    let chat_template = match chat_template {
        Some(path) => Some(fs_err::read_to_string(path)?),
        None => None,
    };
    let options = OpenAiOptions {
        model: args.model.as_ref().map(|name| name.display().to_string()),
        key_variable: api_key_env.clone(),
        api: Api::named(api).unwrap_or_default(),
        chat_template,
        end_text: end_of_text.clone(),
        context: args.context,
        parallel: args.parallel as usize,
        timeout: Duration::from_secs(args.backend.request_timeout),
        retry: Retry { attempts: args.backend.attempts, ..Retry::default() },
        extra: args.backend.request_json.clone().unwrap_or_default(),
        ..OpenAiOptions::new(url)
    };
    let spinner = progress::spinner(context.progress, format!("connecting to {url}"));
    let model = OpenAi::connect(options).await;
    spinner.finish_and_clear();
    Ok(Arc::new(model?))
}

/// `gec` in the XDG cache folder.
pub(super) fn cache_folder() -> anyhow::Result<PathBuf> {
    let base = etcetera::choose_base_strategy().context("the home folder is not known")?;
    Ok(base.cache_dir().join("gec"))
}

/// The template a method asks this model with where none is named; `listed` where there are
/// alternatives to show.
pub(super) fn default_template(
    method: &str,
    inner: &str,
    info: &ModelInfo,
    listed: bool,
) -> String {
    let asking = if method == "cascade" { inner } else { method };
    let chat = info.chat_template.is_some();
    match (&info.template, asking) {
        (_, "classify") => if chat { "classify" } else { "classify-plain" }.into(),
        (_, "select") => if chat { "choose" } else { "choose-plain" }.into(),
        (Some(own), _) => own.clone(),
        (None, "cloze") => if chat { "cloze" } else { "cloze-plain" }.into(),
        (None, _) if chat && !listed => "transcript".into(),
        (None, _) => if chat { "zero-shot" } else { "plain-few-shot" }.into(),
    }
}

/// Makes the prompter for one method and what it works on.
pub(super) fn prompter(
    args: &PromptArgs,
    seed: u64,
    (method, inner): (&str, &str),
    info: &ModelInfo,
    material: Material<'_>,
) -> anyhow::Result<Prompter> {
    let listed = !matches!(material, Material::Transcripts);
    let default = || default_template(method, inner, info, listed);
    let name = args.template.clone().unwrap_or_else(default);
    let template = Template::load(&name)?;
    let chat = info
        .chat_template
        .as_deref()
        .map(|source| ChatTemplate::new(source, &info.bos, &info.eos))
        .transpose()?;
    if template.header().form == Form::Chat && chat.is_none() {
        return Err(PromptError::NeedsChatTemplate { template: name }.into());
    }
    let shots = args.shown.examples.unwrap_or(template.header().examples);
    let mut prompter = Prompter::new(template, chat);
    if let Some(max_hypotheses) = args.shown.max_hypotheses {
        prompter = prompter.with_max_hypotheses(max_hypotheses);
    }
    if shots > 0 && (material.corpus().is_some() || args.shown.examples_from.is_some()) {
        // The seed of a command is that of its examples, where they name none of their own.
        let how = match args.shown.example_selection.selection() {
            Selection::Random { seed: 0 } => ExampleChoice::new(Selection::Random { seed })
                .with_order(args.shown.example_selection.order()),
            _ => args.shown.example_selection,
        };
        let classes = prompter.template().header().classes.clone();
        let Examples { index, embedder } =
            examples::load(&args.shown, material.corpus(), classes.as_ref())?;
        prompter = prompter.with_examples(index, how, shots);
        if let Some(embedder) = embedder {
            prompter = prompter.with_embedder(embedder);
        }
    }
    Ok(prompter)
}
