//! Bytes as tokens: how a text reaches a server that has a tokenizer of its own.

use regex::Regex;

use super::{super::Vocab, Api};
use crate::llm::TokenId;

/// The token that ends a text. Tokens 0 to 255 are the bytes, those above it special texts.
const END: TokenId = 256;

/// What stands before the messages of each role in a prompt of [`Api::Chat`].
const ROLES: [(&str, &str); 3] =
    [("system", "<|gec:system|>"), ("user", "<|gec:user|>"), ("assistant", "<|gec:assistant|>")];

/// A chat template that writes the role before each message and nothing else. The prompt it
/// makes is taken apart into messages again, and the server lays them out.
pub(super) const ROLES_TEMPLATE: &str = "{% for message in messages %}<|gec:{{ message.role }}|>\
     {{ message.content }}{% endfor %}\
     {% if add_generation_prompt %}<|gec:assistant|>{% endif %}";

/// Special texts of wide-spread models. A server does not tell its own, and reads them also
/// where they stand in data.
const KNOWN: &[&str] = &[
    "<|im_start|>",
    "<|im_end|>",
    "<|endoftext|>",
    "<|begin_of_text|>",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|system|>",
    "<|user|>",
    "<|assistant|>",
    "<|start|>",
    "<|end|>",
    "<|channel|>",
    "<|message|>",
    "<|return|>",
    "<s>",
    "</s>",
    "<unk>",
    "<pad>",
    "<bos>",
    "<eos>",
    "<start_of_turn>",
    "<end_of_turn>",
    "[INST]",
    "[/INST]",
    "<<SYS>>",
    "<</SYS>>",
    "<think>",
    "</think>",
    "<｜User｜>",
    "<｜Assistant｜>",
    "<｜begin▁of▁sentence｜>",
    "<｜end▁of▁sentence｜>",
];

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct Message {
    pub(super) role: &'static str,
    pub(super) content: String,
}

/// A vocabulary of the 256 bytes, an end, and the special texts that a prompt may hold.
///
/// A special text becomes a token of its own only where the template wrote it. In data it
/// stays bytes, and is broken up by a space before it is sent.
#[derive(Debug)]
pub(super) struct Bytes {
    vocab: Vocab,
    specials: Vec<String>,
}

impl Bytes {
    /// The vocabulary for an interface. `own` are special texts the model is known to have,
    /// beside those that its chat template names.
    pub(super) fn new(api: Api, chat_template: Option<&str>, own: &[&str]) -> Self {
        let mut specials: Vec<String> = Vec::new();
        if api == Api::Chat {
            specials.extend(ROLES.iter().map(|(_, marker)| (*marker).to_owned()));
        }
        specials.extend(KNOWN.iter().chain(own).map(|text| (*text).to_owned()));
        specials.extend(chat_template.map(special_texts).unwrap_or_default());
        let mut seen = std::collections::BTreeSet::new();
        specials.retain(|text| text.chars().count() > 1 && seen.insert(text.clone()));
        let mut pieces: Vec<Vec<u8>> = (0..=u8::MAX).map(|byte| vec![byte]).collect();
        pieces.push(Vec::new());
        pieces.extend(specials.iter().map(|text| text.clone().into_bytes()));
        let end = (0..).take(pieces.len()).map(|token| token == END).collect();
        Self { vocab: Vocab::new(pieces, end, specials.clone()), specials }
    }

    pub(super) fn vocab(&self) -> &Vocab {
        &self.vocab
    }

    /// The bytes of `text`, its special texts as one token each where `parse_special`.
    pub(super) fn tokenize(&self, text: &str, parse_special: bool) -> Vec<TokenId> {
        if !parse_special {
            return text.bytes().map(TokenId::from).collect();
        }
        let mut tokens = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let special = self.special_at(rest);
            let (token, width) = match special {
                Some(index) => (END + 1 + index as TokenId, self.specials[index].len()),
                None => {
                    let width = first.len_utf8();
                    tokens.extend(rest.bytes().take(width).map(TokenId::from));
                    rest = &rest[width..];
                    continue;
                }
            };
            tokens.push(token);
            rest = &rest[width..];
        }
        tokens
    }

    /// The longest special text that `text` begins with.
    fn special_at(&self, text: &str) -> Option<usize> {
        let begins = |(_, special): &(usize, &String)| text.starts_with(special.as_str());
        let found = self.specials.iter().enumerate().filter(begins);
        found.max_by_key(|(_, special)| special.len()).map(|(index, _)| index)
    }

    /// The text of a prompt as it is sent.
    pub(super) fn text(&self, tokens: &[TokenId]) -> String {
        let mut text = String::new();
        for part in self.parts(tokens) {
            match part {
                Part::Special(special) => text.push_str(special),
                Part::Text(run) => text.push_str(&run),
            }
        }
        text
    }

    /// The messages of a prompt; without any role before it, a text is the user's.
    pub(super) fn messages(&self, tokens: &[TokenId]) -> Vec<Message> {
        let mut messages = vec![Message { role: "user", content: String::new() }];
        for part in self.parts(tokens) {
            match part {
                Part::Special(special) => match ROLES.iter().find(|(_, name)| *name == special) {
                    Some((role, _)) => messages.push(Message { role, content: String::new() }),
                    None => push(&mut messages, special),
                },
                Part::Text(run) => push(&mut messages, &run),
            }
        }
        messages.retain(|message| !message.content.is_empty());
        messages
    }

    fn parts(&self, tokens: &[TokenId]) -> Vec<Part<'_>> {
        let mut parts = Vec::new();
        let mut run = Vec::new();
        for &token in tokens {
            match u8::try_from(token) {
                Ok(byte) => run.push(byte),
                Err(_) => {
                    let index = token.checked_sub(END + 1).and_then(|at| usize::try_from(at).ok());
                    if let Some(special) = index.and_then(|index| self.specials.get(index)) {
                        parts.push(Part::Text(self.broken_up(&std::mem::take(&mut run))));
                        parts.push(Part::Special(special));
                    }
                }
            }
        }
        parts.push(Part::Text(self.broken_up(&run)));
        parts
    }

    /// The text of `bytes`, with a space inside whatever the server would read as special.
    fn broken_up(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes);
        let mut broken = String::with_capacity(text.len());
        for (at, first) in text.char_indices() {
            broken.push(first);
            if self.special_at(&text[at..]).is_some() {
                broken.push(' ');
            }
        }
        broken
    }
}

enum Part<'a> {
    Special(&'a str),
    Text(String),
}

fn push(messages: &mut [Message], text: &str) {
    if let Some(last) = messages.last_mut() {
        last.content.push_str(text);
    }
}

/// What a chat template writes that looks like a special token.
fn special_texts(template: &str) -> Vec<String> {
    let pattern = r#"<[|｜/]?[A-Za-z_][^<>\s'"{}]{0,40}>|\[/?[A-Z][A-Z_]+\]"#;
    let found = Regex::new(pattern).ok();
    found.map_or_else(Vec::new, |pattern| {
        pattern.find_iter(template).map(|found| found.as_str().to_owned()).collect()
    })
}

#[cfg(test)]
#[path = "vocabulary_tests.rs"]
mod tests;
