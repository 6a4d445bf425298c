//! The table and how it is applied.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Version of the stored form. It changes when a stored table would be applied otherwise.
const TABLE_VERSION: u32 = 1;

/// One phrase and what it becomes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rule {
    /// What the recogniser writes: words with single spaces, never empty.
    pub from: String,
    /// What stands there instead; empty where nothing does. The same as `from` in an
    /// exception, which keeps shorter rules away from its words.
    pub to: String,
    /// Occurrences in the training hypotheses that the rule puts right.
    pub hits: u32,
    /// Occurrences of `from` in the training hypotheses.
    pub seen: u32,
}

/// Phrases to rewrite. The empty table changes nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct RewriteTable {
    /// Sorted by `from`, which no two share.
    rules: Vec<Rule>,
    /// Words in the longest `from`.
    most_words: usize,
}

/// Why a stored table cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableError {
    version: u32,
}

impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version } = self;
        write!(f, "a rewrite table of version {version}; this program reads {TABLE_VERSION}")
    }
}

impl std::error::Error for TableError {}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    rules: Vec<Rule>,
}

impl TryFrom<Stored> for RewriteTable {
    type Error = TableError;

    fn try_from(stored: Stored) -> Result<Self, TableError> {
        match stored.version {
            TABLE_VERSION => Ok(Self::new(stored.rules)),
            version => Err(TableError { version }),
        }
    }
}

impl From<RewriteTable> for Stored {
    fn from(table: RewriteTable) -> Self {
        Self { version: TABLE_VERSION, rules: table.rules }
    }
}

impl RewriteTable {
    /// A table of these rules, in any order. White space in them becomes single spaces; a
    /// rule from nothing is left out; of rules with one `from` the first in order stays.
    #[must_use]
    pub fn new(mut rules: Vec<Rule>) -> Self {
        for rule in &mut rules {
            rule.from = single_spaced(&rule.from);
            rule.to = single_spaced(&rule.to);
        }
        rules.retain(|rule| !rule.from.is_empty());
        rules.sort();
        rules.dedup_by(|later, first| later.from == first.from);
        let words = rules.iter().map(|rule| rule.from.split(' ').count());
        let most_words = words.max().unwrap_or_default();
        Self { rules, most_words }
    }

    /// How many rules.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules, sorted by what they rewrite.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The text with every phrase of the table replaced: from left to right, the longest
    /// phrase first, and never twice in one place. A text whose words all stay comes back
    /// exactly as it was; any other comes back with single spaces.
    #[must_use]
    pub fn rewrite(&self, text: &str) -> String {
        let words: Vec<&str> = text.split_whitespace().collect();
        let mut phrase = String::new();
        let mut written: Vec<&str> = Vec::with_capacity(words.len());
        let mut at = 0;
        while at < words.len() {
            let found = self.longest(&words[at..], &mut phrase);
            match found {
                Some((length, rule)) => {
                    written.extend(rule.to.split_whitespace());
                    at += length;
                }
                None => {
                    written.push(words[at]);
                    at += 1;
                }
            }
        }
        if written == words { text.to_owned() } else { written.join(" ") }
    }

    /// The longest phrase of the table that these words begin with, and how many words it
    /// has. `phrase` is work space.
    fn longest(&self, words: &[&str], phrase: &mut String) -> Option<(usize, &Rule)> {
        let first = words.first()?;
        let place = self.rules.partition_point(|rule| rule.from.as_str() < *first);
        // Most words begin no phrase, and one search says so.
        let rules = &self.rules[place..];
        if !rules.first()?.from.starts_with(first) {
            return None;
        }
        (1..=self.most_words.min(words.len())).rev().find_map(|length| {
            phrase.clear();
            for (place, word) in words[..length].iter().enumerate() {
                if place > 0 {
                    phrase.push(' ');
                }
                phrase.push_str(word);
            }
            let at = rules.binary_search_by(|rule| rule.from.as_str().cmp(phrase)).ok()?;
            Some((length, rules.get(at)?))
        })
    }
}

fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
