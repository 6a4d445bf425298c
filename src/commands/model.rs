//! From options to a loaded model and the prompts it is asked with.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context as _;
use etcetera::BaseStrategy;

use super::{Context, progress};
use crate::{
    cli::run::{ModelArgs, PromptArgs},
    corpus::{self, Utterance},
    correct::Prompter,
    datasets::ResolvedCorpus,
    llm::{
        ModelInfo,
        llama::{Llama, LlamaOptions},
        shipped,
    },
    prompt::{ChatTemplate, ExampleIndex, Selection, Template},
};

/// Loads the model that was asked for, else the shipped one.
pub(super) async fn load(args: &ModelArgs, context: &Context) -> anyhow::Result<Arc<Llama>> {
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
        drafts: !args.no_drafts,
        ..LlamaOptions::new(path)
    };
    let spinner =
        progress::spinner(context.progress, format!("loading {}", options.path.display()));
    let model = tokio::task::spawn_blocking(move || Llama::load(&options)).await??;
    spinner.finish_and_clear();
    Ok(Arc::new(model))
}

/// `gec` in the XDG cache folder.
pub(super) fn cache_folder() -> anyhow::Result<PathBuf> {
    let base = etcetera::choose_base_strategy().context("the home folder is not known")?;
    Ok(base.cache_dir().join("gec"))
}

/// The template a method asks this model with where none is named.
fn default_template(method: &str, inner: &str, info: &ModelInfo) -> String {
    let asking = if method == "cascade" { inner } else { method };
    let chat = info.chat_template.is_some();
    match (&info.template, asking) {
        (_, "select") => if chat { "choose" } else { "choose-plain" }.into(),
        (Some(own), _) => own.clone(),
        (None, "cloze") => if chat { "cloze" } else { "cloze-plain" }.into(),
        (None, _) => if chat { "zero-shot" } else { "plain-few-shot" }.into(),
    }
}

/// Makes the prompter for one method and corpus.
pub(super) fn prompter(
    args: &PromptArgs,
    seed: u64,
    (method, inner): (&str, &str),
    info: &ModelInfo,
    corpus: &ResolvedCorpus,
) -> anyhow::Result<Prompter> {
    let name = args.template.clone().unwrap_or_else(|| default_template(method, inner, info));
    let template = Template::load(&name)?;
    let chat = info
        .chat_template
        .as_deref()
        .map(|source| ChatTemplate::new(source, &info.bos, &info.eos))
        .transpose()?;
    let shots = args.examples.unwrap_or(template.header().examples);
    let mut prompter = Prompter::new(template, chat);
    if let Some(max_hypotheses) = args.max_hypotheses {
        prompter = prompter.with_max_hypotheses(max_hypotheses);
    }
    if shots > 0 {
        let how = match args.example_selection.as_str() {
            "nearest" => Selection::Nearest,
            _ => Selection::Random { seed },
        };
        prompter = prompter.with_examples(examples(corpus)?, how, shots);
    }
    Ok(prompter)
}

/// The training split of the corpus as examples; where there is none, none.
fn examples(corpus: &ResolvedCorpus) -> anyhow::Result<ExampleIndex> {
    let Some(training) = &corpus.training else {
        tracing::warn!(
            "`{}:{}` has no training split here: prompts show no examples",
            corpus.dataset,
            corpus.subset
        );
        return Ok(ExampleIndex::default());
    };
    let utterances: Vec<Utterance> =
        corpus::open(&training.source, training.format)?.filter_map(Result::ok).collect();
    Ok(ExampleIndex::new(utterances))
}

/// What identifies the examples of a run: the training split's checksum.
pub(super) fn examples_checksum(corpus: &ResolvedCorpus) -> anyhow::Result<Option<String>> {
    let training = corpus.training.as_ref();
    Ok(training.map(|training| corpus::checksum(&training.source, training.format)).transpose()?)
}
