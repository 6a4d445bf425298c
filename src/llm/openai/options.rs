//! How to reach a server.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{Reason, Retry, ServerFailure, client::Key};

/// Which interface of a server is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Api {
    /// `/v1/chat/completions`: the server lays out the messages with its own chat template.
    #[default]
    Chat,
    /// `/v1/completions`: the prompt is sent as it is.
    Completions,
}

impl Api {
    /// The names of the interfaces.
    pub const NAMES: [&'static str; 2] = ["chat", "completions"];

    /// The interface of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "chat" => Some(Self::Chat),
            "completions" => Some(Self::Completions),
            _ => None,
        }
    }
}

/// How to reach a server and what to ask of it.
#[derive(Debug, Clone)]
pub struct OpenAiOptions {
    /// Its address, with or without `/v1`, such as `http://localhost:8000`.
    pub url: String,
    /// The model's name; `None` where the server has only one.
    pub model: Option<String>,
    /// The environment variable that holds the key, where the server wants one.
    pub key_variable: Option<String>,
    /// Which interface to use.
    pub api: Api,
    /// For [`Api::Completions`], a chat template (Jinja) to lay out messages with. It writes
    /// the special tokens itself.
    pub chat_template: Option<String>,
    /// For scoring with [`Api::Completions`], the text of the end-of-text token.
    pub end_text: Option<String>,
    /// Tokens that a prompt and its answer may take together; `None` for what the server
    /// says, else [`OpenAiOptions::DEFAULT_CONTEXT`].
    pub context: Option<usize>,
    /// Most requests at a time, at least 1.
    pub parallel: usize,
    /// Time limit of one attempt.
    pub timeout: Duration,
    /// How often and how patiently to try.
    pub retry: Retry,
    /// Fields laid over every request; a null takes one out.
    pub extra: Map<String, Value>,
}

impl OpenAiOptions {
    /// Tokens of a prompt and its answer where neither user nor server say.
    pub const DEFAULT_CONTEXT: usize = 4096;

    /// The defaults for an address.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            model: None,
            key_variable: None,
            api: Api::default(),
            chat_template: None,
            end_text: None,
            context: None,
            parallel: 16,
            timeout: Duration::from_secs(120),
            retry: Retry::default(),
            extra: Map::new(),
        }
    }

    /// The address without `/v1`.
    pub(super) fn root(&self) -> Result<String, ServerFailure> {
        let bad = |detail: &str| self.refuse(detail);
        let trimmed = self.url.trim().trim_end_matches('/');
        let root = trimmed.strip_suffix("/v1").unwrap_or(trimmed).trim_end_matches('/');
        let Some((scheme, rest)) = root.split_once("://") else {
            return Err(bad("an address begins with `http://` or `https://`"));
        };
        if !matches!(scheme, "http" | "https") || rest.is_empty() || rest.starts_with('/') {
            return Err(bad("an address is `http://HOST:PORT` or `https://HOST:PORT`"));
        }
        if rest.contains(['?', '#']) || rest.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(bad("an address has no query, no fragment and no space"));
        }
        Ok(root.to_owned())
    }

    /// The key, from the environment.
    pub(super) fn key(&self) -> Result<Option<Key>, ServerFailure> {
        let Some(variable) = &self.key_variable else { return Ok(None) };
        match std::env::var(variable) {
            Ok(key) if !key.trim().is_empty() => Ok(Some(Key(key.trim().to_owned()))),
            _ => Err(self.refuse(&format!("the environment variable `{variable}` holds no key"))),
        }
    }

    /// A failure before anything was sent.
    pub(super) fn refuse(&self, detail: &str) -> ServerFailure {
        // What stands before an `@` or behind a `?` may be a password.
        let url = self.url.split('?').next().unwrap_or_default();
        let shown = match url.rsplit_once('@') {
            Some((_, host)) => format!("..@{host}"),
            None => url.to_owned(),
        };
        ServerFailure {
            url: shown,
            reason: Reason::Options,
            detail: detail.to_owned(),
            attempts: 0,
        }
    }

    /// Refuses an address with a name or password in it, which would end up in the database.
    pub(super) fn checked_root(&self) -> Result<String, ServerFailure> {
        let root = self.root()?;
        if root.contains('@') {
            return Err(self.refuse("a key belongs into an environment variable"));
        }
        Ok(root)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_with_and_without_its_version() {
        for url in ["http://h:1", "http://h:1/", "http://h:1/v1", " http://h:1/v1/ "] {
            assert_eq!(OpenAiOptions::new(url).checked_root().unwrap(), "http://h:1");
        }
        let below = OpenAiOptions::new("https://h/proxy/v1");
        assert_eq!(below.checked_root().unwrap(), "https://h/proxy");
    }

    #[test]
    fn what_is_no_address_is_refused_and_a_password_not_shown() {
        for url in ["", "h:1", "ftp://h", "http://", "http:///x", "http://h?key=1", "http://a b"] {
            assert_eq!(OpenAiOptions::new(url).checked_root().unwrap_err().reason, Reason::Options);
        }
        for url in ["http://me:secret@h", "http://h/?key=secret"] {
            let error = OpenAiOptions::new(url).checked_root().unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_key_that_is_not_set_is_said_before_anything_is_sent() {
        let mut options = OpenAiOptions::new("http://h");
        assert!(options.key().unwrap().is_none());
        options.key_variable = Some("GEC_TEST_NO_SUCH_KEY".into());
        assert!(options.key().unwrap_err().to_string().contains("GEC_TEST_NO_SUCH_KEY"));
    }
}
