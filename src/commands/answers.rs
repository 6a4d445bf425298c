//! By what a stored answer is found again.

use crate::{corpus::Utterance, store::AnswerKey};

/// Identifies everything about an utterance that a method sees, and its reference, which no
/// method sees but which keeps examples out of a prompt.
pub(super) fn key(utterance: &Utterance) -> AnswerKey {
    let mut hasher = blake3::Hasher::new();
    let mut text = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    for known in &utterance.nbest {
        text(&known.text);
        text(&format!("{} {} {:?}", known.rank, known.count, known.score));
    }
    let around = &utterance.surroundings;
    for (name, texts) in
        [("before", &around.before), ("after", &around.after), ("terms", &around.terms)]
    {
        text(name);
        texts.iter().for_each(|one| text(one));
    }
    if let Some(reference) = &utterance.reference {
        text("reference");
        text(reference);
    }
    let mut key = AnswerKey::default();
    hasher.finalize_xof().fill(&mut key);
    key
}
