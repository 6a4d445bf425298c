//! Drafts, good and bad ones, change nothing but the number of calls.

use std::sync::Arc;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{
    tests::{load, prompts},
    *,
};
use crate::llm::{
    Choice, DraftSource, DraftStep, FixedDraft, Greedy, Sampled, Step, StepHook, StopReason,
};

/// A draft of some kind, of a text that would be right.
struct Made {
    kind: usize,
    right: Vec<TokenId>,
    rng: ChaCha8Rng,
}

/// Kinds of [`Made`].
const KINDS: [&str; 8] =
    ["right", "random", "ends", "unknown ids", "too long", "mixed", "repeats", "specials"];

impl DraftSource for Made {
    fn propose(&mut self, step: &DraftStep<'_>, most: usize, draft: &mut Vec<TokenId>) {
        let size = step.vocab.len() as TokenId;
        let end = step.vocab.end_tokens()[0];
        let right = self.right.get(step.generated.len()..).unwrap_or_default();
        let random = |rng: &mut ChaCha8Rng| rng.random_range(0..size);
        match KINDS[self.kind] {
            "right" => draft.extend_from_slice(right),
            "random" => draft.extend((0..most).map(|_| random(&mut self.rng))),
            "ends" => draft.extend(right.iter().take(1).chain(&[end, end]).copied()),
            "unknown ids" => {
                draft.extend(right.iter().take(2).chain(&[size, -1, TokenId::MAX]).copied());
            }
            "too long" => draft.extend(right.iter().copied().cycle().take(2000)),
            "mixed" => draft.extend(right.iter().map(|&token| match random(&mut self.rng) % 3 {
                0 => random(&mut self.rng),
                _ => token,
            })),
            "repeats" => draft.extend(step.generated.iter().rev().cycle().take(most)),
            _ => draft.extend((0..size).filter(|&token| step.vocab.piece(token).is_empty())),
        }
    }
}

/// Chooses what a draft must not change: the second best at every third step.
struct Choosy(usize);

impl StepHook for Choosy {
    fn choose(&mut self, step: Step<'_>) -> Choice {
        assert_eq!(step.generated.len(), self.0, "every step comes once, in order");
        self.0 += 1;
        let best = Greedy.choose(Step { ..step });
        let Choice::Token { token: first, .. } = best else { return best };
        if !self.0.is_multiple_of(3) {
            return best;
        }
        let mut logits = step.logits.to_vec();
        logits[first as usize] = f32::NEG_INFINITY;
        Greedy.choose(Step { logits: &logits, ..step })
    }
}

fn hook(kind: usize, seed: u64) -> Box<dyn StepHook> {
    match kind % 3 {
        0 => Box::new(Greedy),
        1 => Box::new(Sampled::new(1.2, 0.95, seed)),
        _ => Box::new(Choosy(0)),
    }
}

fn request(
    prompt: &[TokenId],
    number: usize,
    draft: Option<Box<dyn DraftSource>>,
) -> GenerateRequest {
    GenerateRequest {
        prompt: prompt.to_vec(),
        max_tokens: [48, 7, 1, 20, 0][number % 5],
        stop: if number % 4 == 1 { vec![" to".into(), "s f".into()] } else { vec![] },
        hook: hook(number, number as u64),
        draft,
    }
}

/// What must not change.
fn essence(output: &GenerateOutput) -> (String, Vec<TokenId>, StopReason, u32) {
    (output.text.clone(), output.tokens.clone(), output.stop, output.prompt_tokens)
}

