//! From an utterance to the tokens of a prompt.

use std::sync::Arc;

use crate::{
    acoustic::Posterior,
    classify::{ClassSet, Classes},
    corpus::Utterance,
    llm::{LanguageModel, TextEmbedder, TokenId},
    prompt::{
        ChatTemplate, ExampleChoice, ExampleIndex, Gap, Output, PromptInput, PromptText, Selection,
        Template,
    },
};

use super::CorrectError;

/// A tokenised prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    /// What they were made of.
    pub text: PromptText,
    /// The tokens.
    pub tokens: Vec<TokenId>,
    /// How many hypotheses it shows.
    pub hypotheses: usize,
    /// How many examples it shows.
    pub examples: usize,
    /// Whether hypotheses or examples were left out so that it fits.
    pub shortened: bool,
}

/// A template together with all it needs to become a prompt for one model.
pub struct Prompter {
    template: Template,
    chat: Option<ChatTemplate>,
    examples: Arc<ExampleIndex>,
    embedder: Option<Arc<dyn TextEmbedder>>,
    choice: ExampleChoice,
    shots: usize,
    max_hypotheses: usize,
    posterior: Posterior,
    classes: Vec<String>,
}

impl Prompter {
    /// A prompter without examples that shows as many hypotheses as the template says.
    #[must_use]
    pub fn new(template: Template, chat: Option<ChatTemplate>) -> Self {
        let max_hypotheses = template.header().max_hypotheses;
        let classes = match &template.header().classes {
            Some(Classes::Listed(classes)) => classes.names().to_vec(),
            Some(Classes::FromData) | None => Vec::new(),
        };
        Self {
            template,
            chat,
            examples: Arc::default(),
            embedder: None,
            choice: ExampleChoice::new(Selection::None),
            shots: 0,
            max_hypotheses,
            posterior: Posterior::default(),
            classes,
        }
    }

    /// Shows `shots` examples.
    #[must_use]
    pub fn with_examples(
        mut self,
        index: Arc<ExampleIndex>,
        how: ExampleChoice,
        shots: usize,
    ) -> Self {
        self.examples = index;
        self.choice = how;
        self.shots = shots;
        self
    }

    /// Compares utterances with examples by these vectors of their 1-best, where the choice is
    /// by vectors.
    #[must_use]
    pub fn with_embedder(mut self, embedder: Arc<dyn TextEmbedder>) -> Self {
        self.embedder = Some(embedder);
        self
    }

    /// Shows at most this many hypotheses.
    #[must_use]
    pub fn with_max_hypotheses(mut self, max_hypotheses: usize) -> Self {
        self.max_hypotheses = max_hypotheses.max(1);
        self
    }

    /// Weighs hypotheses like this where a template speaks of probabilities.
    #[must_use]
    pub fn with_posterior(mut self, posterior: Posterior) -> Self {
        self.posterior = posterior;
        self
    }

    /// Names these classes, where the template leaves them to the data.
    #[must_use]
    pub fn with_classes(mut self, classes: &ClassSet) -> Self {
        self.classes = classes.names().to_vec();
        self
    }

    /// The template.
    #[must_use]
    pub fn template(&self) -> &Template {
        &self.template
    }

    /// Most hypotheses shown.
    #[must_use]
    pub fn max_hypotheses(&self) -> usize {
        self.max_hypotheses
    }

    /// Renders and tokenises the prompt so that `answer` tokens fit behind it: where they do
    /// not, the last hypotheses are left out one by one, then the examples.
    ///
    /// # Errors
    /// [`CorrectError::Prompt`] where the template fails, [`CorrectError::PromptTooLong`]
    /// where one hypothesis without examples is too much.
    pub fn prompt(
        &self,
        model: &dyn LanguageModel,
        utterance: &Utterance,
        answer: usize,
    ) -> Result<Prompt, CorrectError> {
        self.fitting(model, utterance, None, answer)
    }

    /// [`Prompter::prompt`] about one gap in the transcript. The gap's options are never left
    /// out.
    ///
    /// # Errors
    /// As [`Prompter::prompt`].
    pub fn gap_prompt(
        &self,
        model: &dyn LanguageModel,
        utterance: &Utterance,
        gap: &Gap,
        answer: usize,
    ) -> Result<Prompt, CorrectError> {
        self.fitting(model, utterance, Some(gap), answer)
    }

