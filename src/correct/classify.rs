//! Which class an utterance belongs to: no correction, but asked with the same prompts.

use std::sync::Arc;

use super::{CorrectError, Prompter};
use crate::{
    classify::{ClassSet, Length, most_probable},
    corpus::Utterance,
    llm::{GenerateRequest, Greedy, LanguageModel, ScoreRequest, TokenId},
    prompt::Output,
};

/// Tokens beyond the longest class for an answer in words of its own.
const TALK: usize = 8;

/// How the class is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// By the probability of each class as the whole answer.
    Probability(Length),
    /// By what the model writes.
    Answer,
}

/// What became of an utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct Classified {
    /// The class's place; nothing where the answer names none.
    pub class: Option<usize>,
    /// Its share of the probability of all classes, from 0 to 1, where that was asked for.
    pub probability: Option<f64>,
    /// What the model wrote, else the class.
    pub raw: String,
    /// Tokens read.
    pub prompt_tokens: u32,
    /// Tokens written or scored.
    pub output_tokens: u32,
}

/// Asks a model for the classes of utterances.
pub struct Classifier {
    model: Arc<dyn LanguageModel>,
    prompter: Arc<Prompter>,
    classes: ClassSet,
    decision: Decision,
    /// The tokens of each class as the answer, and whether the end of the text follows them.
    answers: (Vec<Vec<TokenId>>, bool),
}

impl Classifier {
    /// A classifier for the prompter's template.
    ///
    /// # Errors
    /// [`CorrectError::WrongTemplate`] where it does not ask for a class,
    /// [`CorrectError::Unable`] where the model cannot give probabilities and they decide.
    pub fn new(
        model: Arc<dyn LanguageModel>,
        prompter: Arc<Prompter>,
        classes: ClassSet,
        decision: Decision,
    ) -> Result<Self, CorrectError> {
        prompter.expect("classify", Output::Class)?;
        let names = classes.names().iter();
        let whole: Vec<(Vec<TokenId>, bool)> =
            names.map(|name| prompter.whole_answer(model.as_ref(), name)).collect();
        let with_end = whole.first().is_some_and(|(_, with_end)| *with_end);
        let abilities = model.abilities();
        let able = abilities.scores && (abilities.ends || !with_end);
        if decision != Decision::Answer && !able {
            return Err(CorrectError::Unable {
                method: "classify",
                needs: "log-probabilities of given texts",
                engine: model.info().engine.clone(),
                works: "`--by answer`".into(),
            });
        }
        let answers = (whole.into_iter().map(|(tokens, _)| tokens).collect(), with_end);
        Ok(Self { model, prompter, classes, decision, answers })
    }

    /// The classes.
    #[must_use]
    pub fn classes(&self) -> &ClassSet {
        &self.classes
    }

    /// Asks about one utterance.
    ///
    /// # Errors
    /// Where the prompt cannot be made or the model fails.
    pub async fn classify(&self, utterance: &Utterance) -> Result<Classified, CorrectError> {
        match self.decision {
            Decision::Probability(length) => self.by_probability(utterance, length).await,
            Decision::Answer => self.by_answer(utterance).await,
        }
    }

    async fn by_probability(
        &self,
        utterance: &Utterance,
        length: Length,
    ) -> Result<Classified, CorrectError> {
        let (continuations, with_end) = self.answers.clone();
        let prompt = self.prompter.prompt(self.model.as_ref(), utterance, self.longest())?.tokens;
        let output = self.model.score(ScoreRequest { prompt, continuations, with_end }).await?;
        let tokens: Vec<Vec<f64>> =
            output.scores.into_iter().map(|scored| scored.token_logprobs).collect();
        let best = most_probable(&tokens, length);
        let class = best.as_ref().map(|best| best.class);
        Ok(Classified {
            class,
            probability: best.and_then(|best| best.probabilities.get(best.class).copied()),
            raw: class.map(|class| self.classes.names()[class].clone()).unwrap_or_default(),
            prompt_tokens: output.prompt_tokens,
            output_tokens: output.scored_tokens,
        })
    }

    async fn by_answer(&self, utterance: &Utterance) -> Result<Classified, CorrectError> {
        let max_tokens = self.longest() + TALK;
        let prompt = self.prompter.prompt(self.model.as_ref(), utterance, max_tokens)?.tokens;
        let stop = self.prompter.template().header().stop.clone();
        let hook = Box::new(Greedy);
        let request = GenerateRequest { prompt, max_tokens, stop, hook, draft: None };
        let output = self.model.generate(request).await?;
        Ok(Classified {
            class: self.classes.read(self.prompter.answer_text(&output.text)).class(),
            probability: None,
            raw: output.text,
            prompt_tokens: output.prompt_tokens,
            output_tokens: output.answer_tokens,
        })
    }

    fn longest(&self) -> usize {
        self.answers.0.iter().map(Vec::len).max().unwrap_or(0) + 1
    }
}
