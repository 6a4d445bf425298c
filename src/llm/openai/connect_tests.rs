use serde_json::json;

use super::*;

fn known(entry: Value, props: Value) -> Known {
    Known { model: "m".into(), entry, props, top: 20, echoes: false }
}

#[test]
fn the_only_model_needs_no_name_and_a_wrong_name_is_told_the_right_ones() {
    let list = |names: &[&str]| {
        let data: Vec<Value> = names.iter().map(|name| json!({"id": name})).collect();
        json!({"object": "list", "data": data})
    };
    assert_eq!(entry(&list(&["a"]), None).unwrap()["id"], "a");
    assert_eq!(entry(&list(&["a", "b"]), Some("b")).unwrap()["id"], "b");
    assert!(entry(&list(&["a", "b"]), None).unwrap_err().contains("`a`, `b`"));
    assert!(entry(&list(&["a"]), Some("c")).unwrap_err().contains("`c`; it has `a`"));
    assert!(entry(&list(&[]), None).is_err());
    assert_eq!(entry(&Value::Null, Some("c")), Ok(Value::Null));
}

#[test]
fn the_context_is_what_the_server_says() {
    let vllm = known(json!({"max_model_len": 8192}), Value::Null);
    assert_eq!(vllm.context(), Some(8192));
    let settings = json!({"default_generation_settings": {"n_ctx": 1024}});
    assert_eq!(known(Value::Null, settings).context(), Some(1024));
    assert_eq!(known(json!({"max_model_len": 0}), Value::Null).context(), None);
}

#[test]
fn the_hash_changes_with_the_model_and_not_with_the_time() {
    let hash = |entry: Value| known(entry, Value::Null).hash("http://h");
    let one = hash(json!({"created": 1, "permission": [{"id": "x"}], "root": "llama"}));
    assert_eq!(one, hash(json!({"created": 2, "root": "llama"})));
    assert_ne!(one, hash(json!({"root": "qwen"})));
    assert_ne!(one, known(json!({"root": "llama"}), Value::Null).hash("http://i"));
}

#[test]
fn the_fingerprint_says_that_it_is_a_server() {
    let mut options = OpenAiOptions::new("http://h");
    options.extra.insert("api_key".into(), "sk-1".into());
    let info = known(json!({"owned_by": "vllm"}), Value::Null).info("http://h", &options, 2048);
    assert!(info.engine.starts_with("vLLM at http://h, chat interface"), "{}", info.engine);
    assert!(info.engine.contains("need not repeat") && !info.engine.contains("sk-1"));
    let plain = known(json!({"owned_by": "vllm"}), Value::Null);
    let bare = plain.info("http://h", &OpenAiOptions::new("http://h"), 2048);
    assert_ne!(info.engine, bare.engine);
}

#[test]
fn a_field_that_was_left_aside_is_no_ability() {
    let read = |body: Value| answer::read(&body, 1).unwrap();
    let silent = read(json!({"choices": [{"text": "x", "logprobs": null}]}));
    assert_eq!(told(&silent, 20, true), (0, false));
    // What llama-server does: log-probabilities of the answer only.
    let only_written = read(json!({"choices": [{"text": "x", "logprobs": {"content": [
        {"token": "x", "logprob": -1.0, "top_logprobs": [{"token": "x", "logprob": -1.0}]}]}}]}));
    assert_eq!(told(&only_written, 20, true), (20, false));
    let echoed = read(json!({"choices": [{"text": "a b c d e", "logprobs": {
        "tokens": ["a", " b", " c", " d", " e"],
        "token_logprobs": [null, -1.0, -1.0, -1.0, -1.0],
        "top_logprobs": [null, {" b": -1.0}, {" c": -1.0}, {" d": -1.0}, {" e": -1.0}]}}]}));
    assert_eq!(told(&echoed, 5, true), (5, true));
}
