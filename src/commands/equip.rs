//! What a method works with on one corpus, and what identifies it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{examples, model};
use crate::{
    acoustic::Pieces,
    cli::run::PromptArgs,
    correct::{self, Learned, Parameters, Tools, Tries},
    datasets::ResolvedCorpus,
    llm::LanguageModel,
    store::{Corpus, Model, Store},
};

/// What is the same for all corpora and methods of a command.
pub(super) struct Kit<'a> {
    pub(super) prompt: &'a PromptArgs,
    pub(super) seed: u64,
    pub(super) model: Option<Arc<dyn LanguageModel>>,
    pub(super) store: &'a Store,
    pub(super) tries: Tries,
}

/// What a method will work on.
#[derive(Clone, Copy)]
pub(super) enum Material<'a> {
    /// The lists of a corpus, with its examples and what its recogniser recorded.
    Corpus(&'a ResolvedCorpus, &'a Corpus),
    /// Lists from anywhere.
    Lists,
    /// Transcripts without alternatives.
    Transcripts,
}

impl<'a> Material<'a> {
    pub(super) fn corpus(self) -> Option<&'a ResolvedCorpus> {
        match self {
            Self::Corpus(resolved, _) => Some(resolved),
            Self::Lists | Self::Transcripts => None,
        }
    }
}

/// A method's tools, and the settings that identify what it does.
pub(super) struct Equipped {
    pub(super) tools: Tools,
    pub(super) settings: Value,
    pub(super) template: Option<String>,
    pub(super) model: Option<String>,
}

/// Whether a method, or the one inside the cascade, asks a model.
pub(super) fn needs_model(
    method: &str,
    parameters: &Parameters,
    learned: Option<&Learned>,
) -> bool {
    let asking = if method == "cascade" { &parameters.inner } else { method };
    correct::needs_model(asking)
        || asking == "variants" && learned.is_some_and(Learned::chooses_with_model)
}

impl Kit<'_> {
    /// The tools of a method for this material. Template and model are kept in the store.
    pub(super) async fn equip(
        &self,
        method: &str,
        parameters: &Parameters,
        learned: Option<Arc<Learned>>,
        material: Material<'_>,
    ) -> anyhow::Result<Equipped> {
        let packed = match material {
            Material::Corpus(_, corpus) => self.store.vocabulary(corpus.id).await?,
            Material::Lists | Material::Transcripts => None,
        };
        let pieces = packed.map(|packed| Pieces::unpack(&packed)).transpose()?.map(Arc::new);
        let mut settings = json!({ "method": method });
        // Only what decides a method's result is part of its fingerprint.
        if method != "1best" {
            settings["parameters"] = serde_json::to_value(parameters)?;
        }
        let asks = needs_model(method, parameters, learned.as_deref());
        let tries = self.tries.clone();
        let tools = Tools { model: None, parameters: parameters.clone(), pieces, learned, tries };
        let mut equipped = Equipped { tools, settings, template: None, model: None };
        let model = self.model.as_ref().filter(|_| asks);
        if let Some(model) = model {
            self.ask(model, method, material, &mut equipped).await?;
        }
        Ok(equipped)
    }

    async fn ask(
        &self,
        model: &Arc<dyn LanguageModel>,
        method: &str,
        material: Material<'_>,
        equipped: &mut Equipped,
    ) -> anyhow::Result<()> {
        let info = model.info();
        let inner = equipped.tools.parameters.inner.clone();
        let posterior = equipped.tools.parameters.posterior;
        let prompter = model::prompter(self.prompt, self.seed, (method, &inner), info, material)?
            .with_posterior(posterior);
        let template = prompter.template();
        let hash = self.store.save_template(&template.header().name, template.source()).await?;
        equipped.template = Some(hash);
        let shots = self.prompt.shown.examples.unwrap_or(template.header().examples);
        let settings = &mut equipped.settings;
        settings["template"] = template.hash().into();
        settings["max_hypotheses"] = prompter.max_hypotheses().into();
        settings["model"] = json!({
            "hash": info.hash, "adapter": info.adapter, "engine": info.engine,
        });
        if shots > 0 {
            settings["examples"] = json!({
                "shots": shots,
                "selection": self.prompt.shown.example_selection.to_string(),
                "seed": self.seed,
                "corpus": examples::checksum(&self.prompt.shown, material.corpus())?,
            });
            if let Some(hash) = examples::embeddings_hash(&self.prompt.shown)? {
                settings["examples"]["embeddings"] = hash.into();
            }
        }
        self.store
            .save_model(&Model {
                hash: info.hash.clone(),
                path: info.path.clone(),
                name: info.name.clone(),
                size: info.bytes,
                metadata: serde_json::to_value(info)?,
            })
            .await?;
        equipped.model = Some(info.hash.clone());
        equipped.tools.model = Some((Arc::clone(model), Arc::new(prompter)));
        Ok(())
    }
}
