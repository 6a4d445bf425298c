use std::sync::Mutex;

use proptest::prelude::*;

use super::*;
use crate::{
    correct::{Parameters, Verdict},
    llm::{GenerateOutput, GenerateRequest, LlmError, ModelInfo, TokenId, Vocab},
    prompt::Template,
};

/// A model with a token for each character, which scores a continuation by a rule over the
/// prompt's text and its own.
struct Fake<F> {
    info: ModelInfo,
    vocab: Vocab,
    rule: F,
    requests: Mutex<Vec<(String, Vec<String>)>>,
}

fn text(tokens: &[TokenId]) -> String {
    let character = |&token: &TokenId| u32::try_from(token).ok().and_then(char::from_u32);
    tokens.iter().filter_map(character).collect()
}

impl<F: Fn(&str, &str) -> f64 + Send + Sync> LanguageModel for Fake<F> {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn vocab(&self) -> &Vocab {
        &self.vocab
    }

    fn tokenize(&self, text: &str, _: bool) -> Vec<TokenId> {
        text.chars().filter_map(|one| TokenId::try_from(u32::from(one)).ok()).collect()
    }

    fn score(&self, request: ScoreRequest) -> BoxFuture<'_, Result<ScoreOutput, LlmError>> {
        let prompt = text(&request.prompt);
        let continuations: Vec<String> = request.continuations.iter().map(|c| text(c)).collect();
        let score = |one: &String| Scored { token_logprobs: vec![(self.rule)(&prompt, one)] };
        let scores = continuations.iter().map(score).collect();
        self.requests.lock().unwrap().push((prompt, continuations));
        let output = ScoreOutput { scores, prompt_tokens: 10, scored_tokens: 2 };
        Box::pin(async move { Ok(output) })
    }

    fn generate(&self, _: GenerateRequest) -> BoxFuture<'_, Result<GenerateOutput, LlmError>> {
        Box::pin(async { Err(LlmError::Stopped) })
    }

    fn context_size(&self) -> usize {
        4096
    }
}

fn fake<F: Fn(&str, &str) -> f64 + Send + Sync>(rule: F) -> Arc<Fake<F>> {
    let info = ModelInfo {
        name: "fake".into(),
        path: String::new(),
        hash: String::new(),
        bytes: 0,
        parameters: 0,
        context_trained: 4096,
        chat_template: None,
        template: None,
        max_tokens_per_word: None,
        bos: String::new(),
        eos: String::new(),
        add_bos: false,
        engine: String::new(),
        adapter: None,
    };
    Arc::new(Fake { info, vocab: Vocab::default(), rule, requests: Mutex::default() })
}

fn cloze(model: Arc<dyn LanguageModel>, template: &str) -> Result<Cloze, CorrectError> {
    let prompter = Prompter::new(Template::load(template)?, None);
    let parameters = Parameters::default();
    Cloze::new(&Tools {
        tries: Default::default(),
        model: Some((model, Arc::new(prompter))),
        parameters,
        pieces: None,
        learned: None,
    })
}

