//! Log-probabilities of given continuations, from what a server tells of its own tokens.

use super::{
    answer::{Answer, Response},
    client::Fault,
    failure::Reason,
};
use crate::llm::Scored;

/// What the log-probabilities of continuations are made of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Continued {
    pub(super) scores: Vec<Scored>,
    pub(super) prompt_tokens: u32,
    pub(super) scored_tokens: u32,
}

/// Reads the echo of a prompt alone, and of the prompt with each continuation behind it. Each
/// choice ends with the one token that the server had to write.
///
/// Where a continuation begins is found by comparing tokens and not by counting characters:
/// servers add a begin token, drop spaces, and join the end of the prompt with the beginning
/// of the continuation to one token. All continuations are scored from the first place at
/// which one of them differs from the prompt's tokens, so that they are compared as whole
/// texts whatever the tokenizer does there. That is the usual way to score by such servers
/// (as the Language Model Evaluation Harness does), except that there the place is the same
/// only where no token crosses it.
pub(super) fn from_echo(response: &Response) -> Result<Continued, Fault> {
    let malformed = |why: &str| Fault::of(Reason::Malformed, why);
    let written = match response.answer_tokens as usize {
        0 => 0,
        count if count == response.answers.len() => 1,
        _ => return Err(malformed("an echo with more than one token behind it")),
    };
    let echoed = |answer: &'_ Answer| answer.tokens.len().checked_sub(written);
    let counts: Option<Vec<usize>> = response.answers.iter().map(echoed).collect();
    let counts = counts.ok_or_else(|| malformed("an echo without tokens"))?;
    let (Some(prompt), Some(&prompt_count)) = (response.answers.first(), counts.first()) else {
        return Err(malformed("no echo of the prompt"));
    };
    let prompt = &prompt.tokens[..prompt_count];
    if prompt.is_empty() {
        return Err(malformed("an echo without tokens"));
    }
    let shared = |(answer, &count): (&Answer, &usize)| {
        let pairs = prompt.iter().zip(&answer.tokens[..count]);
        pairs.take_while(|(one, other)| one.bytes == other.bytes).count()
    };
    let continued = || response.answers.iter().zip(&counts).skip(1);
    // The first token has no log-probability.
    let start = continued().map(shared).min().unwrap_or(prompt_count).max(1);
    let mut scores = Vec::new();
    for (answer, &count) in continued() {
        let tokens = answer.tokens.get(start..count).unwrap_or_default();
        let logprobs: Option<Vec<f64>> = tokens.iter().map(|token| token.logprob).collect();
        let token_logprobs = logprobs.ok_or_else(|| malformed("an echo without probabilities"))?;
        scores.push(Scored { token_logprobs });
    }
    let scored = scores.iter().map(|scored| scored.token_logprobs.len()).sum::<usize>();
    Ok(Continued { scores, prompt_tokens: prompt_count as u32, scored_tokens: scored as u32 })
}

