//! Chat templates: how a chat model was trained to read a conversation.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, context};
use minijinja_contrib::pycompat::unknown_method_callback;
use serde::Serialize;

use super::untrusted::{CLOSE, OPEN, Part, parts};
use super::{PromptError, PromptText};

/// Who says a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// What holds for the whole conversation.
    System,
    /// The question.
    User,
    /// The answer.
    Assistant,
}

impl Role {
    /// Its name in chat templates: `system`, `user` or `assistant`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Who says it.
    pub role: Role,
    /// What is said.
    pub content: String,
}

/// The date that chat templates are told, so that a prompt never depends on the day.
const FIXED_DATE: &str = "01 Jan 2025";

/// What the environment calls the one template in it.
const CHAT: &str = "chat";

/// The layout ChatML as a chat template: what prompts are shown in where a model has none.
pub const CHATML: &str = "{% for message in messages %}<|im_start|>{{ message.role }}\n\
    {{ message.content }}<|im_end|>\n{% endfor %}\
    {% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

/// A model's chat template, as it stands in `tokenizer.chat_template` of a GGUF file: Jinja
/// as the `transformers` library renders it.
///
/// Undefined variables print nothing and count as false, as there, because real templates
/// rely on it. `enable_thinking` is false for those that ask.
#[derive(Debug)]
pub struct ChatTemplate {
    env: Environment<'static>,
    bos: String,
    eos: String,
    takes_system: bool,
}

impl ChatTemplate {
    /// Parses a chat template and tries it out. `bos` and `eos` are the texts of the
    /// model's tokens for the beginning and the end of text; empty where it has none.
    ///
    /// # Errors
    /// [`PromptError::Chat`] or [`PromptError::ChatLostText`] where it cannot be parsed, or
    /// cannot lay out so much as one message of a user.
    pub fn new(source: &str, bos: &str, eos: &str) -> Result<Self, PromptError> {
        let env = environment(source).map_err(|e| chat_error(&e))?;
        let mut template =
            Self { env, bos: bos.to_owned(), eos: eos.to_owned(), takes_system: true };

        let probe = |role, content: &str| Message { role, content: content.to_owned() };
        let (system, user) = (probe(Role::System, "PROBE1"), probe(Role::User, "PROBE2"));
        let with_system = template.render(&[system, user.clone()], true);
        template.takes_system =
            with_system.is_ok_and(|text| text.contains("PROBE1") && text.contains("PROBE2"));
        if !template.takes_system && !template.render(&[user], true)?.contains("PROBE2") {
            return Err(PromptError::ChatLostText);
        }
        Ok(template)
    }

    /// Whether the template has a place for a system message. Where it refuses or drops
    /// one, [`ChatTemplate::render`] puts its text before the first user message.
    #[must_use]
    pub fn takes_system(&self) -> bool {
        self.takes_system
    }

    /// Lays out a conversation; with `add_generation_prompt` it ends where the assistant is
    /// to begin. The text holds the beginning-of-text token where the template writes one.
    ///
    /// # Errors
    /// [`PromptError::Chat`] where the template fails, for example on an order of roles
    /// that the model does not know.
    pub fn render(
        &self,
        messages: &[Message],
        add_generation_prompt: bool,
    ) -> Result<String, PromptError> {
        let merged;
        let messages = if self.takes_system {
            messages
        } else {
            merged = merge_system(messages);
            &merged
        };
        let variables = context! {
            messages => Serde(messages),
            add_generation_prompt => add_generation_prompt,
            bos_token => self.bos.as_str(),
            eos_token => self.eos.as_str(),
            enable_thinking => false,
        };
        let template = self.env.get_template(CHAT).map_err(|e| chat_error(&e))?;
        template.render(variables).map_err(|e| chat_error(&e))
    }

    /// Makes a prompt of marked messages. An assistant's message is not laid out but begins
    /// the answer.
    ///
    /// The chat template never sees data: each stretch of it is replaced by its number
    /// between the two marks, and put back afterwards. So a template that trims, splits or
    /// looks into messages treats all data alike, and where data stands stays known.
    pub(super) fn prompt(&self, marked: Vec<(Role, String)>) -> Result<PromptText, PromptError> {
        let mut data: Vec<&str> = Vec::new();
        let mut messages = Vec::new();
        let mut answer = "";
        for (role, text) in &marked {
            if *role == Role::Assistant {
                answer = text;
                continue;
            }
            let mut content = String::with_capacity(text.len());
            for part in parts(text) {
                match part {
                    Part::Trusted(text) => content.push_str(text),
                    Part::Data(text) => {
                        content.push_str(&format!("{OPEN}{}{CLOSE}", data.len()));
                        data.push(text);
                    }
                }
            }
            messages.push(Message { role: *role, content });
        }
        let text = self.render(&messages, true)?;

        let mut prompt = PromptText::default();
        let mut seen = vec![false; data.len()];
        for part in parts(&text) {
            match part {
                Part::Trusted(text) => prompt.push_trusted(text),
                Part::Data(number) => {
                    let number: usize = number.parse().map_err(|_| PromptError::ChatLostText)?;
                    let text = data.get(number).ok_or(PromptError::ChatLostText)?;
                    prompt.push_data(text);
                    seen[number] = true;
                }
            }
        }
        if seen.contains(&false) {
            return Err(PromptError::ChatLostText);
        }
        prompt.push_marked(answer);
        Ok(prompt)
    }
}

/// An environment that holds a chat template.
fn environment(source: &str) -> Result<Environment<'static>, Error> {
    let mut env = Environment::new();
    env.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    env.set_undefined_behavior(UndefinedBehavior::Lenient);
    env.set_unknown_method_callback(unknown_method_callback);
    env.add_function("raise_exception", |message: String| -> Result<Value, Error> {
        Err(Error::new(ErrorKind::InvalidOperation, message))
    });
    env.add_function("strftime_now", |_format: String| FIXED_DATE);
    env.add_template_owned(CHAT, without_generation_tags(source))?;
    Ok(env)
}

/// Puts the text of system messages before that of the user message that follows.
fn merge_system(messages: &[Message]) -> Vec<Message> {
    let mut merged = Vec::with_capacity(messages.len());
    let mut system = String::new();
    for message in messages {
        match message.role {
            Role::System => {
                system.push_str(&message.content);
                system.push_str("\n\n");
            }
            Role::User => {
                let content = std::mem::take(&mut system) + &message.content;
                merged.push(Message { role: Role::User, content });
            }
            Role::Assistant => merged.push(message.clone()),
        }
    }
    merged
}

/// Replaces `{% generation %}` by a condition that holds. The tag tells a training script
/// which text is the model's own, prints its content, and exists only there.
fn without_generation_tags(source: &str) -> String {
    let mut text = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(at) = rest.find("{%") {
        let (before, tag) = rest.split_at(at + 2);
        let body = tag.trim_start_matches(['-', '+']).trim_start();
        text.push_str(before);
        text.push_str(&tag[..tag.len() - body.len()]);
        rest = body;
        for (name, replacement) in [("generation", "if true"), ("endgeneration", "endif")] {
            if let Some(after) = body.strip_prefix(name)
                && after.starts_with(|c: char| c.is_whitespace() || matches!(c, '-' | '+' | '%'))
            {
                text.push_str(replacement);
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

fn chat_error(error: &Error) -> PromptError {
    let message = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    PromptError::Chat { line: error.line(), message }
}

#[cfg(test)]
#[path = "chat_tests.rs"]
mod tests;
