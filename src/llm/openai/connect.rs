//! What a server tells of itself, and what a small request finds out.

use serde_json::Value;

use super::{
    Api, OpenAiOptions,
    answer::{self, Response},
    client::{Client, Fault},
    failure::{Reason, ServerFailure},
    request::{self, Question, Wish},
    vocabulary::{Message, ROLES_TEMPLATE},
};
use crate::llm::{Abilities, ModelInfo};

/// How many of the most probable tokens are asked for, the first number that a server takes:
/// vLLM gives up to 20 unless told otherwise, OpenAI's completions up to 5.
const TOPS: [u32; 3] = [20, 5, 0];

/// What is known of a server and its model.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) model: String,
    /// What `/v1/models` says of it, null where it is silent.
    entry: Value,
    /// What `/props` of llama-server says, else null.
    props: Value,
    /// Most probable tokens that it tells for each step.
    pub(super) top: u32,
    /// Whether it tells the log-probabilities of a prompt.
    pub(super) echoes: bool,
}

/// Asks a server what it is.
pub(super) async fn ask(client: &Client, options: &OpenAiOptions) -> Result<Known, ServerFailure> {
    let listed = client.call("/v1/models", None, |list| Ok(list.clone())).await;
    let list = match listed {
        // A gateway may keep its list to itself.
        Err(failure) if failure.reason == Reason::Status(404) && options.model.is_some() => {
            Value::Null
        }
        listed => listed?,
    };
    let entry = entry(&list, options.model.as_deref()).map_err(|detail| ServerFailure {
        url: client.url("/v1/models"),
        reason: Reason::NoModel,
        detail,
        attempts: 1,
    })?;
    let model = entry.get("id").and_then(Value::as_str).map(str::to_owned);
    let model = model.or_else(|| options.model.clone()).unwrap_or_default();
    let props = client.call("/props", None, |props| Ok(props.clone())).await;
    let props = props.unwrap_or_default();
    let mut known = Known { model, entry, props, top: 0, echoes: false };
    probe(client, options, &mut known).await?;
    Ok(known)
}

/// The entry of the model that was asked for, or of the only one.
fn entry(list: &Value, wanted: Option<&str>) -> Result<Value, String> {
    let entries = list.get("data").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let id = |entry: &Value| entry.get("id").and_then(Value::as_str).map(str::to_owned);
    let names: Vec<String> = entries.iter().filter_map(id).collect();
    let shown = || names.iter().take(20).map(|name| format!("`{name}`")).collect::<Vec<_>>();
    match wanted {
        Some(name) => {
            let found = entries.iter().find(|entry| id(entry).as_deref() == Some(name)).cloned();
            match found {
                // Ollama adds a tag, and gateways hide what they have.
                None if names.is_empty() => Ok(Value::Null),
                None => Err(format!("`{name}`; it has {}", shown().join(", "))),
                Some(entry) => Ok(entry),
            }
        }
        None => match entries {
            [only] => Ok(only.clone()),
            [] => Err("it lists none, and none was named".into()),
            _ => Err(format!("none was named, and it has {}", shown().join(", "))),
        },
    }
}

