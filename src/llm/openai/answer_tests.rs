use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn both_shapes_of_log_probabilities_say_the_same() {
    let lists = json!({
        "choices": [{"index": 0, "text": "a b", "finish_reason": "stop", "stop_reason": "\n",
            "logprobs": {"tokens": ["a", " b"], "token_logprobs": [-0.5, -0.25],
                "top_logprobs": [{"a": -0.5, "c": -1.0}, {" b": -0.25}]}}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 2}
    });
    let content = json!({
        "choices": [{"message": {"content": "a b"}, "finish_reason": "stop", "stop_reason": "\n",
            "logprobs": {"content": [
                {"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": [
                    {"token": "a", "logprob": -0.5}, {"token": "c", "logprob": -1.0}]},
                {"token": " b", "logprob": -0.25, "bytes": null, "top_logprobs": [
                    {"token": " b", "logprob": -0.25}]}]}}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 2}
    });
    let (lists, content) = (read(&lists, 1).unwrap(), read(&content, 1).unwrap());
    assert_eq!(lists, content);
    let answer = &lists.answers[0];
    assert_eq!((answer.text.as_str(), answer.stop), ("a b", Some(StopReason::StopText)));
    assert_eq!(answer.logprob(), Some(-0.75));
    assert_eq!((lists.prompt_tokens, lists.answer_tokens), (7, 2));
}

#[test]
fn answers_stand_in_the_order_of_the_prompts() {
    let body = json!({"choices": [{"index": 1, "text": "b"}, {"index": 0, "text": "a"}]});
    let texts: Vec<String> = read(&body, 2).unwrap().answers.into_iter().map(|a| a.text).collect();
    assert_eq!(texts, ["a", "b"]);
}

#[test]
fn an_error_in_an_answer_is_one_and_passes_where_its_code_says_so() {
    let of = |error: Value| read(&json!({"error": error, "choices": []}), 1).unwrap_err();
    let busy = of(json!({"message": "overloaded", "code": 503}));
    assert_eq!((busy.reason, busy.again), (Reason::Refused, Again::Later));
    assert_eq!(busy.detail, "overloaded");
    let long = of(json!({"message": "too long", "type": "exceed_context_size_error", "code": 500}));
    assert_eq!((long.reason, long.again), (Reason::TooLong, Again::No));
    let bad = of(json!("no such model"));
    assert_eq!((bad.reason, bad.again), (Reason::Refused, Again::No));
    assert_eq!(bad.detail, "no such model");
}

#[test]
fn what_is_no_answer_is_not_taken_for_one() {
    for body in [
        json!(null),
        json!([]),
        json!({}),
        json!({"choices": []}),
        json!({"choices": [{"index": 0}]}),
        json!({"choices": [{"text": "a"}, {"text": "b"}]}),
        json!({"choices": [{"text": 7}]}),
        json!({"choices": [{"message": {"content": [1]}}]}),
    ] {
        let fault = read(&body, 1).unwrap_err();
        assert_eq!((fault.reason, fault.again), (Reason::Malformed, Again::No), "{body}");
    }
}

#[test]
fn a_step_is_nearly_tied_only_where_a_second_token_is_told() {
    let told = |top: &[(&str, f64)]| Told {
        bytes: vec![],
        logprob: Some(-0.7),
        top: top.iter().map(|(token, logprob)| ((*token).to_owned(), *logprob)).collect(),
    };
    let answer = Answer {
        text: String::new(),
        tokens: vec![
            told(&[("a", -0.7), ("b", -0.7005)]),
            told(&[("b", -0.71), ("a", -0.70)]),
            told(&[("a", -0.7)]),
        ],
        stop: None,
        finish: None,
        thought: false,
    };
    assert_eq!(answer.near_ties(), 1);
}

proptest! {
    /// A text with anything in it for the values never makes a panic or a positive
    /// log-probability.
    #[test]
    fn log_probabilities_are_never_positive(
        values in prop::collection::vec(prop::option::of(-20.0_f64..20.0), 0..6),
        tokens in prop::collection::vec(".{0,3}", 0..6),
    ) {
        let body = json!({"choices": [{"text": "x", "logprobs":
            {"tokens": tokens, "token_logprobs": values}}]});
        let answer = read(&body, 1).unwrap().answers.remove(0);
        prop_assert_eq!(answer.tokens.len(), tokens.len());
        prop_assert!(answer.tokens.iter().all(|token| token.logprob.is_none_or(|l| l <= 0.0)));
    }
}
