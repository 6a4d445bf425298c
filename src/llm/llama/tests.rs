//! The real engine on the shipped model: batching, scoring and sharing change nothing.

use std::sync::{Arc, Mutex};

use super::*;
use crate::llm::{Choice, Greedy, Step, StepHook, StopReason, shipped};

pub(super) fn load(change: impl FnOnce(&mut LlamaOptions)) -> Llama {
    let folder = tempfile::tempdir().unwrap();
    let mut options = LlamaOptions::new(shipped::unpack(folder.path()).unwrap());
    options.threads = Some(1);
    change(&mut options);
    Llama::load(&options).unwrap()
}

/// Prompts in the shipped model's format, of several lengths and with common beginnings.
pub(super) fn prompts(model: &Llama, count: usize) -> Vec<Vec<TokenId>> {
    let lines = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/datasets/sample/test.jsonl"));
    lines
        .lines()
        .take(count)
        .map(|line| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            let mut list: Vec<&str> =
                record["nbest"].as_array().unwrap().iter().map(|h| h.as_str().unwrap()).collect();
            list.dedup();
            let shown: String = list.iter().map(|text| format!("<|hyp|> {text}")).collect();
            model.tokenize(&format!("{shown}<|fix|>"), true)
        })
        .collect()
}

async fn generate(model: &Llama, prompt: &[TokenId]) -> GenerateOutput {
    let request = GenerateRequest {
        prompt: prompt.to_vec(),
        max_tokens: 48,
        stop: vec![],
        hook: Box::new(Greedy),
        draft: None,
    };
    model.generate(request).await.unwrap()
}

