//! How an N-best list is stored: as one JSON text in its utterance's row.
//!
//! A row for each hypothesis would be read and written several times as slowly. The view
//! `hypotheses` shows the lists as such rows.
//!
//! ```text
//! ["show me flights", "show me a flight"]                    nothing but texts
//! [["show me flights", 0, 4, "-1.25e-1", ["-1e-1"]], ...]    text, rank, count, score, token scores
//! ```

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::corpus::Hypothesis;

/// One hypothesis. Numbers that are no integers are text: JSON's numbers may lose the last
/// bit on their way through a parser.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Packed<'a> {
    /// Occurs once, at the place it has here, without scores.
    Plain(#[serde(borrow)] Cow<'a, str>),
    /// Text, rank, count, score, token scores.
    Full(
        #[serde(borrow)] Cow<'a, str>,
        u32,
        u32,
        #[serde(borrow)] Option<Cow<'a, str>>,
        Option<Vec<String>>,
    ),
}

pub(super) fn encode(nbest: &[Hypothesis]) -> serde_json::Result<String> {
    let packed: Vec<Packed<'_>> = (0..).zip(nbest).map(|(index, one)| pack(index, one)).collect();
    serde_json::to_string(&packed)
}

fn pack(index: u32, one: &Hypothesis) -> Packed<'_> {
    let text = Cow::Borrowed(one.text.as_str());
    let scored = one.score.is_some() || one.token_scores.is_some();
    if !scored && one.count == 1 && one.rank == index {
        return Packed::Plain(text);
    }
    let score = one.score.map(|score| Cow::Owned(digits(score)));
    let tokens = one.token_scores.as_ref().map(|all| all.iter().copied().map(digits).collect());
    Packed::Full(text, one.rank, one.count, score, tokens)
}

pub(super) fn decode(
    json: &str,
) -> Result<Vec<Hypothesis>, Box<dyn std::error::Error + Send + Sync>> {
    let list: Vec<Packed<'_>> = serde_json::from_str(json)?;
    (0..)
        .zip(list)
        .map(|(index, one)| match one {
            Packed::Plain(text) => Ok(Hypothesis {
                text: text.into_owned(),
                rank: index,
                count: 1,
                score: None,
                token_scores: None,
            }),
            Packed::Full(text, rank, count, score, token_scores) => {
                let parse = |all: Vec<String>| all.iter().map(|one| one.parse()).collect();
                Ok(Hypothesis {
                    text: text.into_owned(),
                    rank,
                    count,
                    score: score.map(|digits| digits.parse()).transpose()?,
                    token_scores: token_scores.map(parse).transpose()?,
                })
            }
        })
        .collect()
}

/// The shortest digits that give the same number back. SQLite knows no word for infinity,
/// but reads a number beyond all others as one.
fn digits(number: f64) -> String {
    if number.is_infinite() {
        return if number > 0.0 { "9e999" } else { "-9e999" }.to_owned();
    }
    format!("{number:e}")
}
