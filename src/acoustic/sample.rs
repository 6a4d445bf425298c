//! Small random recordings, and what they say worked out the long way.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Beliefs, Pieces, Prefix};

/// The tokens of the random recordings: some begin others, some are only space or nothing.
pub(super) const TOKENS: [&str; 9] = [" a", "a", " ", "b", "ab", "", " b", "b ", " ab"];

pub(super) fn pieces() -> Pieces {
    Pieces::new(&TOKENS.map(|token| token.as_bytes().to_vec()))
}

type Drawn = (prop::sample::Index, u32, BTreeMap<u32, u8>, u8, u8);

/// Any small recording over [`TOKENS`].
pub(super) fn beliefs() -> impl Strategy<Value = Beliefs> {
    let token = 0..TOKENS.len() as u32;
    let next = prop::collection::btree_map(token.clone(), 1u8..9, 0..4);
    let prefix = (any::<prop::sample::Index>(), token, next, 0u8..4, 0u8..3);
    prop::collection::vec(prefix, 1..9).prop_map(|drawn| build(&drawn))
}

fn build(drawn: &[Drawn]) -> Beliefs {
    let parent = |at: usize| if at == 0 { 0 } else { drawn[at].0.index(at) };
    let mut prefixes = Vec::new();
    for (at, (_, token, next, end, rest)) in drawn.iter().enumerate() {
        let children: Vec<u32> = (at + 1..drawn.len())
            .filter(|&child| parent(child) == at)
            .map(|c| drawn[c].1)
            .collect();
        let unnamed = children.iter().filter(|token| !next.contains_key(token)).count();
        let sum: u32 = next.values().map(|&weight| u32::from(weight)).sum();
        let total = sum + u32::from(*end) + u32::from(*rest) + unnamed as u32;
        let logprob = |weight: u8| (f32::from(weight) / total.max(1) as f32).ln();
        let unlisted = logprob(1).min(0.0);
        let own: Prefix = Prefix {
            parent: parent(at) as u32,
            token: *token,
            logprob: unlisted,
            end: logprob(*end),
            next: next.iter().map(|(&token, &weight)| (token, logprob(weight))).collect(),
        };
        prefixes.push((own, unlisted));
    }
    for at in (1..prefixes.len()).rev() {
        let (before, after) = prefixes.split_at_mut(at);
        let (parent, unlisted) = &before[after[0].0.parent as usize];
        let token = after[0].0.token;
        let named = parent.next.iter().find(|&&(named, _)| named == token);
        after[0].0.logprob = named.map_or(*unlisted, |&(_, logprob)| logprob);
    }
    Beliefs::new(&pieces(), prefixes.into_iter().map(|(prefix, _)| prefix).collect()).unwrap()
}

/// A way that a transcript can go as far as the record knows.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    /// One space before every word.
    pub(super) text: Vec<u8>,
    /// Whether the transcript ends there; else nothing is known beyond.
    pub(super) ends: bool,
    pub(super) mass: f64,
}

/// Every sequence of tokens that the record knows, to its end.
pub(super) fn outcomes(beliefs: &Beliefs) -> Vec<Outcome> {
    let mut out = Vec::new();
    follow(beliefs.prefixes(), 0, "", 1.0, &mut out);
    out
}

/// The same for several windows in a row.
pub(super) fn chained(records: &[Beliefs]) -> Vec<Outcome> {
    let mut all = vec![Outcome { text: Vec::new(), ends: true, mass: 1.0 }];
    for beliefs in records {
        let own = outcomes(beliefs);
        let longer = |before: Outcome| -> Vec<Outcome> {
            if !before.ends {
                return vec![before];
            }
            let join = |after: &Outcome| Outcome {
                text: [before.text.as_slice(), &after.text].concat(),
                ends: after.ends,
                mass: before.mass * after.mass,
            };
            own.iter().map(join).collect()
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    all
}

fn follow(prefixes: &[Prefix], at: usize, text: &str, mass: f64, out: &mut Vec<Outcome>) {
    let spaced: String = text.split_whitespace().map(|word| format!(" {word}")).collect();
    let p = |logprob: f32| f64::from(logprob).exp();
    let mut named: BTreeMap<u32, f64> =
        prefixes[at].next.iter().map(|&(token, logprob)| (token, p(logprob))).collect();
    let mut children = BTreeMap::new();
    for (index, child) in prefixes.iter().enumerate().skip(1) {
        if child.parent as usize == at {
            children.entry(child.token).or_insert(index);
            named.entry(child.token).or_insert(p(child.logprob));
        }
    }
    let end = p(prefixes[at].end);
    let sum = end + named.values().sum::<f64>();
    let share = mass / sum.max(1.0);
    let mut put = |text: &str, ends, mass| {
        out.push(Outcome { text: text.as_bytes().to_vec(), ends, mass });
    };
    put(&spaced, true, share * end);
    put(&spaced, false, mass * (1.0 - sum).max(0.0));
    for (token, p) in named {
        let longer = format!("{text}{}", TOKENS[token as usize]);
        match children.get(&token) {
            Some(&child) => follow(prefixes, child, &longer, share * p, out),
            None => out.push(Outcome {
                text: longer
                    .split_whitespace()
                    .flat_map(|w| format!(" {w}").into_bytes())
                    .collect(),
                ends: false,
                mass: share * p,
            }),
        }
    }
}