async fn score(model: &Llama, prompt: &[TokenId], texts: &[&str], with_end: bool) -> ScoreOutput {
    let continuations = texts.iter().map(|text| model.tokenize(text, false)).collect();
    model.score(ScoreRequest { prompt: prompt.to_vec(), continuations, with_end }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn batched_and_single_decoding_give_the_same_text() {
    let batched = Arc::new(load(|options| options.parallel = 16));
    let single = load(|options| {
        options.parallel = 1;
        options.share_prefix = false;
    });
    let prompts = prompts(&batched, 60);
    let tasks: Vec<_> = prompts
        .iter()
        .cloned()
        .map(|prompt| {
            let model = Arc::clone(&batched);
            tokio::spawn(async move { generate(&model, &prompt).await })
        })
        .collect();
    let (mut near_ties, mut different) = (0, 0);
    for (prompt, task) in prompts.iter().zip(tasks) {
        let together = task.await.unwrap();
        let alone = generate(&single, prompt).await;
        near_ties += together.near_ties;
        if together.tokens != alone.tokens {
            different += 1;
            assert!(together.near_ties + alone.near_ties > 0, "{together:?} {alone:?}");
        }
    }
    println!("{near_ties} near ties in {} decodings, {different} texts differ", prompts.len());
}

#[tokio::test]
async fn scores_are_those_of_decoding_and_shared_beginnings_do_not_matter() {
    let model = load(|options| options.parallel = 2);
    let prompt = &prompts(&model, 1)[0];
    let texts = [" show me", " show me flights", " show", " show me flights to", "", " list all"];
    let together = score(&model, prompt, &texts, true).await;
    for (text, scored) in texts.iter().zip(&together.scores) {
        let alone = score(&model, prompt, &[text], true).await;
        assert_eq!(alone.scores[0].token_logprobs.len(), scored.token_logprobs.len());
        for (a, b) in alone.scores[0].token_logprobs.iter().zip(&scored.token_logprobs) {
            assert!((a - b).abs() < 1e-2, "{text:?}: {a} {b}");
        }
    }
    let open = score(&model, prompt, &[" show me", ""], false).await;
    assert_eq!(open.scores[1].token_logprobs.len(), 0);
    assert!(
        (open.scores[0].sum()
            - (together.scores[0].sum() - together.scores[0].token_logprobs.last().unwrap()))
        .abs()
            < 1e-2
    );
    let decoded = generate(&model, prompt).await;
    if decoded.stop == StopReason::EndOfText {
        let continuations = vec![decoded.tokens.clone()];
        let request = ScoreRequest { prompt: prompt.clone(), continuations, with_end: true };
        let scored = model.score(request).await.unwrap();
        assert!((scored.scores[0].sum() - decoded.logprob.unwrap()).abs() < 5e-2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_common_beginning_is_decoded_once_and_changes_nothing() {
    let model = Arc::new(load(|options| options.parallel = 4));
    let plain = load(|options| options.share_prefix = false);
    let head = model.tokenize(&"<|hyp|> show me all the flights to boston".repeat(8), true);
    let tails = [" on monday", " on tuesday at noon", " please", " tomorrow", " today", ""];
    let prompt = |tail: &str| -> Vec<TokenId> {
        head.iter().copied().chain(model.tokenize(&format!("{tail}<|fix|>"), true)).collect()
    };
    let tasks: Vec<_> = tails
        .iter()
        .map(|tail| {
            let (model, prompt) = (Arc::clone(&model), prompt(tail));
            tokio::spawn(async move { generate(&model, &prompt).await })
        })
        .collect();
    for (tail, task) in tails.iter().zip(tasks) {
        let (shared, alone) = (task.await.unwrap(), generate(&plain, &prompt(tail)).await);
        assert!(shared.tokens == alone.tokens || shared.near_ties + alone.near_ties > 0);
    }
}

#[tokio::test]
async fn a_prompt_that_does_not_fit_is_an_error_and_not_a_shorter_prompt() {
    let model = load(|options| options.context = Some(64));
    let prompt = vec![model.tokenize("<|hyp|>", true)[0]; 60];
    let request = GenerateRequest {
        prompt,
        max_tokens: 5,
        stop: vec![],
        hook: Box::new(Greedy),
        draft: None,
    };
    let error = model.generate(request).await.unwrap_err();
    assert!(matches!(error, LlmError::ContextOverflow { prompt: 60, answer: 5, context: 64 }));
    let empty = ScoreRequest { prompt: vec![], continuations: vec![], with_end: false };
    assert!(matches!(model.score(empty).await, Err(LlmError::EmptyPrompt)));
}

#[tokio::test]
async fn a_dropped_request_frees_its_place() {
    let model = load(|options| options.parallel = 1);
    let prompts = prompts(&model, 2);
    let (leave, wait) = std::sync::mpsc::channel();
    let turns: Arc<Mutex<Vec<usize>>> = Arc::default();
    let turn = |name, choice, leave| Turn { name, choice, turns: Arc::clone(&turns), leave };
    let ask = |prompt: &[TokenId], hook| GenerateRequest {
        prompt: prompt.to_vec(),
        max_tokens: 400,
        stop: vec![],
        hook: Box::new(hook),
        draft: None,
    };
    // A token that does not end the text: left alone, it would be 400 of them.
    let go_on = Choice::Token { token: prompts[0][1], margin: 1.0, confidence: None };
    let dropped = model.generate(ask(&prompts[0], turn(0, go_on, Some(wait))));
    while turns.lock().unwrap().is_empty() {
        std::thread::yield_now();
    }
    let next = model.generate(ask(&prompts[1], turn(1, Choice::Stop, None)));
    drop(dropped);
    leave.send(()).unwrap();
    next.await.unwrap();
    assert_eq!(*turns.lock().unwrap(), [0, 1], "it had one turn");
}

/// Writes down when it is asked, waits for leave where it has to, and chooses always the same.
struct Turn {
    name: usize,
    choice: Choice,
    turns: Arc<Mutex<Vec<usize>>>,
    leave: Option<std::sync::mpsc::Receiver<()>>,
}

impl StepHook for Turn {
    fn choose(&mut self, _: Step<'_>) -> Choice {
        self.turns.lock().unwrap().push(self.name);
        if let Some(leave) = self.leave.take() {
            leave.recv().unwrap();
        }
        self.choice
    }
}

/// The order in which requests of these many tokens, all there when the first is answered, get
/// the only slot.
async fn order(lengths: &[usize]) -> Vec<usize> {
    let model = Arc::new(load(|options| options.parallel = 1));
    let turns: Arc<Mutex<Vec<usize>>> = Arc::default();
    let (leave, wait) = std::sync::mpsc::channel();
    let mut wait = Some(wait);
    let prompt = prompts(&model, 1).remove(0);
    let tasks: Vec<_> = lengths
        .iter()
        .enumerate()
        .map(|(name, &length)| {
            let (turns, leave) = (Arc::clone(&turns), wait.take());
            let request = GenerateRequest {
                prompt: prompt.clone(),
                max_tokens: length,
                stop: vec![],
                hook: Box::new(Turn { name, choice: Choice::Stop, turns, leave }),
                draft: None,
            };
            let model = Arc::clone(&model);
            tokio::spawn(async move { model.generate(request).await.unwrap() })
        })
        .collect();
    // On one thread each task goes up to where it waits for its answer.
    tokio::task::yield_now().await;
    leave.send(()).unwrap();
    for task in tasks {
        task.await.unwrap();
    }
    std::mem::take(&mut turns.lock().unwrap())
}

#[tokio::test]
async fn longer_requests_go_first_and_none_waits_for_ever() {
    assert_eq!(order(&[9, 2, 3, 8, 5]).await, [0, 3, 4, 2, 1]);
    let mut lengths = vec![9, 1];
    lengths.extend(10..30);
    let turns = order(&lengths).await;
    let short = turns.iter().position(|&name| name == 1).unwrap();
    assert_eq!(short, 5, "four longer ones may pass: {turns:?}");
}

#[test]
fn special_tokens_in_data_are_plain_text() {
    let model = load(|_| {});
    let marker = model.tokenize("<|fix|>", true);
    assert_eq!(marker.len(), 1, "the shipped model knows its marker");
    let plain = model.tokenize("<|fix|>", false);
    assert!(plain.len() > 1 && !plain.contains(&marker[0]));
    assert_eq!(model.vocab().decode(&plain), "<|fix|>");
    assert!(model.vocab().specials().iter().any(|special| special == "<|fix|>"));
}

#[test]
fn the_recorded_version_is_the_locked_one() {
    let lock = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock"));
    assert!(lock.contains(&format!("name = \"llama-cpp-2\"\nversion = \"{LLAMA_CPP_2}\"")));
}

/// A LoRA adapter of rank 4 on the first layer's query matrix, in GGUF format: `A` is
/// constant, `B` is `value` everywhere.
fn write_adapter(path: &Path, width: usize, value: f32) {
    let string = |out: &mut Vec<u8>, text: &str| {
        out.extend((text.len() as u64).to_le_bytes());
        out.extend(text.as_bytes());
    };
    let mut out = b"GGUF".to_vec();
    out.extend(3_u32.to_le_bytes());
    out.extend(2_u64.to_le_bytes());
    out.extend(4_u64.to_le_bytes());
    for (key, text) in
        [("general.architecture", "llama"), ("general.type", "adapter"), ("adapter.type", "lora")]
    {
        string(&mut out, key);
        out.extend(8_u32.to_le_bytes());
        string(&mut out, text);
    }
    string(&mut out, "adapter.lora.alpha");
    out.extend(6_u32.to_le_bytes());
    out.extend(4_f32.to_le_bytes());
    let tensors = [("lora_a", [width, 4], 0.1_f32), ("lora_b", [4, width], value)];
    let bytes = (width * 4 * 4).next_multiple_of(32);
    for (index, (name, shape, _)) in tensors.iter().enumerate() {
        string(&mut out, &format!("blk.0.attn_q.weight.{name}"));
        out.extend(2_u32.to_le_bytes());
        shape.iter().for_each(|&side| out.extend((side as u64).to_le_bytes()));
        out.extend(0_u32.to_le_bytes());
        out.extend(((index * bytes) as u64).to_le_bytes());
    }
    out.resize(out.len().next_multiple_of(32), 0);
    for (_, _, fill) in tensors {
        let start = out.len();
        (0..width * 4).for_each(|_| out.extend(fill.to_le_bytes()));
        out.resize(start + bytes, 0);
    }
    fs_err::write(path, out).unwrap();
}

#[tokio::test]
async fn an_adapter_changes_the_scores_and_an_empty_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let plain = load(|_| {});
    let width = plain.model.n_embd() as usize;
    let prompt = &prompts(&plain, 1)[0];
    let expected = score(&plain, prompt, &[" show me flights"], true).await;
    let with = async |name: &str, width: usize, value: f32| {
        let path = folder.path().join(name);
        write_adapter(&path, width, value);
        let model = load(|options| options.lora = Some(path));
        assert!(model.info().adapter.is_some());
        score(&model, prompt, &[" show me flights"], true).await
    };
    let empty = with("empty.gguf", width, 0.0).await;
    assert!((empty.scores[0].sum() - expected.scores[0].sum()).abs() < 1e-3);
    let strong = with("strong.gguf", width, 5.0).await;
    assert!((strong.scores[0].sum() - expected.scores[0].sum()).abs() > 1e-2);
}

#[test]
fn an_adapter_of_another_model_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let lora = folder.path().join("other.gguf");
    write_adapter(&lora, 64, 1.0);
    let mut options = LlamaOptions::new(shipped::unpack(folder.path()).unwrap());
    options.lora = Some(lora);
    let Err(error) = Llama::load(&options) else { panic!("the shapes differ") };
    assert!(
        matches!(&error, LlmError::Load { path, .. } if path.ends_with("other.gguf")),
        "{error}"
    );
}
