//! What was probably meant.

use crate::score::Distance;

/// The candidate that a mistyped name is most like; `None` where nothing is like it. A
/// beginning of a name counts as near, else at most a third of the letters may be wrong.
/// Among equals the first.
pub(super) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let letters = |text: &str| -> Vec<u32> { text.to_lowercase().chars().map(u32::from).collect() };
    let typed = letters(name);
    let most = (typed.len() as u64 / 3).max(1);
    let mut distance = Distance::default();
    let mut measured = |candidate: &str| {
        let known = letters(candidate);
        let begins = typed.len() >= 2 && known.starts_with(&typed);
        if begins { 1 } else { distance.between(&typed, &known) }
    };
    candidates
        .into_iter()
        .map(|candidate| (measured(candidate), candidate))
        .filter(|(wrong, candidate)| *wrong <= most && !candidate.is_empty())
        .min_by_key(|(wrong, _)| *wrong)
        .map(|(_, candidate)| candidate)
}

/// `; did you mean `x`?`, or the names there are where none is near.
pub(super) fn hint(name: &str, candidates: &[&str]) -> String {
    match nearest(name, candidates.iter().copied()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None if candidates.is_empty() => String::new(),
        None => format!("; there are: {}", candidates.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_and_beginnings_are_near_and_other_words_are_not() {
        let known = ["generate", "select", "tau_llm", "tau_asr"];
        assert_eq!(nearest("genrate", known), Some("generate"));
        assert_eq!(nearest("SELECT", known), Some("select"));
        assert_eq!(nearest("tau", known), Some("tau_llm"));
        assert_eq!(nearest("whatever", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(hint("x", &["generate", "select"]), "; there are: generate, select");
        assert_eq!(hint("x", &[]), "");
    }
}
