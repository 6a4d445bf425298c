//! Where a language model runs.

use clap::Args;

/// A server to ask in place of a model on this machine.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Model server")]
pub struct BackendArgs {
    /// What runs the model: llama (a GGUF file, here) or openai (an OpenAI-compatible server)
    /// [default: openai where --url is given, else llama]
    #[arg(long, value_name = "NAME", value_parser = ["llama", "openai"])]
    pub backend: Option<String>,
    /// Address of the server, such as http://localhost:8000; --model then names its model
    #[arg(long, env = "GEC_URL", value_name = "URL")]
    pub url: Option<String>,
    /// Environment variable that holds the server's key
    #[arg(long, requires = "url", value_name = "VAR")]
    pub api_key_env: Option<String>,
    /// Interface of the server: chat (it lays out the messages) or completions (gec does)
    #[arg(long, requires = "url", default_value = "chat", value_name = "NAME", value_parser = ["chat", "completions"])]
    pub api: String,
    /// For --api completions: a file with the model's chat template (Jinja)
    #[arg(long, requires = "url", value_name = "FILE")]
    pub chat_template: Option<std::path::PathBuf>,
    /// For --api completions: text of the model's end-of-text token, to score texts with their end
    #[arg(long, requires = "url", value_name = "TEXT")]
    pub end_of_text: Option<String>,
    /// Seconds that one attempt may take
    #[arg(long, requires = "url", default_value_t = 120, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub request_timeout: u64,
    /// Attempts of one request
    #[arg(long, requires = "url", default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub attempts: u32,
    /// Fields laid over every request, as a JSON object; null takes one out
    #[arg(long, requires = "url", value_name = "JSON", value_parser = json_object)]
    pub request_json: Option<JsonObject>,
}

impl BackendArgs {
    /// Whether a server is to be asked.
    #[must_use]
    pub fn is_server(&self) -> bool {
        match self.backend.as_deref() {
            Some(name) => name == "openai",
            None => self.url.is_some(),
        }
    }
}

/// A JSON object.
pub type JsonObject = serde_json::Map<String, serde_json::Value>;

fn json_object(text: &str) -> Result<JsonObject, String> {
    serde_json::from_str(text).map_err(|error| format!("it must be a JSON object: {error}"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Typed {
        #[command(flatten)]
        backend: BackendArgs,
    }

    fn typed(arguments: &[&str]) -> Result<BackendArgs, clap::Error> {
        Typed::try_parse_from([&["gec"], arguments].concat()).map(|typed| typed.backend)
    }

    #[test]
    fn an_address_is_enough_to_mean_a_server() {
        assert!(typed(&["--url", "http://h"]).unwrap().is_server());
        assert!(!typed(&[]).unwrap().is_server());
        assert!(!typed(&["--url", "http://h", "--backend", "llama"]).unwrap().is_server());
        assert!(typed(&["--backend", "openai"]).unwrap().is_server());
    }

    #[test]
    fn options_of_a_server_need_one() {
        assert!(typed(&["--api-key-env", "KEY"]).is_err());
        assert!(typed(&["--attempts", "2"]).is_err());
        assert!(typed(&["--url", "http://h", "--request-json", "[1]"]).is_err());
        let extra = typed(&["--url", "http://h", "--request-json", r#"{"top_k": null}"#]).unwrap();
        assert!(extra.request_json.unwrap()["top_k"].is_null());
    }
}
