//! A client for servers with OpenAI's interface: llama-server, vLLM, Ollama and others.
//!
//! The trait speaks tokens and such a server speaks text, so the vocabulary is that of
//! bytes: token 65 is the byte `A`. Prompts are counted and cut in bytes, and joined to text
//! when they are sent. Only what the server does with that text is in its own tokens: its
//! log-probabilities, and the counts that it tells.
//!
//! A server chooses its tokens itself, so methods that look at every step cannot work with
//! it. [`OpenAi::abilities`] says what a server was found to do when it was connected;
//! `docs/backends.md` says which method needs what.

mod answer;
mod client;
mod confidence;
mod connect;
mod failure;
mod options;
mod request;
mod retry;
mod score;
mod vocabulary;

#[cfg(test)]
mod tests;

use self::{
    answer::{Answer, Response},
    client::{Client, Fault},
    connect::{Known, no_text},
    request::{Question, Wish},
    vocabulary::Bytes,
};
pub use self::{
    failure::{Reason, ServerFailure},
    options::{Api, OpenAiOptions},
    retry::Retry,
};
use super::{
    Abilities, BoxFuture, GenerateOutput, GenerateRequest, LanguageModel, LlmError, ModelInfo,
    ScoreOutput, ScoreRequest, Scored, StopReason, TokenId, Vocab,
};

/// Bytes that a token of a prompt is counted as. English takes about four in vocabularies of
/// today, other languages less: where a prompt is too long all the same, the server says so
/// and the utterance fails, so this errs on the short side.
const BYTES_PER_TOKEN: usize = 3;

/// A language model behind a server.
///
/// A future that is dropped stops waiting at once; the request it had sent runs on until its
/// answer or its time limit, and counts among those at work until then.
#[derive(Debug)]
pub struct OpenAi {
    client: Client,
    options: OpenAiOptions,
    known: Known,
    info: ModelInfo,
    bytes: Bytes,
    context: usize,
}

impl OpenAi {
    /// Asks a server what it has and can do. Needs a runtime of tokio with time, as all
    /// requests do.
    ///
    /// # Errors
    /// [`LlmError::Server`] where address, key or model are wrong or the server cannot be
    /// reached.
    pub async fn connect(options: OpenAiOptions) -> Result<Self, LlmError> {
        let root = options.checked_root()?;
        let parallel = options.parallel.clamp(1, 256);
        let key = options.key()?;
        let client = Client::new(root.clone(), key, parallel, options.timeout, options.retry);
        let known = connect::ask(&client, &options).await?;
        let said = options.context.or_else(|| known.context());
        let tokens = said.unwrap_or(OpenAiOptions::DEFAULT_CONTEXT).max(16);
        let info = known.info(&root, &options, tokens);
        let mut own = known.special_texts();
        own.extend(options.end_text.as_deref());
        let bytes = Bytes::new(options.api, options.chat_template.as_deref(), &own);
        let context = tokens.saturating_mul(BYTES_PER_TOKEN);
        Ok(Self { client, options, known, info, bytes, context })
    }

    fn question(&self, prompt: &[TokenId]) -> Question {
        match self.options.api {
            Api::Chat => Question::Messages(self.bytes.messages(prompt)),
            Api::Completions => Question::Text(self.bytes.text(prompt)),
        }
    }

    fn check(&self, prompt: &[TokenId], answer: usize) -> Result<(), LlmError> {
        if prompt.is_empty() {
            return Err(LlmError::EmptyPrompt);
        }
        if prompt.len() + answer > self.context {
            let (prompt, context) = (prompt.len(), self.context);
            return Err(LlmError::ContextOverflow { prompt, answer, context });
        }
        Ok(())
    }

    async fn ask<T>(
        &self,
        question: Question,
        wish: &Wish<'_>,
        read: impl Fn(Response) -> Result<T, Fault>,
    ) -> Result<T, LlmError> {
        let prompts = if let Question::Texts(texts) = &question { texts.len() } else { 1 };
        let continues = self.known.continues();
        let body = request::body(&self.known.model, question, wish, continues, &self.options.extra);
        let path = request::path(self.options.api);
        let read = |body: &serde_json::Value| read(answer::read(body, prompts)?);
        Ok(self.client.call(path, Some(&body), read).await?)
    }

    fn unsupported(&self, what: &'static str) -> LlmError {
        LlmError::Unsupported { what, engine: self.info.engine.clone() }
    }

    async fn write(&self, request: GenerateRequest) -> Result<GenerateOutput, LlmError> {
        self.check(&request.prompt, request.max_tokens)?;
        let Some(sampling) = request.hook.sampling() else {
            return Err(self.unsupported("logits of every step"));
        };
        let wish = Wish {
            max_tokens: request.max_tokens.max(1),
            sampling,
            stop: &request.stop,
            // Two, to see a near tie.
            top: self.known.top.min(2),
            echo: false,
        };
        let read = |response| written(response, &request.stop);
        self.ask(self.question(&request.prompt), &wish, read).await
    }

