//! What a server answers, in the two shapes of log-probabilities that there are.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    client::Fault,
    failure::{Reason, excerpt, is_about_length},
    retry::{Again, of_status},
};
use crate::llm::{NEAR_TIE, StopReason};

/// A token as the server tells it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Told {
    /// Its bytes, as far as they are told: some servers drop a leading space.
    pub(super) bytes: Vec<u8>,
    /// Natural log-probability, at most 0; `None` for the first of a text.
    pub(super) logprob: Option<f64>,
    /// The most probable tokens of its step and their log-probabilities.
    pub(super) top: Vec<(String, f64)>,
}

/// One answer of a response.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) text: String,
    /// Empty where the server tells no log-probabilities.
    pub(super) tokens: Vec<Told>,
    /// `None` where the server does not say or says something unknown.
    pub(super) stop: Option<StopReason>,
    /// The server's own word for it.
    pub(super) finish: Option<String>,
    /// Whether the model wrote something that is not part of the text.
    pub(super) thought: bool,
}

/// A response.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Response {
    /// In the order of the prompts; not empty.
    pub(super) answers: Vec<Answer>,
    /// Tokens of all prompts, 0 where the server does not say.
    pub(super) prompt_tokens: u32,
    /// Tokens of all answers, 0 where the server does not say.
    pub(super) answer_tokens: u32,
}

impl Answer {
    /// Sum of the tokens' log-probabilities; `None` where one is not told.
    pub(super) fn logprob(&self) -> Option<f64> {
        let all: Option<Vec<f64>> = self.tokens.iter().map(|token| token.logprob).collect();
        all.filter(|all| !all.is_empty()).map(|all| all.iter().sum())
    }

    /// Steps whose two best tokens were nearly tied.
    pub(super) fn near_ties(&self) -> u32 {
        let tied = |token: &&Told| {
            let mut best = [f64::NEG_INFINITY; 2];
            for &(_, logprob) in &token.top {
                if logprob > best[0] {
                    best = [logprob, best[0]];
                } else {
                    best[1] = best[1].max(logprob);
                }
            }
            best[0] - best[1] < NEAR_TIE
        };
        self.tokens.iter().filter(tied).count() as u32
    }
}

#[derive(Deserialize)]
struct Body {
    choices: Vec<Choice>,
    usage: Option<Usage>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: Option<u32>,
    completion_tokens: Option<u32>,
}

#[derive(Deserialize)]
struct Choice {
    index: Option<usize>,
    text: Option<String>,
    message: Option<Said>,
    finish_reason: Option<String>,
    /// vLLM: the stop text, or a token's id.
    stop_reason: Option<Value>,
    logprobs: Option<Logprobs>,
}

#[derive(Deserialize)]
struct Said {
    content: Option<String>,
    reasoning_content: Option<String>,
    reasoning: Option<String>,
}

/// `content` is the shape of chats, which llama-server uses for completions too; the lists
/// are that of completions.
#[derive(Deserialize)]
struct Logprobs {
    content: Option<Vec<Entry>>,
    tokens: Option<Vec<String>>,
    token_logprobs: Option<Vec<Option<f64>>>,
    top_logprobs: Option<Vec<Option<BTreeMap<String, f64>>>>,
}

#[derive(Deserialize)]
struct Entry {
    token: String,
    logprob: f64,
    bytes: Option<Vec<u8>>,
    #[serde(default)]
    top_logprobs: Option<Vec<Entry>>,
}

/// Reads a response to `prompts` prompts.
pub(super) fn read(body: &Value, prompts: usize) -> Result<Response, Fault> {
    if let Some(error) = body.get("error").filter(|error| !error.is_null()) {
        return Err(refused(error));
    }
    let malformed = |why: String| Fault::of(Reason::Malformed, why);
    let shown = || excerpt(body.to_string().as_bytes(), None);
    let parsed = Body::deserialize(body).map_err(|e| malformed(format!("{e}: {}", shown())))?;
    let mut choices = parsed.choices;
    if choices.len() != prompts {
        let count = choices.len();
        return Err(malformed(format!("{count} choices and not {prompts}: {}", shown())));
    }
    choices.sort_by_key(|choice| choice.index);
    let answers = choices.into_iter().map(answer).collect::<Option<Vec<_>>>();
    let answers =
        answers.ok_or_else(|| malformed(format!("a choice without text: {}", shown())))?;
    let usage = parsed.usage;
    let tokens = |count: fn(&Usage) -> Option<u32>| usage.as_ref().and_then(count).unwrap_or(0);
    let prompt_tokens = tokens(|usage| usage.prompt_tokens);
    let answer_tokens = tokens(|usage| usage.completion_tokens);
    Ok(Response { answers, prompt_tokens, answer_tokens })
}

/// An error object in an answer of status 200. Its code may be that of a status.
fn refused(error: &Value) -> Fault {
    let code = error.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
    let words = error.get("message").unwrap_or(error);
    let words = words.as_str().map_or_else(|| words.to_string(), str::to_owned);
    if is_about_length(&error.to_string()) {
        return Fault::of(Reason::TooLong, excerpt(words.as_bytes(), None));
    }
    let again = code.map_or(Again::No, |code| of_status(code, None));
    Fault { reason: Reason::Refused, detail: excerpt(words.as_bytes(), None), again }
}

fn answer(choice: Choice) -> Option<Answer> {
    let (text, thought) = match (choice.text, choice.message) {
        (Some(text), _) => (text, false),
        (None, Some(said)) => {
            let thoughts = said.reasoning_content.or(said.reasoning).unwrap_or_default();
            (said.content.unwrap_or_default(), !thoughts.is_empty())
        }
        (None, None) => return None,
    };
    let stopped_by_text = choice.stop_reason.as_ref().is_some_and(Value::is_string);
    let stop = match choice.finish_reason.as_deref() {
        Some("stop") if stopped_by_text => Some(StopReason::StopText),
        Some("stop") => Some(StopReason::EndOfText),
        Some("length") => Some(StopReason::Length),
        _ => None,
    };
    let tokens = choice.logprobs.map(told).unwrap_or_default();
    Some(Answer { text, tokens, stop, finish: choice.finish_reason, thought })
}

fn told(logprobs: Logprobs) -> Vec<Told> {
    if let Some(content) = logprobs.content {
        let entry = |entry: Entry| Told {
            bytes: entry.bytes.unwrap_or_else(|| entry.token.into_bytes()),
            logprob: Some(entry.logprob.min(0.0)),
            top: entry
                .top_logprobs
                .unwrap_or_default()
                .into_iter()
                .map(|one| (one.token, one.logprob.min(0.0)))
                .collect(),
        };
        return content.into_iter().map(entry).collect();
    }
    let mut values = logprobs.token_logprobs.unwrap_or_default().into_iter();
    let mut tops = logprobs.top_logprobs.unwrap_or_default().into_iter();
    let tokens = logprobs.tokens.unwrap_or_default().into_iter();
    tokens
        .map(|token| Told {
            bytes: token.into_bytes(),
            logprob: values.next().flatten().map(|value| value.min(0.0)),
            top: tops.next().flatten().unwrap_or_default().into_iter().collect(),
        })
        .collect()
}

#[cfg(test)]
#[path = "answer_tests.rs"]
mod tests;