async fn compare(change: impl Fn(&mut LlamaOptions)) {
    let plain = load(|options| {
        change(options);
        options.drafts = Drafts::Never;
    });
    let model = Arc::new(load(|options| {
        options.drafts = Drafts::Always;
        change(options);
    }));
    let prompts = prompts(&model, 15);
    let mut expected = Vec::new();
    for (number, prompt) in prompts.iter().enumerate() {
        expected.push(plain.generate(request(prompt, number, None)).await.unwrap());
    }
    assert_eq!((plain.totals().drafted, plain.totals().accepted), (0, 0));
    let mut tasks = Vec::new();
    for kind in 0..KINDS.len() {
        for (number, prompt) in prompts.iter().enumerate() {
            let rng = ChaCha8Rng::seed_from_u64((kind * 100 + number) as u64);
            let draft = Made { kind, right: expected[number].tokens.clone(), rng };
            let (model, prompt) = (Arc::clone(&model), prompt.clone());
            tasks.push(tokio::spawn(async move {
                // Requests for log-probabilities share the batch.
                let continuations = vec![model.tokenize(" show me", false), vec![]];
                let score = ScoreRequest { prompt: prompt.clone(), continuations, with_end: true };
                let (text, score) = tokio::join!(
                    model.generate(request(&prompt, number, Some(Box::new(draft)))),
                    model.score(score)
                );
                (kind, number, text.unwrap(), score.unwrap())
            }));
        }
    }
    let mut near_ties = 0;
    for task in tasks {
        let (kind, number, text, score) = task.await.unwrap();
        let expected = &expected[number];
        near_ties += text.near_ties;
        if essence(&text) != essence(expected) {
            let ties = text.near_ties + expected.near_ties;
            assert!(ties > 0, "{} {number}: {text:?} {expected:?}", KINDS[kind]);
            continue;
        }
        let logprob = |output: &GenerateOutput| output.logprob.unwrap();
        assert!((logprob(&text) - logprob(expected)).abs() < 1e-2);
        assert!(text.accepted <= text.drafted && text.drafted as usize <= 48 * 48);
        assert!(text.accepted as usize <= text.tokens.len());
        assert_eq!(score.scores.len(), 2);
    }
    let totals = model.totals();
    assert!(totals.accepted > 0 && totals.accepted < totals.drafted, "{totals:?}");
    println!("{near_ties} near ties; {totals:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_draft_changes_a_text_with_one_slot() {
    compare(|options| options.parallel = 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_draft_changes_a_text_with_many_slots() {
    compare(|options| (options.parallel, options.threads) = (12, Some(2))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_draft_changes_a_text_where_a_call_holds_few_tokens() {
    compare(|options| (options.parallel, options.batch, options.share_prefix) = (3, 16, false))
        .await;
}

#[tokio::test]
async fn a_right_draft_saves_most_calls() {
    let model = load(|options| (options.parallel, options.drafts) = (1, Drafts::Always));
    let prompts = prompts(&model, 20);
    let (mut calls, mut before) = (0, 0);
    for prompt in &prompts {
        let plain = model.generate(request(prompt, 0, None)).await.unwrap();
        let draft = Box::new(FixedDraft(plain.tokens.clone()));
        let drafted = model.generate(request(prompt, 0, Some(draft))).await.unwrap();
        assert_eq!(essence(&plain), essence(&drafted));
        assert_eq!(drafted.accepted, drafted.drafted);
        (calls, before) = (calls + drafted.decode_calls, before + plain.decode_calls);
    }
    assert!(3 * calls < before, "{calls} calls for {before}");
}

#[tokio::test]
async fn what_was_guessed_wrong_is_not_taken_for_a_beginning() {
    let model = load(|options| (options.parallel, options.drafts) = (1, Drafts::Always));
    let prompt = &prompts(&model, 1)[0];
    let plain = model.generate(request(prompt, 0, None)).await.unwrap();
    let wrong: Vec<TokenId> = plain.tokens.iter().map(|&token| token ^ 1).collect();
    // The next prompt begins with what was guessed wrong, were it still there.
    let longer: Vec<TokenId> = prompt.iter().chain(&wrong).copied().collect();
    let expected = load(|options| options.drafts = Drafts::Never);
    let expected = expected.generate(request(&longer, 0, None)).await.unwrap();
    model.generate(request(prompt, 2, Some(Box::new(FixedDraft(wrong))))).await.unwrap();
    let found = model.generate(request(&longer, 0, None)).await.unwrap();
    assert_eq!(essence(&found), essence(&expected));
}