    async fn rate(&self, request: ScoreRequest) -> Result<ScoreOutput, LlmError> {
        let ScoreRequest { prompt, continuations, with_end } = request;
        let longest = continuations.iter().map(Vec::len).max().unwrap_or(0);
        self.check(&prompt, longest)?;
        if continuations.is_empty() {
            return Ok(ScoreOutput { scores: vec![], prompt_tokens: 0, scored_tokens: 0 });
        }
        let texts: Vec<String> =
            continuations.iter().map(|tokens| self.bytes.text(tokens)).collect();
        let labels = !with_end && texts.iter().all(|text| score::is_label(text));
        if labels && self.known.top > 0 {
            let wish = Wish { top: self.known.top, ..Wish::default() };
            let read = |response| match rated(response, &texts) {
                None if !self.known.echoes => {
                    Err(no_text("no label is among the most probable tokens"))
                }
                found => Ok(found),
            };
            if let Some(output) = self.ask(self.question(&prompt), &wish, read).await? {
                return Ok(output);
            }
        }
        if !self.known.echoes {
            return Err(self.unsupported("log-probabilities of given texts"));
        }
        let end = match (with_end, &self.options.end_text) {
            (false, _) => "",
            (true, Some(end)) => end.as_str(),
            (true, None) => return Err(self.unsupported("log-probabilities of a text's end")),
        };
        let head = self.bytes.text(&prompt);
        let whole = texts.iter().map(|text| format!("{head}{text}{end}"));
        let question = Question::Texts(std::iter::once(head.clone()).chain(whole).collect());
        let wish = Wish { top: 1, echo: true, ..Wish::default() };
        let found = self.ask(question, &wish, |response| score::from_echo(&response)).await?;
        let score::Continued { scores, prompt_tokens, scored_tokens } = found;
        Ok(ScoreOutput { scores, prompt_tokens, scored_tokens })
    }
}

/// Scores of labels, read off the first token; `None` where no label is among those told.
fn rated(response: Response, labels: &[String]) -> Option<ScoreOutput> {
    let logprobs = score::from_first_token(labels, response.answers.first()?)?;
    let scores = logprobs.into_iter().map(|logprob| Scored { token_logprobs: vec![logprob] });
    let prompt_tokens = response.prompt_tokens;
    Some(ScoreOutput { scores: scores.collect(), prompt_tokens, scored_tokens: 1 })
}

/// An answer to use, or why there is none.
fn written(response: Response, stop: &[String]) -> Result<GenerateOutput, Fault> {
    let Response { answers, prompt_tokens, answer_tokens } = response;
    let Some(answer) = answers.into_iter().next() else {
        return Err(no_text("there is no choice"));
    };
    let Some(mut reason) = answer.stop else {
        let finish = answer.finish.as_deref().unwrap_or("no reason");
        return Err(no_text(format!("it ended with `{finish}`")));
    };
    let Answer { text, thought, .. } = &answer;
    // Some servers take only so many stop texts, and some leave them in.
    let end = stop.iter().filter_map(|stop| text.find(stop.as_str())).min();
    if end.is_some() {
        reason = StopReason::StopText;
    }
    let text = &text[..end.unwrap_or(text.len())];
    if text.trim().is_empty() {
        return Err(no_text(match (thought, reason) {
            (true, _) => "it holds thoughts and no answer",
            (false, StopReason::Length) => "it is empty and at its greatest length",
            (false, _) => "it is empty",
        }));
    }
    let counted = u32::try_from(answer.tokens.len()).unwrap_or(u32::MAX);
    Ok(GenerateOutput {
        text: text.to_owned(),
        tokens: text.bytes().map(TokenId::from).collect(),
        confidences: confidence::of_bytes(text, &answer.tokens).unwrap_or_default(),
        logprob: answer.logprob(),
        stop: reason,
        prompt_tokens,
        answer_tokens: if answer_tokens > 0 { answer_tokens } else { counted },
        near_ties: answer.near_ties(),
        decode_calls: 1,
        drafted: 0,
        accepted: 0,
    })
}

impl LanguageModel for OpenAi {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn vocab(&self) -> &Vocab {
        self.bytes.vocab()
    }

    fn abilities(&self) -> Abilities {
        self.known.abilities(&self.options)
    }

    fn tokenize(&self, text: &str, parse_special: bool) -> Vec<TokenId> {
        self.bytes.tokenize(text, parse_special)
    }

    fn score(&self, request: ScoreRequest) -> BoxFuture<'_, Result<ScoreOutput, LlmError>> {
        Box::pin(self.rate(request))
    }

    fn generate(
        &self,
        request: GenerateRequest,
    ) -> BoxFuture<'_, Result<GenerateOutput, LlmError>> {
        Box::pin(self.write(request))
    }

    fn context_size(&self) -> usize {
        self.context
    }
}
