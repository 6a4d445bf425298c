//! What the client finds out about servers, asks of them, and makes of their answers.

use super::*;
use crate::llm::{Choice, Sampled, Step, StepHook};

#[tokio::test]
async fn a_chat_is_asked_in_messages_and_answered_with_text_and_probabilities() {
    let server = Server::start("vllm");
    let model = OpenAi::connect(server.options()).await.unwrap();
    assert_eq!((model.info().name.as_str(), model.context_size()), ("tiny", 2048 * 3));
    let expected = Abilities { steps: false, scores: false, ends: false, labels: true };
    assert_eq!(model.abilities(), expected);
    server.control(&json!({}));
    let text = format!("<|gec:system|>Repair.<|gec:user|>1. {LIST}\n<|gec:assistant|>");
    let prompt = model.tokenize(&text, true);
    let output = model.generate(GenerateRequest { prompt, ..request(&model, "") }).await.unwrap();
    assert_eq!(output.text, ANSWER);
    assert_eq!(output.stop, StopReason::StopText);
    assert_eq!(output.tokens.len(), output.confidences.len());
    assert!(output.logprob.is_some_and(|logprob| logprob < 0.0));
    assert_eq!(output.answer_tokens, 6);
    let seen = &server.stats()["requests"][0];
    assert_eq!(seen["path"], "/v1/chat/completions");
    let messages = json!([{"role": "system", "content": "Repair."},
        {"role": "user", "content": format!("1. {LIST}\n")}]);
    assert_eq!(seen["body"]["messages"], messages);
    assert_eq!(seen["body"]["temperature"], 0.0);
}

