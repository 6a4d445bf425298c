//! The compact form of options in a profile.

use serde::{Deserialize, Serialize};

use super::options::{Options, STEPS, Way};
use crate::{
    ngram::{StoredError, Vocabulary},
    normalize::WordMap,
};

/// Version of the stored form. It changes when stored options would be used otherwise.
const VERSION: u32 = 1;

/// Phrases in order, as one row of numbers: the length of the phrase, its words, the number of
/// ways; and for each way its length, its words and its cost.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredOptions {
    version: u32,
    words: Vocabulary,
    #[serde(with = "crate::ngram::row")]
    ways: Vec<u32>,
}

impl From<Options> for StoredOptions {
    fn from(options: Options) -> Self {
        let mut phrases: Vec<(Vec<u32>, Vec<Way>)> = options.ways.into_iter().collect();
        phrases.sort_by(|a, b| a.0.cmp(&b.0));
        let mut row = Vec::new();
        let mut put = |words: &[u32]| {
            // Phrases have a handful of words.
            row.push(u32::try_from(words.len()).unwrap_or(u32::MAX));
            row.extend_from_slice(words);
        };
        for (phrase, ways) in phrases {
            put(&phrase);
            put(&ways.iter().flat_map(packed).collect::<Vec<u32>>());
        }
        Self { version: VERSION, words: options.vocabulary, ways: row }
    }
}

fn packed(way: &Way) -> Vec<u32> {
    let mut row = vec![u32::try_from(way.to.len()).unwrap_or(u32::MAX)];
    row.extend_from_slice(&way.to);
    // Rounded, so that the number fits; costs are above -20.
    row.push((-way.cost * STEPS).round() as u32);
    row
}

impl TryFrom<StoredOptions> for Options {
    type Error = StoredError;

    fn try_from(stored: StoredOptions) -> Result<Self, StoredError> {
        if stored.version != VERSION {
            return Err(StoredError::Version(stored.version));
        }
        let ways = unpacked(&stored.ways, &stored.words).ok_or(StoredError::Damaged)?;
        Ok(Self::new(stored.words, ways))
    }
}

fn unpacked(mut row: &[u32], words: &Vocabulary) -> Option<WordMap<Vec<u32>, Vec<Way>>> {
    let mut all = WordMap::default();
    while !row.is_empty() {
        let phrase = take(&mut row)?;
        let mut rest = take(&mut row)?;
        let mut ways = Vec::new();
        while !rest.is_empty() {
            let to = take(&mut rest)?;
            let (cost, after) = rest.split_first()?;
            rest = after;
            ways.push(Way { to: to.to_vec(), cost: -f64::from(*cost) / STEPS });
        }
        let is_word = |number: &u32| !words.word(*number).is_empty();
        let are_words = ways.iter().flat_map(|way| &way.to).chain(phrase).all(is_word);
        if phrase.is_empty() || !are_words {
            return None;
        }
        all.insert(phrase.to_vec(), ways);
    }
    Some(all)
}

/// Takes a run of numbers that begins with its length.
fn take<'a>(row: &mut &'a [u32]) -> Option<&'a [u32]> {
    let (length, rest) = row.split_first()?;
    let (run, rest) = rest.split_at_checked(usize::try_from(*length).ok()?)?;
    *row = rest;
    Some(run)
}
