//! What can go wrong between this program and a server.

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// No connection, or it broke before the answer was complete.
    Connection,
    /// No answer within the time limit.
    Timeout,
    /// An HTTP status other than 2xx.
    Status(u16),
    /// More tokens than the server's model can attend over.
    TooLong,
    /// An error object in an answer of status 200.
    Refused,
    /// An answer that is not what the interface promises.
    Malformed,
    /// An answer without a text in it, or one that the server broke off.
    NoText,
    /// A model that the server does not have.
    NoModel,
    /// Options that make no request: an address, a key, a field.
    Options,
    /// Many requests in a row have failed after all their attempts.
    Gone,
}

/// A request that failed for good.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{url}: {}{}{}", title(*.reason), tries(*.attempts), quoted(.detail))]
pub struct ServerFailure {
    /// The address that was asked.
    pub url: String,
    /// What went wrong the last time.
    pub reason: Reason,
    /// The system's or the server's words, at most a few hundred characters on one line.
    /// Never the key.
    pub detail: String,
    /// How often it was tried; 0 where nothing was sent.
    pub attempts: u32,
}

impl ServerFailure {
    /// Whether every other request would fail in the same way.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        matches!(
            self.reason,
            Reason::NoModel
                | Reason::Options
                | Reason::Gone
                | Reason::Status(300..=399 | 401 | 403 | 404 | 405)
        )
    }

    /// What to do about it, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self.reason {
            Reason::Connection | Reason::Gone => {
                "check that the server runs and that `--url` names its address and port; the same \
                 command goes on from here"
            }
            Reason::Timeout => {
                "raise `--request-timeout`, or lower `--parallel` to what the server can work on \
                 at once"
            }
            Reason::Status(401 | 403) => {
                "name the environment variable that holds the key with `--api-key-env`"
            }
            Reason::Status(404 | 405) => {
                "`--url` is the address before `/v1`; a server may know only one of `--api chat` \
                 and `--api completions`"
            }
            Reason::TooLong => {
                "set `--context` to what the server allows; where that is right, the text takes \
                 more tokens than usual: set it lower"
            }
            Reason::Status(400 | 422) => {
                "take out a field that the server does not know with `--request-json \
                 '{\"FIELD\": null}'`"
            }
            Reason::Status(429) => "lower `--parallel`",
            Reason::Status(300..=399) => "give the address that it leads to with `--url`",
            Reason::NoText => {
                "a model that thinks aloud needs to be told not to, for example with \
                 `--request-json '{\"chat_template_kwargs\": {\"enable_thinking\": false}}'`"
            }
            Reason::NoModel => "name one of its models with `--model`",
            Reason::Malformed => "check that `--url` is an OpenAI-compatible server",
            _ => return None,
        })
    }
}

fn title(reason: Reason) -> String {
    match reason {
        Reason::Connection => "no connection".into(),
        Reason::Timeout => "no answer in time".into(),
        Reason::Status(code) => format!("HTTP status {code}"),
        Reason::TooLong => "the prompt is too long for the server".into(),
        Reason::Refused => "the server reports an error".into(),
        Reason::Malformed => "not an answer of this interface".into(),
        Reason::NoText => "the answer holds no text to use".into(),
        Reason::NoModel => "no such model".into(),
        Reason::Options => "cannot be asked".into(),
        Reason::Gone => "the server seems to be gone".into(),
    }
}

fn tries(attempts: u32) -> String {
    if attempts > 1 { format!(" ({attempts} attempts)") } else { String::new() }
}

fn quoted(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(": {detail}") }
}

/// Whether a server's words say that a prompt is too long: those of llama-server (which also
/// comes with status 500), of OpenAI and of vLLM.
pub(super) fn is_about_length(words: &str) -> bool {
    const SAID: [&str; 4] = [
        "exceed_context_size",
        "exceeds the available context size",
        "context_length_exceeded",
        "maximum context length",
    ];
    SAID.iter().any(|said| words.contains(said))
}

/// The beginning of what a server wrote, on one line and without `secret`.
pub(super) fn excerpt(body: &[u8], secret: Option<&str>) -> String {
    const MOST: usize = 300;
    // Much more than is shown, so that no key is cut in two before it is found.
    let text = String::from_utf8_lossy(&body[..body.len().min(1 << 16)]);
    let text = match secret.filter(|secret| !secret.is_empty()) {
        Some(secret) => text.replace(secret, "[key]"),
        None => text.into_owned(),
    };
    let line: String =
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MOST).collect();
    line.chars().filter(|c| !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_address_reason_and_attempts() {
        let failure = ServerFailure {
            url: "http://host/v1/completions".into(),
            reason: Reason::Status(503),
            detail: "loading model".into(),
            attempts: 4,
        };
        let text = failure.to_string();
        assert_eq!(text, "http://host/v1/completions: HTTP status 503 (4 attempts): loading model");
    }

    #[test]
    fn what_a_server_wrote_is_shown_in_brief_and_never_with_the_key() {
        let body = format!("{{\"error\":\n\t\"bad key sk-12\u{1b}34\"}}{}", "é".repeat(5000));
        let shown = excerpt(body.as_bytes(), Some("sk-12\u{1b}34"));
        assert!(shown.starts_with("{\"error\": \"bad key [key]\"}"), "{shown}");
        assert!(shown.chars().count() <= 300 && !shown.contains('\n'));
        assert_eq!(excerpt(b"", None), "");
    }

    #[test]
    fn a_bad_key_stops_a_run_and_a_long_prompt_does_not() {
        let of = |reason| ServerFailure {
            url: String::new(),
            reason,
            detail: String::new(),
            attempts: 1,
        };
        assert!(of(Reason::Status(401)).is_lasting() && of(Reason::Gone).is_lasting());
        assert!(!of(Reason::Status(400)).is_lasting() && !of(Reason::Timeout).is_lasting());
    }
}