#[tokio::test]
async fn sampling_is_passed_on_and_a_hook_of_its_own_is_refused_unasked() {
    struct Own;
    impl StepHook for Own {
        fn choose(&mut self, _: Step<'_>) -> Choice {
            Choice::Stop
        }
    }
    let server = Server::start("llama");
    let model = OpenAi::connect(server.options()).await.unwrap();
    assert_eq!(model.context_size(), 1024 * 3);
    server.control(&json!({}));
    let hook = Box::new(Sampled::new(0.7, 0.9, 11));
    model.generate(GenerateRequest { hook, ..request(&model, LIST) }).await.unwrap();
    let hook = Box::new(Own);
    let refused = model.generate(GenerateRequest { hook, ..request(&model, LIST) }).await;
    assert!(matches!(refused, Err(LlmError::Unsupported { .. })), "{refused:?}");
    let stats = server.stats();
    let requests = stats["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 1);
    let body = &requests[0]["body"];
    let found = (&body["temperature"], &body["top_p"], &body["seed"]);
    assert_eq!(found, (&json!(0.7), &json!(0.9), &json!(11)));
}

#[tokio::test]
async fn a_server_without_log_probabilities_gives_texts_and_no_confidences() {
    let server = Server::start("ollama");
    let model = OpenAi::connect(server.options()).await.unwrap();
    let nothing = Abilities { steps: false, scores: false, ends: false, labels: false };
    assert_eq!(model.abilities(), nothing);
    assert_eq!(model.context_size(), OpenAiOptions::DEFAULT_CONTEXT * 3);
    let output = model.generate(request(&model, LIST)).await.unwrap();
    assert_eq!((output.text.as_str(), output.logprob), (ANSWER, None));
    assert!(output.confidences.is_empty());
}

#[tokio::test]
async fn what_a_server_tells_of_the_prompt_makes_scores() {
    let server = Server::start("vllm");
    let options = OpenAiOptions { end_text: Some("</s>".into()), ..server.completions() };
    let model = OpenAi::connect(options).await.unwrap();
    assert_eq!(model.abilities(), Abilities { steps: false, ..Abilities::ALL });
    let logprob = |token: &str| -f64::from(token.bytes().map(u32::from).sum::<u32>() % 7 + 1) / 8.0;
    let sum = |tokens: &[&str]| tokens.iter().map(|token| logprob(token)).sum::<f64>();
    let score = |with_end| {
        model.score(ScoreRequest {
            prompt: model.tokenize("Said:", true),
            continuations: vec![model.tokenize(" to a\n", false), model.tokenize(" two", false)],
            with_end,
        })
    };
    let output = score(false).await.unwrap();
    assert_eq!(output.scores[0].sum(), sum(&[" to", " a", "\n"]));
    assert_eq!(output.scores[1].sum(), sum(&[" two"]));
    assert_eq!((output.prompt_tokens, output.scored_tokens), (3, 4));
    let ended = score(true).await.unwrap();
    assert_eq!(ended.scores[0].sum(), sum(&[" to", " a", "\n", "</s>"]));
}

#[tokio::test]
async fn a_server_that_leaves_echo_aside_gives_no_scores_and_one_that_refuses_it_is_asked_less() {
    for (flavour, top) in [("llama", 20), ("strict", 5)] {
        let server = Server::start(flavour);
        let model = OpenAi::connect(server.completions()).await.unwrap();
        let expected = Abilities { steps: false, scores: false, ends: false, labels: true };
        assert_eq!((model.abilities(), model.known.top), (expected, top), "{flavour}");
        let text = model.tokenize("boston", false);
        let refused = model
            .score(ScoreRequest {
                prompt: text.clone(),
                continuations: vec![text],
                with_end: false,
            })
            .await;
        assert!(matches!(refused, Err(LlmError::Unsupported { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn labels_are_read_off_the_first_token() {
    let server = Server::start("llama");
    let model = OpenAi::connect(server.options()).await.unwrap();
    server.control(&json!({}));
    let labels = ["A", "B", "C"].map(|label| model.tokenize(label, false));
    let prompt = model.tokenize("A: to bosting\nB: to boston\nC: two boston\n", true);
    let request = ScoreRequest { prompt, continuations: labels.to_vec(), with_end: false };
    let output = model.score(request).await.unwrap();
    let sums: Vec<f64> = output.scores.iter().map(Scored::sum).collect();
    let best = ((-0.25_f64).exp() + (-3.0_f64).exp()).ln();
    assert!((sums[1] - best).abs() < 1e-12 && sums[0] == -2.0 && sums[2] == -3.0, "{sums:?}");
    let stats = server.stats();
    assert_eq!(stats["requests"].as_array().unwrap().len(), 1);
    assert_eq!(stats["requests"][0]["body"]["max_tokens"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_requests_are_under_way_than_allowed() {
    let server = Server::start("vllm");
    let options = OpenAiOptions { parallel: 3, ..server.options() };
    let model = OpenAi::connect(options).await.unwrap();
    server.control(&json!({"delay": 0.05}));
    let mut tasks = tokio::task::JoinSet::new();
    let model = std::sync::Arc::new(model);
    for number in 0..18 {
        let model = std::sync::Arc::clone(&model);
        tasks.spawn(async move {
            let output = model.generate(request(&model, &format!("number {number}"))).await;
            assert_eq!(output.unwrap().text, format!("number {number}"));
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let stats = server.stats();
    assert_eq!(stats["requests"].as_array().unwrap().len(), 18);
    assert_eq!(stats["most_in_flight"], 3);
}

#[tokio::test]
async fn a_prompt_that_is_empty_or_too_long_is_not_sent() {
    let server = Server::start("vllm");
    let options = OpenAiOptions { context: Some(100), ..server.options() };
    let model = OpenAi::connect(options).await.unwrap();
    server.control(&json!({}));
    let empty = GenerateRequest { prompt: vec![], ..request(&model, "") };
    assert!(matches!(model.generate(empty).await, Err(LlmError::EmptyPrompt)));
    let long = model.generate(request(&model, &"word ".repeat(60))).await;
    assert!(matches!(long, Err(LlmError::ContextOverflow { context: 300, .. })), "{long:?}");
    assert!(server.stats()["requests"].as_array().unwrap().is_empty());
}
