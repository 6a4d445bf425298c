//! What becomes of a request when the server or the way to it fails.

use std::time::Instant;

use super::*;

async fn connected(server: &Server) -> OpenAi {
    OpenAi::connect(server.options()).await.unwrap()
}

fn attempts(server: &Server) -> usize {
    server.stats()["requests"].as_array().unwrap().len()
}

fn failure(result: Result<GenerateOutput, LlmError>) -> ServerFailure {
    match result {
        Err(LlmError::Server(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_passes_is_tried_again_until_it_has_passed() {
    let server = Server::start("vllm");
    let model = connected(&server).await;
    let busy = json!({"error": {"message": "overloaded", "code": 503}});
    for (name, fault) in [
        ("status 500", json!({"status": 500, "times": 3})),
        ("status 503", json!({"status": 503})),
        ("half the JSON", json!({"truncate": true, "times": 2})),
        ("a body cut short", json!({"cut": true})),
        ("a reset", json!({"reset": true, "times": 2})),
        ("an error of status 200", json!({"body": busy})),
    ] {
        let times = fault["times"].as_u64().unwrap_or(1) as usize;
        server.control(&json!({"faults": [fault]}));
        let output = model.generate(request(&model, LIST)).await;
        assert_eq!(output.expect(name).text, ANSWER, "{name}");
        assert_eq!(attempts(&server), times + 1, "{name}");
    }
}

#[tokio::test]
async fn what_does_not_pass_is_not_tried_again_and_never_taken_for_an_answer() {
    let server = Server::start("vllm");
    let model = connected(&server).await;
    let said = |content: Value, finish: Value| {
        let message = json!({"role": "assistant", "content": content});
        json!({"body": {"choices": [{"message": message, "finish_reason": finish}]}})
    };
    let thoughts = json!({"body": {"choices": [{"finish_reason": "length", "message":
        {"content": null, "reasoning_content": "Let me see"}}]}});
    for (fault, reason, part) in [
        (json!({"status": 400}), Reason::Status(400), "as asked"),
        (json!({"status": 500, "says": "exceed_context_size_error"}), Reason::TooLong, "exceed"),
        (json!({"status": 404}), Reason::Status(404), "as asked"),
        (json!({"status": 501}), Reason::Status(501), "as asked"),
        (json!({"status": 302, "location": "http://x/"}), Reason::Status(302), "http://x/"),
        (json!({"html": true}), Reason::Malformed, "text/html"),
        (json!({"body": []}), Reason::Malformed, "[]"),
        (json!({"body": {"id": 1}}), Reason::Malformed, "choices"),
        (json!({"body": {"choices": []}}), Reason::Malformed, "0 choices"),
        (json!({"body": {"error": {"message": "no"}}}), Reason::Refused, "no"),
        (said(json!("yes"), json!("content_filter")), Reason::NoText, "content_filter"),
        (said(json!("yes"), json!(null)), Reason::NoText, "no reason"),
        (said(json!(" "), json!("stop")), Reason::NoText, "empty"),
        (thoughts, Reason::NoText, "thoughts"),
    ] {
        server.control(&json!({"faults": [fault]}));
        let failure = failure(model.generate(request(&model, LIST)).await);
        assert_eq!((failure.reason, failure.attempts), (reason, 1), "{failure}");
        assert!(failure.to_string().contains(part), "{failure}");
        assert_eq!(attempts(&server), 1, "{failure}");
    }
}

#[tokio::test]
async fn the_wait_that_a_server_asks_for_is_kept() {
    let server = Server::start("vllm");
    let model = connected(&server).await;
    server.control(&json!({"faults": [{"status": 429, "retry_after": "1"}]}));
    let started = Instant::now();
    assert_eq!(model.generate(request(&model, LIST)).await.unwrap().text, ANSWER);
    assert!(started.elapsed() >= Duration::from_secs(1));
    server.control(&json!({"faults": [{"status": 429, "retry_after": "9999"}]}));
    let failure = failure(model.generate(request(&model, LIST)).await);
    assert_eq!((failure.reason, failure.attempts), (Reason::Status(429), 1));
    assert!(failure.detail.contains("9999 s"), "{failure}");
    assert_eq!(LlmError::Server(failure).hint().as_deref(), Some("lower `--parallel`"));
}

#[tokio::test]
async fn every_attempt_has_a_time_limit_and_attempts_have_an_end() {
    let server = Server::start("vllm");
    let mut options = server.options();
    options.timeout = Duration::from_secs(1);
    options.retry.attempts = 2;
    let model = OpenAi::connect(options).await.unwrap();
    server.control(&json!({"faults": [{"sleep": 2.5}]}));
    assert_eq!(model.generate(request(&model, LIST)).await.unwrap().text, ANSWER);
    server.control(&json!({"faults": [{"sleep": 2.5, "times": 2}]}));
    let failure = failure(model.generate(request(&model, LIST)).await);
    assert_eq!((failure.reason, failure.attempts), (Reason::Timeout, 2));
    assert!(failure.to_string().contains("/v1/chat/completions"), "{failure}");
}

#[tokio::test]
async fn a_server_that_is_gone_is_told_so_after_some_requests_and_a_run_should_stop() {
    let server = Server::start("vllm");
    let model = connected(&server).await;
    drop(server);
    let mut reasons = Vec::new();
    for _ in 0..9 {
        let failure = failure(model.generate(request(&model, LIST)).await);
        assert_eq!(failure.is_lasting(), failure.reason == Reason::Gone);
        reasons.push((failure.reason, failure.attempts));
    }
    assert_eq!(reasons[..7], [(Reason::Connection, 4); 7]);
    // Then one attempt is enough, until one succeeds.
    assert_eq!(reasons[7..], [(Reason::Gone, 4), (Reason::Gone, 1)]);
}

#[tokio::test]
async fn a_dropped_request_stops_waiting() {
    let server = Server::start("vllm");
    let model = connected(&server).await;
    server.control(&json!({"faults": [{"sleep": 4.0}]}));
    let started = Instant::now();
    let limit = Duration::from_millis(100);
    let result = tokio::time::timeout(limit, model.generate(request(&model, LIST))).await;
    assert!(result.is_err());
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn connecting_says_what_is_wrong() {
    let server = Server::start("chat");
    let of = |options: OpenAiOptions| async move {
        match OpenAi::connect(options).await {
            Err(LlmError::Server(failure)) => failure,
            other => panic!("{other:?}"),
        }
    };
    let other = of(server.completions()).await;
    assert_eq!(other.reason, Reason::Status(404));
    assert!(other.hint().is_some_and(|hint| hint.contains("--api chat")));

    server.control(&json!({"models": ["one", "two"]}));
    let unnamed = of(server.options()).await;
    assert_eq!(unnamed.reason, Reason::NoModel);
    assert!(unnamed.to_string().contains("`one`, `two`"), "{unnamed}");
    let named = OpenAiOptions { model: Some("two".into()), ..server.options() };
    assert_eq!(OpenAi::connect(named).await.unwrap().info().name, "two");

    // Any variable that is set will do for a key that the server does not take.
    server.control(&json!({"key": "right"}));
    let key = std::env::var("PATH").unwrap();
    let wrong = OpenAiOptions { key_variable: Some("PATH".into()), ..server.options() };
    let refused = of(wrong).await;
    assert_eq!(refused.reason, Reason::Status(401));
    let shown = refused.to_string();
    assert!(shown.contains("bad key: Bearer [key]") && !shown.contains(&key), "{shown}");
    server.control(&json!({"key": key, "models": ["one"]}));
    let right = OpenAiOptions { key_variable: Some("PATH".into()), ..server.options() };
    assert!(OpenAi::connect(right).await.is_ok());

    let url = server.url.clone();
    let options = server.options();
    drop(server);
    let gone = of(options).await;
    assert_eq!((gone.reason, gone.attempts), (Reason::Connection, 4));
    assert!(gone.to_string().contains(&url), "{gone}");
}
