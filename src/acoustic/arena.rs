//! The nodes of a byte trie.

use std::collections::VecDeque;

/// No node.
const NONE: u32 = u32::MAX;

/// A byte string `x` of one segment's trie.
///
/// `mass = sum of the children's masses + end + unknown`.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// `M(x)`: that the segment's transcript starts with `x`.
    pub(super) mass: f64,
    /// `E(x)`: that it is exactly `x`.
    pub(super) end: f64,
    /// The part of `M(x)` of which nothing is known beyond `x`.
    pub(super) unknown: f64,
    /// `x` without its last byte; itself for the empty string.
    pub(super) parent: u32,
    /// The first child; all children follow one another, by rising byte.
    pub(super) first: u32,
    pub(super) segment: u32,
    pub(super) children: u16,
    /// The last byte of `x`.
    pub(super) byte: u8,
}

/// Where a raw text stands in the trie.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) node: u32,
    /// Whether a space comes before the next letter.
    space: bool,
}

/// Builds the trie of one segment. Whitespace (ASCII) is brought into one form on the way:
/// one space before every word, the first included, and none at the end. So a space is only
/// written when the word after it begins.
#[derive(Debug)]
pub(super) struct Builder {
    nodes: Vec<Draft>,
}

#[derive(Debug)]
struct Draft {
    mass: f64,
    end: f64,
    unknown: f64,
    first: u32,
    sibling: u32,
    byte: u8,
}

impl Draft {
    fn new(byte: u8, sibling: u32) -> Self {
        Self { mass: 0.0, end: 0.0, unknown: 0.0, first: NONE, sibling, byte }
    }
}

impl Builder {
    pub(super) fn new() -> Self {
        Self { nodes: vec![Draft::new(0, NONE)] }
    }

    /// Before the first word.
    pub(super) fn start(&self) -> Place {
        Place { node: 0, space: true }
    }

    /// Gives `mass` to the empty string.
    pub(super) fn add_root(&mut self, mass: f64) {
        self.nodes[0].mass += mass;
    }

    /// Walks on from `place` along `bytes` and gives `mass` to each node on the way.
    pub(super) fn walk(&mut self, place: Place, bytes: &[u8], mass: f64) -> Place {
        let Place { mut node, mut space } = place;
        for &byte in bytes {
            if byte.is_ascii_whitespace() {
                space = true;
                continue;
            }
            if std::mem::take(&mut space) {
                node = self.child(node, b' ', mass);
            }
            node = self.child(node, byte, mass);
        }
        Place { node, space }
    }

    /// Says that the text ends at `place` with this probability.
    pub(super) fn end(&mut self, place: Place, mass: f64) {
        self.nodes[place.node as usize].end += mass;
    }

    /// Says that nothing is known of what follows `place` with this probability.
    pub(super) fn unknown(&mut self, place: Place, mass: f64) {
        self.nodes[place.node as usize].unknown += mass;
    }

    /// Makes what is unknown count only this share, in all masses that it is a part of.
    pub(super) fn discount_unknown(&mut self, share: f64) {
        // Children come after their parents.
        for place in (0..self.nodes.len()).rev() {
            let mut child = self.nodes[place].first;
            let mut mass = 0.0;
            while child != NONE {
                let draft = &self.nodes[child as usize];
                (mass, child) = (mass + draft.mass, draft.sibling);
            }
            let draft = &mut self.nodes[place];
            draft.unknown *= share;
            draft.mass = draft.end + draft.unknown + mass;
        }
    }

    fn child(&mut self, node: u32, byte: u8, mass: f64) -> u32 {
        let first = self.nodes[node as usize].first;
        let mut child = first;
        while child != NONE {
            let draft = &mut self.nodes[child as usize];
            if draft.byte == byte {
                draft.mass += mass;
                return child;
            }
            child = draft.sibling;
        }
        let new = self.nodes.len() as u32;
        let mut draft = Draft::new(byte, first);
        draft.mass = mass;
        self.nodes.push(draft);
        self.nodes[node as usize].first = new;
        new
    }

    /// Appends the nodes to `arena`, level by level, and returns the root's position.
    pub(super) fn finish(self, arena: &mut Vec<Node>, segment: u32) -> u32 {
        let root = arena.len() as u32;
        arena.reserve(self.nodes.len());
        let node = |draft: &Draft, parent| Node {
            mass: draft.mass,
            end: draft.end,
            unknown: draft.unknown,
            parent,
            first: 0,
            segment,
            children: 0,
            byte: draft.byte,
        };
        arena.push(node(&self.nodes[0], root));
        let mut queue = VecDeque::from([(root, 0_u32)]);
        let mut children = Vec::new();
        while let Some((place, draft)) = queue.pop_front() {
            let mut child = self.nodes[draft as usize].first;
            while child != NONE {
                children.push(child);
                child = self.nodes[child as usize].sibling;
            }
            children.sort_unstable_by_key(|&child| self.nodes[child as usize].byte);
            let first = arena.len() as u32;
            arena[place as usize].first = first;
            arena[place as usize].children = children.len() as u16;
            for (position, child) in (first..).zip(children.drain(..)) {
                arena.push(node(&self.nodes[child as usize], place));
                queue.push_back((position, child));
            }
        }
        root
    }
}