fn utterance(list: &[(&str, f64)]) -> Utterance {
    let list = list.iter().map(|(text, score)| ((*text).to_owned(), Some(*score), None));
    Utterance::from_list("u", list)
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn propose(cloze: &Cloze, utterance: &Utterance) -> Proposal {
    run(cloze.propose(utterance)).unwrap()
}

fn flight() -> Utterance {
    utterance(&[
        ("show me the fair to boss ton", -0.20),
        ("show me the fares to boss ton", -0.22),
        ("show me the fair to boston", -0.24),
    ])
}

/// Text by text: each right word is worth two nats.
fn likes_english(_: &str, answer: &str) -> f64 {
    -9.0 + 2.0 * ["fares", "boston"].iter().filter(|word| answer.contains(**word)).count() as f64
}

/// Option by option: the label of a right word is worth two nats.
fn likes_english_options(prompt: &str, label: &str) -> f64 {
    let option = format!("{}: ", label.trim());
    let shown = prompt.lines().find_map(|line| line.strip_prefix(&option)).unwrap();
    if ["fares", "boston"].contains(&shown) { -1.0 } else { -3.0 }
}

#[test]
fn spans_are_filled_one_by_one_into_a_text_that_no_hypothesis_is() {
    let model = fake(likes_english);
    let cloze = cloze(model.clone(), "plain-few-shot").unwrap();
    let proposal = propose(&cloze, &flight());
    assert_eq!(proposal.text, "show me the fares to boston");
    assert_eq!(proposal.verdict, Verdict::Corrected);
    assert_eq!(proposal.logprob, Some(-5.0));
    assert_eq!((proposal.prompt_tokens, proposal.output_tokens), (20, 4));

    let requests = model.requests.lock().unwrap();
    let asked: Vec<&Vec<String>> = requests.iter().map(|(_, asked)| asked).collect();
    let whole = |text: &str| format!(" {text}\n");
    // What is to the right stands as in the 1-best, what is to the left as chosen.
    assert_eq!(asked[0].len(), 2);
    assert!(asked[0].contains(&whole("show me the fair to boss ton")));
    assert!(asked[0].contains(&whole("show me the fares to boss ton")));
    assert!(asked[1].contains(&whole("show me the fares to boston")));
    assert!(asked[1].contains(&whole("show me the fares to boss ton")));
    assert_eq!(asked.len(), 2);
}

#[test]
fn labels_lead_to_the_same_text() {
    let model = fake(likes_english_options);
    let cloze = cloze(model.clone(), "cloze-plain").unwrap();
    let proposal = propose(&cloze, &flight());
    assert_eq!(proposal.text, "show me the fares to boston");
    assert_eq!(proposal.logprob, None);
    let requests = model.requests.lock().unwrap();
    assert_eq!(requests.len(), 4);
    assert!(requests[0].0.contains("\nshow me the ____ to boss ton\n"), "{}", requests[0].0);
    assert!(requests[0].0.contains("\nA: fair\nB: fares\n"), "{}", requests[0].0);
    assert!(requests[1].0.contains("\nA: fares\nB: fair\n"), "{}", requests[1].0);
    assert!(requests[2].0.contains("\nshow me the fares to ____\n"), "{}", requests[2].0);
    assert_eq!(requests[0].1, [" A", " B"]);
}

/// Equal preference for all, so that nothing but the recogniser decides.
fn is_uniform(logprobs: &[f64]) -> bool {
    let p = softmax(logprobs, 1.0);
    p.iter().all(|one| (one - 1.0 / p.len() as f64).abs() < 1e-12)
}

fn label_scores(model: Arc<dyn LanguageModel>, list: &Utterance) -> Vec<f64> {
    let cloze = cloze(model, "cloze-plain").unwrap();
    let network = ConfusionNetwork::of(&list.nbest, &cloze.posterior);
    let spans = network.spans(0);
    let candidates = cloze.candidates(&spans[0]);
    run(cloze.ask_labels(list, &spans, &[spans[0].first], 0, &candidates)).unwrap().logprobs
}

#[test]
fn a_model_that_only_likes_a_letter_prefers_no_option() {
    let list = utterance(&[("a", -0.1), ("b", -0.2), ("", -0.3), ("d e", -0.4)]);
    for liked in ["A", "B", "D"] {
        let model =
            fake(move |_: &str, label: &str| if label.trim() == liked { -0.01 } else { -12.0 });
        let scores = label_scores(model, &list);
        assert_eq!(scores.len(), 4);
        assert!(is_uniform(&scores), "{scores:?}");
    }
    // And one that is certain of its letter.
    let certain = |_: &str, label: &str| if label.trim() == "A" { 0.0 } else { f64::NEG_INFINITY };
    assert!(is_uniform(&label_scores(fake(certain), &list)));
}

#[test]
fn a_liking_for_a_letter_leaves_a_liking_for_an_option_as_it_is() {
    let list = utterance(&[("a", -0.1), ("b", -0.2), ("c", -0.3)]);
    let plain = |prompt: &str, label: &str| {
        let option = format!("{}: b", label.trim());
        if prompt.lines().any(|line| line == option) { -1.0 } else { -2.5 }
    };
    let biased = move |prompt: &str, label: &str| {
        plain(prompt, label) - if label.trim() == "C" { 0.0 } else { 4.0 }
    };
    let (plain, biased) = (
        softmax(&label_scores(fake(plain), &list), 1.0),
        softmax(&label_scores(fake(biased), &list), 1.0),
    );
    assert!(plain.iter().zip(&biased).all(|(a, b)| (a - b).abs() < 1e-12));
    assert!(plain[1] > 0.5);
}

#[test]
fn a_list_that_agrees_is_not_asked_about() {
    let model = fake(likes_english);
    let cloze = cloze(model.clone(), "plain-few-shot").unwrap();
    for list in [&[("a  b", -0.1), ("a b", -0.2)][..], &[("a", -0.1)], &[]] {
        let utterance = utterance(list);
        let proposal = propose(&cloze, &utterance);
        assert_eq!(
            (proposal.text.as_str(), proposal.verdict),
            (utterance.one_best(), Verdict::Kept)
        );
    }
    assert!(model.requests.lock().unwrap().is_empty());
}

#[test]
fn options_are_no_more_than_the_prompt_shows_and_always_have_the_one_bests() {
    let scores = [-0.5, -0.1, -0.2, -0.3, -0.4, -0.45, -0.47];
    let list: Vec<(String, Option<f64>, Option<Vec<f64>>)> =
        scores.iter().enumerate().map(|(n, s)| (format!("w{n}"), Some(*s), None)).collect();
    let list = Utterance::from_list("u", list);
    let model = fake(|_: &str, _: &str| -1.0);
    let cloze = cloze(model.clone(), "cloze-plain").unwrap();
    let proposal = propose(&cloze, &list);
    assert_eq!(proposal.text, "w1");
    let requests = model.requests.lock().unwrap();
    assert_eq!(requests.len(), 5);
    assert!(requests[0].0.contains("E: w0\n") && !requests[0].0.contains("F: "));
}

#[test]
fn a_template_whose_labels_are_hypotheses_is_refused() {
    let error = cloze(fake(likes_english), "choose-plain").err().unwrap();
    assert!(matches!(error, CorrectError::NoGap { .. }), "{error}");
    assert!(error.is_setup());
    assert!(error.hint().is_some_and(|hint| hint.contains("cloze-plain")));
}

#[test]
fn the_recogniser_decides_where_the_model_cannot() {
    let fusion = Fusion::uadf(1.0, 0.5);
    let (best, lead) = decide(&[-1.0, -1.0], &[0.3, 0.7], &fusion);
    assert_eq!(best, 1);
    assert!(lead > 0.1);
    for nothing in [[f64::NEG_INFINITY; 2], [f64::NAN; 2], [f64::INFINITY; 2]] {
        assert_eq!(decide(&nothing, &[0.3, 0.7], &fusion).0, 1);
    }
    assert_eq!(decide(&[-1.0, -1.0], &[0.5, 0.5], &fusion).0, 0);
    assert_eq!(decide(&[f64::NAN, -900.0], &[1.0, 0.0], &fusion).0, 1);
    assert_eq!(decide(&[-3.0], &[1.0], &fusion), (0, f64::INFINITY));
    assert_eq!(decide(&[], &[], &fusion), (0, f64::INFINITY));
}

proptest! {
    #[test]
    fn a_sure_model_keeps_its_own_choice(
        sure in 0usize..5,
        p_asr in prop::collection::vec(0.0f64..1.0, 5),
    ) {
        let mut logprobs = vec![-900.0; 5];
        logprobs[sure] = -2.0;
        prop_assert_eq!(decide(&logprobs, &p_asr, &Fusion::uadf(1.0, 0.5)).0, sure);
    }

    /// Whatever the model prefers, every word of the result stands in some hypothesis, in an
    /// agreed place or in a span; and the same list gives the same result.
    #[test]
    fn the_result_is_made_of_what_hypotheses_have(
        texts in prop::collection::vec(
            prop::collection::vec(prop::sample::select(vec!["a", "b", "c", "d"]), 0..7),
            1..6,
        ),
        taste in 1u32..97,
    ) {
        let list: Vec<(String, Option<f64>, Option<Vec<f64>>)> =
            texts.iter().map(|words| (words.join(" "), None, None)).collect();
        let list = Utterance::from_list("u", list);
        let model = fake(move |_: &str, answer: &str| {
            let hash = answer.chars().fold(7, |sum, one| (sum * taste + u32::from(one)) % 10_007);
            -f64::from(hash) / 100.0
        });
        let cloze = cloze(model, "plain-few-shot").unwrap();
        let proposal = propose(&cloze, &list);
        prop_assert_eq!(&propose(&cloze, &list).text, &proposal.text);
        let network = ConfusionNetwork::of(&list.nbest, &cloze.posterior);
        let mut expected: Vec<String> = vec![String::new()];
        for (index, span) in network.spans(0).iter().enumerate() {
            if index == 0 {
                expected = vec![span.before.clone()];
            }
            expected = expected
                .iter()
                .flat_map(|done| span.alternatives.iter().map(move |one| {
                    spaced([done.as_str(), one.text.as_str(), span.after.as_str()].into_iter())
                }))
                .collect();
        }
        if network.spans(0).is_empty() {
            expected = vec![list.one_best().to_owned()];
        }
        prop_assert!(expected.contains(&proposal.text), "{:?} in {:?}", proposal.text, expected);
    }
}
