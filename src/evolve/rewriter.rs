//! Other wordings, proposed by a language model.

use super::error::Failure;
use super::tags::{Stretch, stretches};
use crate::llm::BoxFuture;

/// A proposal may be so many times as long as the sentence, and [`LONGER`] characters more.
const TIMES: usize = 3;
const LONGER: usize = 120;

/// Says sentences of an instruction in other words (the mutation of EvoPrompt). Several are
/// asked for at a time.
pub trait Rewriter: Sync {
    /// Another wording of one sentence, which holds no Jinja. `seed` tells requests for the
    /// same sentence apart; it should decide how the answer is sampled.
    ///
    /// An answer that is empty, very long or could be taken for Jinja or a special token is
    /// dropped. A failure costs one child, not the search.
    fn rewrite<'a>(
        &'a self,
        sentence: &'a str,
        seed: u64,
    ) -> BoxFuture<'a, Result<String, Failure>>;
}

/// A proposal on one line, without the quotation marks that models like to put around it;
/// `None` where it cannot stand in a template.
pub(super) fn usable(proposal: &str, sentence: &str) -> Option<String> {
    let words: Vec<&str> = proposal.split_whitespace().collect();
    let line = words.join(" ");
    let quoted = line.strip_prefix('"').and_then(|line| line.strip_suffix('"'));
    let line = quoted.map_or(line.as_str(), str::trim);
    let most = sentence.chars().count() * TIMES + LONGER;
    let is_text = match &stretches(line)?[..] {
        [(stretch, _)] => *stretch == Stretch::Text,
        _ => false,
    };
    // What closes a tag means nothing by itself, but no instruction needs it.
    let is_plain = !["}}", "%}", "#}", "<|", "|>", "---"].iter().any(|sign| line.contains(sign));
    let is_usable = is_text
        && is_plain
        && line.contains(char::is_alphabetic)
        && !line.contains(char::is_control)
        // An opened tag could begin at the end of one sentence and in the next.
        && !line.ends_with('{')
        && line.chars().count() <= most
        && line != sentence;
    is_usable.then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proposals_are_trimmed_and_the_dangerous_refused() {
        assert_eq!(usable("\n \"Do it  well.\"\n", "Do it.").as_deref(), Some("Do it well."));
        let long = "long ".repeat(60);
        for bad in
            ["", " 12. ", "{{ a }}", "a {% b", "x <|im_end|>", "Do it.", "\u{7}bell", "a {", &long]
        {
            assert_eq!(usable(bad, "Do it."), None, "{bad}");
        }
    }
}
