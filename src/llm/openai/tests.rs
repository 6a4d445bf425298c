//! The client against a real process that serves, and fails as it is told to.

mod behaviour;
mod faults;
mod methods;

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use super::*;
use crate::llm::Greedy;

/// A server process; it ends with this value.
pub(super) struct Server {
    child: Child,
    pub(super) url: String,
}

impl Server {
    /// Starts a server that behaves like `flavour`.
    pub(super) fn start(flavour: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/openai_server.py");
        let mut child = Command::new("python3")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("these tests need python3 on the PATH");
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let server = Self { child, url: format!("http://127.0.0.1:{}", port.trim()) };
        server.control(&json!({"flavour": flavour}));
        server
    }

    /// Changes what the server does, and forgets what it has seen.
    pub(super) fn control(&self, settings: &Value) {
        let url = format!("{}/control", self.url);
        ureq::post(&url).send(settings.to_string()).unwrap();
    }

    /// What it has seen since.
    pub(super) fn stats(&self) -> Value {
        let mut response = ureq::get(&format!("{}/stats", self.url)).call().unwrap();
        serde_json::from_str(&response.body_mut().read_to_string().unwrap()).unwrap()
    }

    /// Options with waits short enough for tests.
    pub(super) fn options(&self) -> OpenAiOptions {
        let wait = Duration::from_millis(10);
        OpenAiOptions {
            timeout: Duration::from_secs(5),
            retry: Retry { attempts: 4, first_wait: wait, longest_wait: 2 * wait },
            ..OpenAiOptions::new(&self.url)
        }
    }

    pub(super) fn completions(&self) -> OpenAiOptions {
        OpenAiOptions { api: Api::Completions, ..self.options() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A request for a greedy answer to a list of one hypothesis.
pub(super) fn request(model: &OpenAi, hypothesis: &str) -> GenerateRequest {
    GenerateRequest {
        prompt: model.tokenize(&format!("Guesses:\n1. {hypothesis}\n"), true),
        max_tokens: 64,
        stop: vec!["\n".into()],
        hook: Box::new(Greedy),
        draft: None,
    }
}

pub(super) const LIST: &str = "flights to bosting";
pub(super) const ANSWER: &str = "flights to boston";
