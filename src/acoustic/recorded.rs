//! From recorded beliefs to the nodes of a trie.

use serde::{Deserialize, Serialize};

use super::{
    Beliefs, Pieces, Prefix, RecordError,
    arena::{Builder, Place},
};

/// How recorded beliefs become probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Temperature of each next-token distribution (above 0): probabilities to the power of
    /// `1 / tau_asr`, renormalised, the unnamed tokens together counting as one outcome.
    /// An overconfident recogniser needs more than 1.
    pub tau_asr: f64,
    /// Next tokens less probable than this (after the temperature) count as unnamed, except
    /// those the search followed. In [0, 1]; 0 keeps all.
    pub floor: f64,
    /// How much the probability counts that the search left behind: continuations that it did
    /// not follow to the end of a text. In (0, 1]. With 1, `M(x)` is the recogniser's
    /// probability of every text that starts with `x`; the less, the more it is that of those
    /// which the search found worth completing, so that a greedy walk does not end in what
    /// the search had reason to leave.
    pub unfinished: f64,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { tau_asr: 1.0, floor: 1e-6, unfinished: 0.01 }
    }
}

/// A token that can follow a prefix, and the visited prefix that it leads to.
type Edge = (u32, f64, Option<usize>);

/// Builds the trie of one window.
pub(super) fn build(
    beliefs: &Beliefs,
    pieces: &Pieces,
    how: &Calibration,
) -> Result<Builder, RecordError> {
    beliefs.check(pieces)?;
    let prefixes = beliefs.prefixes();
    let mut visited: Vec<Vec<usize>> = vec![Vec::new(); prefixes.len()];
    for (index, prefix) in prefixes.iter().enumerate().skip(1) {
        visited[prefix.parent as usize].push(index);
    }
    let mut builder = Builder::new();
    builder.add_root(1.0);
    let mut places: Vec<Place> = vec![builder.start(); prefixes.len()];
    let mut masses = vec![0.0; prefixes.len()];
    masses[0] = 1.0;
    let mut edges = Vec::new();
    for (index, prefix) in prefixes.iter().enumerate() {
        let (place, mass) = (places[index], masses[index]);
        if mass <= 0.0 {
            continue;
        }
        list_edges(prefix, &visited[index], prefixes, &mut edges);
        let (end, mut rest) = temper(&mut edges, prefix.end, how.tau_asr);
        builder.end(place, mass * end);
        for &(token, p, child) in &edges {
            if child.is_none() && p < how.floor {
                rest += p;
                continue;
            }
            let to = builder.walk(place, pieces.get(token).unwrap_or_default(), mass * p);
            match child {
                Some(child) => {
                    places[child] = to;
                    masses[child] += mass * p;
                }
                None => builder.unknown(to, mass * p),
            }
        }
        builder.unknown(place, mass * rest);
    }
    if how.unfinished < 1.0 {
        builder.discount_unknown(how.unfinished);
    }
    Ok(builder)
}

/// The tokens named after `prefix`, and those that the search followed without naming them.
fn list_edges(prefix: &Prefix, visited: &[usize], prefixes: &[Prefix], edges: &mut Vec<Edge>) {
    edges.clear();
    for &(token, logprob) in &prefix.next {
        let child = visited.iter().copied().find(|&child| prefixes[child].token == token);
        edges.push((token, f64::from(logprob).exp(), child));
    }
    for &child in visited {
        let Prefix { token, logprob, .. } = prefixes[child];
        if edges.iter().all(|&(named, ..)| named != token) {
            edges.push((token, f64::from(logprob).exp(), Some(child)));
        }
    }
}

/// Applies the temperature in place; the probabilities of the end and of unnamed tokens.
/// Rounded probabilities can sum to a little more than 1: then they are scaled down.
fn temper(edges: &mut [Edge], end: f32, tau: f64) -> (f64, f64) {
    let mut end = f64::from(end).exp();
    let named: f64 = end + edges.iter().map(|&(_, p, _)| p).sum::<f64>();
    let mut rest = (1.0 - named).max(0.0);
    if tau != 1.0 {
        for p in edges.iter_mut().map(|(_, p, _)| p).chain([&mut end, &mut rest]) {
            *p = p.powf(tau.recip());
        }
    }
    let total = end + rest + edges.iter().map(|&(_, p, _)| p).sum::<f64>();
    if total > 0.0 {
        for p in edges.iter_mut().map(|(_, p, _)| p).chain([&mut end, &mut rest]) {
            *p /= total;
        }
    }
    (end, rest)
}
