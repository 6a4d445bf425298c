//! The way back into the trie after words that nobody heard.

use super::arena::Node;

/// Most complete transcripts that are tried.
const MOST: usize = 64;

/// Transcripts of a segment less probable than this share of the best are not tried.
const SHARE: f64 = 1e-6;

/// A complete transcript and the trie's node after each number of its words.
#[derive(Debug, Clone)]
pub(super) struct Path {
    words: Vec<Vec<u8>>,
    /// From 0 words on: the node, and how probable the segments before it are on this path,
    /// as a share of the best path's.
    boundaries: Vec<(u32, f64)>,
}

/// A transcript of one segment.
struct Part {
    node: u32,
    /// Its probability as a share of the segment's best.
    share: f64,
}

/// The most probable complete transcripts. With several segments, the k-th consists of the
/// k-th of each (its last where it has fewer).
pub(super) fn paths(nodes: &[Node], roots: &[u32]) -> Vec<Path> {
    let parts: Vec<Vec<Part>> = roots.iter().map(|&root| parts(nodes, root)).collect();
    let count = parts.iter().map(Vec::len).max().unwrap_or(0);
    let path = |rank: usize| {
        let mut path = Path { words: Vec::new(), boundaries: Vec::new() };
        let mut prior = 1.0;
        for (&root, parts) in roots.iter().zip(&parts) {
            let Some(part) = parts.get(rank).or(parts.last()) else {
                continue;
            };
            extend(&mut path, nodes, root, part.node, prior);
            prior *= part.share;
        }
        path
    };
    (0..count).map(path).collect()
}

/// The most probable transcripts of a segment, best first; where none was complete, the
/// heaviest beginning.
fn parts(nodes: &[Node], root: u32) -> Vec<Part> {
    let segment = nodes[root as usize].segment;
    let own = (root..).zip(&nodes[root as usize..]).take_while(|(_, n)| n.segment == segment);
    let mut ends: Vec<(u32, f64)> =
        own.filter(|(_, n)| n.end > 0.0).map(|(place, n)| (place, n.end)).collect();
    ends.sort_by(|a, b| b.1.total_cmp(&a.1));
    let Some(&(_, best)) = ends.first() else {
        return vec![Part { node: heaviest(nodes, root), share: 1.0 }];
    };
    ends.into_iter()
        .map(|(node, end)| Part { node, share: end / best })
        .take_while(|part| part.share >= SHARE)
        .take(MOST)
        .collect()
}

fn heaviest(nodes: &[Node], root: u32) -> u32 {
    let mut node = root;
    loop {
        let Node { first, children, .. } = nodes[node as usize];
        let children = first..first + u32::from(children);
        let mass = |child: u32| nodes[child as usize].mass;
        match children.max_by(|&a, &b| mass(a).total_cmp(&mass(b))) {
            Some(child) => node = child,
            None => return node,
        }
    }
}

/// Appends the words from `root` to `last`.
fn extend(path: &mut Path, nodes: &[Node], root: u32, last: u32, prior: f64) {
    let mut places = vec![last];
    while let Some(&node) = places.last()
        && node != root
    {
        places.push(nodes[node as usize].parent);
    }
    places.reverse();
    if path.boundaries.is_empty() {
        path.boundaries.push((root, prior));
    }
    // From the root's child on: every word begins with a space.
    for &node in &places[1..] {
        let byte = nodes[node as usize].byte;
        if byte == b' ' {
            path.words.push(Vec::new());
            path.boundaries.push((node, prior));
        } else if let (Some(word), Some(end)) = (path.words.last_mut(), path.boundaries.last_mut())
        {
            word.push(byte);
            end.0 = node;
        }
    }
}

/// The nodes after the beginnings that align most cheaply with `words`, each once.
pub(super) fn entrances(paths: &[Path], words: &[&[u8]]) -> Vec<(u32, f64)> {
    let aligned: Vec<(usize, usize)> = paths.iter().map(|path| align(path, words)).collect();
    let cheapest = aligned.iter().map(|&(cost, _)| cost).min().unwrap_or(0);
    let mut entrances: Vec<(u32, f64)> = Vec::new();
    for (path, (cost, count)) in paths.iter().zip(aligned) {
        let (node, prior) = path.boundaries[count];
        let weight = prior * (-((cost - cheapest) as f64)).exp();
        // Paths that share a beginning enter it once: the node holds them all.
        match entrances.iter_mut().find(|(known, _)| *known == node) {
            Some((_, known)) => *known = known.max(weight),
            None => entrances.push((node, weight)),
        }
    }
    entrances
}

/// Cost and length, in words, of the beginning of `path` that aligns most cheaply with
/// `words`; among equals the one nearest in length.
fn align(path: &Path, words: &[&[u8]]) -> (usize, usize) {
    let count = path.words.len();
    let mut row: Vec<usize> = (0..=count).collect();
    for (i, &spoken) in words.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for j in 0..count {
            let substituted = diagonal + usize::from(path.words[j] != spoken);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    (0..=count)
        .map(|j| (row[j], j))
        .min_by_key(|&(cost, j)| (cost, j.abs_diff(words.len())))
        .unwrap_or((words.len(), 0))
}