/// Whether `text` can be read off the first token of an answer: one capital letter, as the
/// labels of up to 26 options are.
pub(super) fn is_label(text: &str) -> bool {
    let label = text.trim_start();
    label.len() == 1 && label.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// The log-probability of each label as the first token of an answer: the sum over the told
/// tokens that spell it, with or without space around it. A label that is not among the told
/// tokens gets the log-probability of the least of them, which is an upper bound. `None`
/// where no label is among them.
pub(super) fn from_first_token(labels: &[String], answer: &Answer) -> Option<Vec<f64>> {
    let top = &answer.tokens.first()?.top;
    let least = top.iter().map(|(_, logprob)| *logprob).reduce(f64::min)?;
    let mut any = false;
    let logprobs = labels.iter().map(|label| {
        let spells = |(token, _): &&(String, f64)| token.trim() == label.trim();
        let mass: f64 = top.iter().filter(spells).map(|(_, logprob)| logprob.exp()).sum();
        any |= mass > 0.0;
        if mass > 0.0 { mass.ln().min(0.0) } else { least }
    });
    let logprobs = logprobs.collect();
    any.then_some(logprobs)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::answer::Told, *};

    fn answer(tokens: &[(&str, Option<f64>)]) -> Answer {
        let told = |(token, logprob): &(&str, Option<f64>)| Told {
            bytes: token.as_bytes().to_vec(),
            logprob: *logprob,
            top: vec![],
        };
        let tokens = tokens.iter().map(told).collect();
        Answer { text: String::new(), tokens, stop: None, finish: None, thought: false }
    }

    fn response(answers: Vec<Answer>) -> Response {
        let answer_tokens = answers.len() as u32;
        Response { answers, prompt_tokens: 0, answer_tokens }
    }

    const GENERATED: (&str, Option<f64>) = ("!", Some(-9.0));

    #[test]
    fn a_continuation_is_scored_from_where_it_begins() {
        let prompt = [("<s>", None), ("a", Some(-1.0)), (":", Some(-2.0))];
        let mut one = prompt.to_vec();
        one.extend([(" x", Some(-0.5)), ("y", Some(-0.25)), GENERATED]);
        let mut other = prompt.to_vec();
        other.extend([(" z", Some(-3.0)), GENERATED]);
        let mut alone = prompt.to_vec();
        alone.push(GENERATED);
        let response = response(vec![answer(&alone), answer(&one), answer(&other)]);
        let found = from_echo(&response).unwrap();
        let values: Vec<_> = found.scores.iter().map(|one| one.token_logprobs.clone()).collect();
        assert_eq!(values, [vec![-0.5, -0.25], vec![-3.0]]);
        assert_eq!((found.prompt_tokens, found.scored_tokens), (3, 3));
    }

    #[test]
    fn where_one_continuation_joins_the_prompts_end_all_are_scored_from_there() {
        let alone = answer(&[("a", None), (":", Some(-1.0)), (" ", Some(-2.0)), GENERATED]);
        let joined = answer(&[("a", None), (":", Some(-1.0)), (" x", Some(-0.5)), GENERATED]);
        let parted = answer(&[
            ("a", None),
            (":", Some(-1.0)),
            (" ", Some(-2.0)),
            ("é", Some(-4.0)),
            GENERATED,
        ]);
        let found = from_echo(&response(vec![alone, joined, parted])).unwrap();
        let sums: Vec<f64> = found.scores.iter().map(Scored::sum).collect();
        assert_eq!(sums, [-0.5, -6.0]);
    }

    #[test]
    fn an_echo_that_tells_too_little_is_an_error() {
        let no_tokens = response(vec![answer(&[]), answer(&[])]);
        let only_written = response(vec![answer(&[GENERATED]), answer(&[GENERATED])]);
        let unknown = response(vec![
            answer(&[("a", None), GENERATED]),
            answer(&[("a", None), ("b", None), GENERATED]),
        ]);
        let mut many = response(vec![answer(&[("a", None), GENERATED]); 2]);
        many.answer_tokens = 5;
        for bad in [no_tokens, only_written, unknown, many, response(vec![])] {
            assert_eq!(from_echo(&bad).unwrap_err().reason, Reason::Malformed, "{bad:?}");
        }
    }

    #[test]
    fn a_label_collects_its_spellings_and_one_not_told_gets_the_least() {
        let mut told = answer(&[("A", Some(-1.0))]);
        let quarter = 0.25_f64.ln();
        told.tokens[0].top =
            vec![("A".into(), quarter), (" A".into(), quarter), ("The".into(), -4.0)];
        let labels = ["A".to_owned(), " B".to_owned()];
        let found = from_first_token(&labels, &told).unwrap();
        assert!((found[0] - 0.5_f64.ln()).abs() < 1e-12);
        assert_eq!(found[1], -4.0);
        assert_eq!(from_first_token(&["C".to_owned()], &told), None);
        assert_eq!(from_first_token(&labels, &answer(&[])), None);
    }

    #[test]
    fn only_labels_are_read_off_one_token() {
        for label in ["A", " B", "Z"] {
            assert!(is_label(label), "{label}");
        }
        for text in ["", "a", "27", "AB", "A\n", "A B", "ABC", "É", "I am"] {
            assert!(!is_label(text), "{text}");
        }
    }

    proptest! {
        /// However a text is cut, the best continuation of two is that of the likelier text.
        #[test]
        fn scores_differ_by_as_much_as_the_texts_do(
            shared in prop::collection::vec(("[ab]", -5.0_f64..0.0), 1..5),
            one in prop::collection::vec(("[c-e]", -5.0_f64..0.0), 1..5),
            other in prop::collection::vec(("[f-h]", -5.0_f64..0.0), 1..5),
            kept in 0_usize..5,
        ) {
            let text = |parts: &[&[(String, f64)]]| {
                let mut tokens: Vec<(&str, Option<f64>)> = vec![("<s>", None)];
                let all = parts.iter().flat_map(|part| part.iter());
                tokens.extend(all.map(|(token, logprob)| (token.as_str(), Some(*logprob))));
                tokens.push(GENERATED);
                answer(&tokens)
            };
            // The first continuation may have swallowed the end of the prompt.
            let head = &shared[..kept.min(shared.len())];
            let all = vec![text(&[&shared]), text(&[head, &one]), text(&[&shared, &other])];
            let whole = |answer: &Answer| -> f64 {
                let tokens = &answer.tokens[..answer.tokens.len() - 1];
                tokens.iter().filter_map(|token| token.logprob).sum()
            };
            let expected = whole(&all[1]) - whole(&all[2]);
            let found = from_echo(&response(all)).unwrap();
            let difference = found.scores[0].sum() - found.scores[1].sum();
            prop_assert!((difference - expected).abs() < 1e-9);
        }
    }
}
