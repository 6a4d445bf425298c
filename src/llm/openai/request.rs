//! What is asked of a server.

use serde_json::{Map, Value, json};

use super::{Api, vocabulary::Message};
use crate::llm::Sampling;

/// A prompt in the form the interface takes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Question {
    /// Messages, which the server lays out.
    Messages(Vec<Message>),
    /// A text.
    Text(String),
    /// Texts that are answered side by side.
    Texts(Vec<String>),
}

/// How to go on behind a prompt.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wish<'a> {
    pub(super) max_tokens: usize,
    pub(super) sampling: Sampling,
    pub(super) stop: &'a [String],
    /// How many of the most probable tokens to tell; 0 for no log-probabilities.
    pub(super) top: u32,
    /// Whether to tell the prompt's tokens too.
    pub(super) echo: bool,
}

impl Default for Wish<'_> {
    fn default() -> Self {
        Self { max_tokens: 1, sampling: Sampling::GREEDY, stop: &[], top: 0, echo: false }
    }
}

/// The body of a request. `extra` is laid over it; a null there takes a field out.
pub(super) fn body(
    model: &str,
    question: Question,
    wish: &Wish<'_>,
    continues: bool,
    extra: &Map<String, Value>,
) -> Value {
    let Sampling { temperature, top_p, seed } = wish.sampling;
    let mut body = Map::new();
    let mut set = |field: &str, value: Value| body.insert(field.to_owned(), value);
    set("model", model.into());
    let chat = matches!(question, Question::Messages(_));
    match question {
        Question::Messages(messages) => {
            // An answer that was begun is only continued where the server is told to.
            let begun = messages.last().is_some_and(|last| last.role == "assistant");
            if begun && continues {
                set("add_generation_prompt", false.into());
                set("continue_final_message", true.into());
            }
            set("messages", json!(messages));
        }
        Question::Text(text) => {
            set("prompt", text.into());
        }
        Question::Texts(texts) => {
            set("prompt", texts.into());
        }
    }
    set("max_tokens", wish.max_tokens.into());
    set("temperature", temperature.into());
    set("top_p", top_p.into());
    // Servers differ in how many bits they take, and all take these.
    if let Some(seed) = seed {
        set("seed", (seed & 0x7fff_ffff).into());
    }
    if !wish.stop.is_empty() {
        set("stop", json!(wish.stop));
    }
    if wish.top > 0 {
        if chat {
            set("logprobs", true.into());
            set("top_logprobs", wish.top.into());
        } else {
            set("logprobs", wish.top.into());
        }
    }
    if wish.echo {
        set("echo", true.into());
    }
    set("stream", false.into());
    for (field, value) in extra {
        if value.is_null() {
            body.remove(field);
        } else {
            body.insert(field.clone(), value.clone());
        }
    }
    Value::Object(body)
}

/// The part of the address behind `/v1`'s parent.
pub(super) fn path(api: Api) -> &'static str {
    match api {
        Api::Chat => "/v1/chat/completions",
        Api::Completions => "/v1/completions",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(role: &'static str) -> Message {
        Message { role, content: "x".into() }
    }

    #[test]
    fn each_interface_asks_for_log_probabilities_in_its_own_words() {
        let wish = Wish { top: 5, ..Wish::default() };
        let none = Map::new();
        let chat = body("m", Question::Messages(vec![said("user")]), &wish, false, &none);
        assert_eq!((&chat["logprobs"], &chat["top_logprobs"]), (&json!(true), &json!(5)));
        let text = body("m", Question::Text("x".into()), &wish, false, &none);
        assert_eq!((&text["logprobs"], text.get("top_logprobs")), (&json!(5), None));
        assert_eq!((&text["temperature"], text.get("seed")), (&json!(0.0), None));
        let quiet = body("m", Question::Text("x".into()), &Wish::default(), false, &none);
        assert_eq!((quiet.get("logprobs"), quiet.get("stop")), (None, None));
    }

    #[test]
    fn a_seed_keeps_the_bits_that_every_server_takes() {
        let sampling = Sampling { temperature: 0.7, top_p: 0.9, seed: Some(u64::MAX) };
        let wish = Wish { sampling, ..Wish::default() };
        let body = body("m", Question::Text("x".into()), &wish, false, &Map::new());
        assert_eq!(body["seed"], json!(0x7fff_ffff));
    }

    #[test]
    fn what_a_user_adds_wins_and_null_takes_a_field_out() {
        let extra = json!({"max_tokens": null, "max_completion_tokens": 9, "stream": false});
        let extra = extra.as_object().unwrap();
        let body = body("m", Question::Text("x".into()), &Wish::default(), false, extra);
        assert_eq!((body.get("max_tokens"), &body["max_completion_tokens"]), (None, &json!(9)));
    }

    #[test]
    fn an_answer_that_was_begun_is_continued_where_the_server_can() {
        let messages = || Question::Messages(vec![said("user"), said("assistant")]);
        let of = |continues| body("m", messages(), &Wish::default(), continues, &Map::new());
        assert_eq!(of(true)["continue_final_message"], json!(true));
        assert_eq!(of(false).get("continue_final_message"), None);
    }
}