/// Finds out by the smallest requests what the server tells beside the text.
async fn probe(
    client: &Client,
    options: &OpenAiOptions,
    known: &mut Known,
) -> Result<(), ServerFailure> {
    let question = || match options.api {
        Api::Chat => Question::Messages(vec![Message { role: "user", content: "Say yes.".into() }]),
        Api::Completions => Question::Text("The quick brown fox".into()),
    };
    let can_echo = options.api == Api::Completions;
    let mut tries: Vec<(u32, bool)> = Vec::new();
    for top in TOPS {
        if can_echo && top > 0 {
            tries.push((top, true));
        }
        tries.push((top, false));
    }
    let last = tries.len() - 1;
    for (number, (top, echo)) in tries.into_iter().enumerate() {
        let wish = Wish { top, echo, ..Wish::default() };
        let body = request::body(&known.model, question(), &wish, false, &options.extra);
        let path = request::path(options.api);
        match client.call(path, Some(&body), |body| answer::read(body, 1)).await {
            Ok(response) => {
                (known.top, known.echoes) = told(&response, top, echo);
                return Ok(());
            }
            // It does not know one of the fields.
            Err(failure) if number < last && is_about_fields(failure.reason) => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(())
}

/// Some servers answer 500 to a field they cannot serve, and some with an error of status 200.
fn is_about_fields(reason: Reason) -> bool {
    matches!(reason, Reason::Status(400 | 422 | 500 | 501) | Reason::Refused)
}

/// What an answer to the probe shows: a field that is not known is often left aside without
/// a word.
fn told(response: &Response, top: u32, echo: bool) -> (u32, bool) {
    let tokens = response.answers.first().map_or(&[][..], |answer| answer.tokens.as_slice());
    let tells_top = tokens.iter().any(|token| !token.top.is_empty());
    // The prompt has four words, and all but its first token have a predecessor.
    let echoes = echo && tokens.len() >= 4 && tokens[1..].iter().all(|t| t.logprob.is_some());
    (if tells_top { top } else { 0 }, echoes)
}

impl Known {
    /// What methods can ask of it.
    pub(super) fn abilities(&self, options: &OpenAiOptions) -> Abilities {
        let ends = self.echoes && options.end_text.is_some();
        Abilities { steps: false, scores: self.echoes, ends, labels: self.echoes || self.top > 0 }
    }

    fn number(&self, places: &[(&Value, &str)]) -> Option<u64> {
        places.iter().find_map(|(value, place)| value.pointer(place)?.as_u64())
    }

    /// Tokens that a prompt and its answer may take together, where the server says.
    pub(super) fn context(&self) -> Option<usize> {
        let said = [
            (&self.entry, "/max_model_len"),
            (&self.props, "/default_generation_settings/n_ctx"),
            (&self.entry, "/meta/n_ctx"),
        ];
        self.number(&said).and_then(|tokens| usize::try_from(tokens).ok()).filter(|&n| n > 0)
    }

    /// The software, as far as it shows.
    fn software(&self) -> &str {
        match self.entry.get("owned_by").and_then(Value::as_str) {
            Some("vllm") => "vLLM",
            Some("llamacpp") => "llama-server",
            Some("library") => "Ollama",
            _ if self.props.is_object() => "llama-server",
            _ => "a server",
        }
    }

    /// Whether it continues an answer that was begun where it is told to.
    pub(super) fn continues(&self) -> bool {
        self.software() == "vLLM"
    }

    /// Special texts that it tells of its model.
    pub(super) fn special_texts(&self) -> Vec<&str> {
        let text = |name: &&str| self.props.get(*name).and_then(Value::as_str);
        ["bos_token", "eos_token"].iter().filter_map(text).collect()
    }

    /// What is known of the model.
    pub(super) fn info(&self, root: &str, options: &OpenAiOptions, context: usize) -> ModelInfo {
        let meta =
            |name: &str| self.entry.pointer(&format!("/meta/{name}")).and_then(Value::as_u64);
        let chat_template = match options.api {
            Api::Chat => Some(ROLES_TEMPLATE.to_owned()),
            Api::Completions => options.chat_template.clone(),
        };
        let api = Api::NAMES[usize::from(options.api == Api::Completions)];
        let extra = if options.extra.is_empty() {
            String::new()
        } else {
            let fields = Value::Object(options.extra.clone()).to_string();
            format!(", extra fields {:.8}", blake3::hash(fields.as_bytes()).to_hex())
        };
        ModelInfo {
            name: self.model.clone(),
            path: root.to_owned(),
            hash: self.hash(root),
            bytes: meta("size").unwrap_or(0),
            parameters: meta("n_params").unwrap_or(0),
            context_trained: meta("n_ctx_train")
                .and_then(|tokens| u32::try_from(tokens).ok())
                .or_else(|| u32::try_from(context).ok())
                .unwrap_or(u32::MAX),
            chat_template,
            template: None,
            max_tokens_per_word: None,
            bos: String::new(),
            eos: options.end_text.clone().unwrap_or_default(),
            add_bos: false,
            engine: format!(
                "{} at {root}, {api} interface, context of {context} tokens{extra}; results need \
                 not repeat",
                self.software()
            ),
            adapter: None,
        }
    }

    /// blake3 of the address and what the server says of the model: not of its weights,
    /// which nobody but the server knows. What changes from one answer to the next, such as
    /// the time, is left out.
    fn hash(&self, root: &str) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut add = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        };
        add(root);
        add(&self.model);
        for place in ["/root", "/parent", "/owned_by", "/max_model_len", "/meta"] {
            add(&self.entry.pointer(place).unwrap_or(&Value::Null).to_string());
        }
        for place in ["/model_path", "/build_info", "/chat_template"] {
            add(&self.props.pointer(place).unwrap_or(&Value::Null).to_string());
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// A response whose text nobody reads.
pub(super) fn no_text(detail: impl Into<String>) -> Fault {
    Fault::of(Reason::NoText, detail)
}

#[cfg(test)]
#[path = "connect_tests.rs"]
mod tests;