    fn fitting(
        &self,
        model: &dyn LanguageModel,
        utterance: &Utterance,
        gap: Option<&Gap>,
        answer: usize,
    ) -> Result<Prompt, CorrectError> {
        let query = match &self.embedder {
            Some(embedder) if self.choice.selection() == Selection::Vectors && self.shots > 0 => {
                Some(embedder.embed_one(utterance.one_best())?)
            }
            _ => None,
        };
        let query = query.as_deref();
        let selected = self.examples.choose(utterance, query, &self.choice, self.shots)?;
        let room = model.context_size().saturating_sub(answer);
        let mut examples = selected.as_slice();
        // Not the length of this list: it also decides what the examples show, which should
        // be the same for all utterances.
        let mut hypotheses = self.max_hypotheses;
        let mut shortened = false;
        loop {
            let posterior = self.posterior;
            let max_hypotheses = hypotheses;
            let classes = &self.classes;
            let input =
                PromptInput { utterance, max_hypotheses, examples, posterior, gap, classes };
            let text = self.template.render(&input, self.chat.as_ref())?;
            let tokens = tokens(model, &text);
            if tokens.len() <= room {
                let hypotheses = hypotheses.min(utterance.nbest.len());
                let examples = examples.len();
                return Ok(Prompt { text, tokens, hypotheses, examples, shortened });
            }
            shortened = true;
            if hypotheses > 1 {
                hypotheses -= 1;
            } else if let Some((_, fewer)) = examples.split_first() {
                examples = fewer;
                hypotheses = self.max_hypotheses;
            } else {
                return Err(CorrectError::PromptTooLong { prompt: tokens.len(), room });
            }
        }
    }

    /// The tokens of a text in the place of the answer.
    #[must_use]
    pub fn answer_tokens(&self, model: &dyn LanguageModel, text: &str) -> Vec<TokenId> {
        model.tokenize(&format!("{}{text}", self.template.header().answer_prefix), false)
    }

    /// The tokens to score for `text` as the whole answer, and whether the end of the text
    /// is scored after them. Where the template has stop texts, an answer ends with the
    /// first of them and not with the end of the text.
    #[must_use]
    pub fn whole_answer(&self, model: &dyn LanguageModel, text: &str) -> (Vec<TokenId>, bool) {
        match self.template.header().stop.first() {
            Some(stop) => (self.answer_tokens(model, &format!("{text}{stop}")), false),
            None => (self.answer_tokens(model, text), true),
        }
    }

    /// What an answer says: without the prefix and surrounding space.
    #[must_use]
    pub fn answer_text<'a>(&self, answer: &'a str) -> &'a str {
        let prefix = &self.template.header().answer_prefix;
        answer.strip_prefix(prefix.as_str()).unwrap_or(answer).trim()
    }

    /// Checks that the template asks for what `method` reads.
    ///
    /// # Errors
    /// [`CorrectError::WrongTemplate`].
    pub fn expect(&self, method: &'static str, output: Output) -> Result<(), CorrectError> {
        let header = self.template.header();
        if header.output == output {
            return Ok(());
        }
        Err(CorrectError::WrongTemplate {
            method,
            template: header.name.clone(),
            wanted: output.name(),
            found: header.output.name(),
        })
    }
}

/// The tokens of a finished prompt.
fn tokens(model: &dyn LanguageModel, text: &PromptText) -> Vec<TokenId> {
    let mut tokens = Vec::new();
    let info = model.info();
    // Most chat templates write the begin token themselves.
    if info.add_bos && !(info.bos.is_empty() || text.text.starts_with(&info.bos)) {
        tokens.extend(model.tokenize(&info.bos, true));
    }
    for piece in text.pieces(model.vocab().specials()) {
        tokens.extend(model.tokenize(piece.text, piece.parse_special));
    }
    tokens
}

/// Most tokens of an answer to `utterance`: half as much again as its longest hypothesis (in
/// bytes), and room for a few words more.
#[must_use]
pub fn answer_budget(
    model: &dyn LanguageModel,
    prompter: &Prompter,
    utterance: &Utterance,
) -> usize {
    let texts = utterance.nbest.iter().take(prompter.max_hypotheses()).map(|one| &one.text);
    let longest = texts.max_by_key(|text| text.len());
    let longest = longest.map_or(0, |text| prompter.answer_tokens(model, text).len());
    longest + longest / 2 + 16
}
