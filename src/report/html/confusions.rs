//! Which words are written for which, and how often.

use std::{collections::BTreeMap, io};

use super::{Written, entry::pairs, escape::html, gathered::Gathered};

/// Pairs that are kept at most.
const MOST_PAIRS: usize = 20_000;
/// Pairs that are shown.
const MOST_SHOWN: usize = 60;
/// Longer words are cut, in characters: memory must not depend on what a word is.
const LONGEST_WORD: usize = 48;

/// Counts of word pairs that differ. Exact up to [`MOST_PAIRS`] pairs; with more, the rare
/// ones are dropped as in lossy counting (Manku and Motwani 2002).
#[derive(Debug, Default)]
pub(super) struct Confusions {
    counts: BTreeMap<(String, String), Count>,
    /// A count can be too low by this much.
    missed: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    one_best: u64,
    corrected: u64,
}

impl Count {
    fn most(self) -> u64 {
        self.one_best.max(self.corrected)
    }
}

impl Confusions {
    /// Adds the errors of a 1-best and of what was made of it. Texts without operations add
    /// nothing.
    pub(super) fn add(&mut self, reference: &str, one_best: &Written, corrected: &Written) {
        self.add_each(reference, one_best, |count| count.one_best += 1);
        self.add_each(reference, corrected, |count| count.corrected += 1);
        if self.counts.len() > MOST_PAIRS {
            self.drop_rare(MOST_PAIRS / 2);
        }
    }

    fn add_each(&mut self, reference: &str, written: &Written, one_more: fn(&mut Count)) {
        let ops = written.ops.as_deref().unwrap_or_default();
        for (op, said, wrote) in pairs(reference, written.compared(), ops) {
            if op != b'=' {
                one_more(self.counts.entry((cut(said), cut(wrote))).or_default());
            }
        }
    }

    /// Drops pairs of ever higher counts until at most so many are left.
    fn drop_rare(&mut self, most: usize) {
        let mut threshold = 0;
        while self.counts.len() > most {
            threshold += 1;
            self.counts.retain(|_, count| count.most() > threshold);
        }
        self.missed += threshold;
    }

    fn most_frequent(&self) -> Vec<(&str, &str, Count)> {
        let all = self
            .counts
            .iter()
            .map(|((said, wrote), count)| (said.as_str(), wrote.as_str(), *count));
        let mut pairs: Vec<_> = all.collect();
        // Stable: pairs of the same count stay in the order of their words.
        pairs.sort_by_key(|(_, _, count)| std::cmp::Reverse((count.most(), count.one_best)));
        pairs.truncate(MOST_SHOWN);
        pairs
    }
}

fn cut(word: &str) -> String {
    match word.char_indices().nth(LONGEST_WORD) {
        Some((end, _)) => format!("{}…", &word[..end]),
        None => word.to_owned(),
    }
}

/// Writes a table for each method.
///
/// # Errors
/// Those of `out`.
pub(super) fn write(
    methods: &[&str],
    gathered: &Gathered,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    out.write_all(b"<section id=\"confusions\" aria-labelledby=\"confusions-title\">\n")?;
    out.write_all(b"<h2 id=\"confusions-title\">Confusions</h2>\n")?;
    let tables: Vec<_> = methods
        .iter()
        .zip(&gathered.methods)
        .map(|(method, sums)| (method, &sums.confusions))
        .filter(|(_, confusions)| !confusions.counts.is_empty())
        .collect();
    if tables.is_empty() {
        out.write_all(b"<p class=\"none\">No word is confused: no answer of a run was compared with a reference, or none has an error.</p>\n")?;
    } else {
        writeln!(
            out,
            "<p class=\"lead\">What was said, what was written instead, and how often: in the 1-best and after \
             correction, over the utterances with a reference that the method has answered. \
             The {MOST_SHOWN} most frequent.</p>"
        )?;
    }
    for (number, (method, confusions)) in tables.into_iter().enumerate() {
        let open = if number == 0 { " open" } else { "" };
        writeln!(out, "<details{open}><summary><bdi>{}</bdi></summary>", html(method))?;
        if confusions.missed > 0 {
            writeln!(
                out,
                "<p class=\"none\">Rare pairs were dropped on the way: a count can be up to {} too low.</p>",
                confusions.missed
            )?;
        }
        table(confusions, out)?;
        out.write_all(b"</details>\n")?;
    }
    out.write_all(b"</section>\n")
}

fn table(confusions: &Confusions, out: &mut dyn io::Write) -> io::Result<()> {
    out.write_all(
        b"<div class=\"scroll\"><table class=\"confusions\"><thead><tr><th scope=\"col\">Reference</th>\
          <th scope=\"col\">Written</th><th scope=\"col\" class=\"number\">1-best</th>\
          <th scope=\"col\" class=\"number\">Corrected</th>\
          <th scope=\"col\" class=\"number\">Change</th></tr></thead>\n<tbody>\n",
    )?;
    for (said, wrote, count) in confusions.most_frequent() {
        let change = count.corrected as i64 - count.one_best as i64;
        let class = match change {
            0 => "same",
            1.. => "worse",
            _ => "better",
        };
        writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>\
             <td class=\"number {class}\">{change:+}</td></tr>",
            word(said, "(nothing)"),
            word(wrote, "(missing)"),
            count.one_best,
            count.corrected,
        )?;
    }
    out.write_all(b"</tbody></table></div>\n")
}

fn word(word: &str, instead: &str) -> String {
    match word {
        "" => format!("<span class=\"absent\">{instead}</span>"),
        _ => format!("<bdi>{}</bdi>", html(word)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::NONE;

    fn add(confusions: &mut Confusions, reference: &str, one_best: &str, corrected: &str) {
        let said = Written::new(reference, None, NONE);
        let of = |text| Written::new(text, Some(&said), NONE);
        confusions.add(reference, &of(one_best), &of(corrected));
    }

    #[test]
    fn pairs_are_counted_for_both_texts() {
        let mut confusions = Confusions::default();
        add(&mut confusions, "a b c", "a x c d", "a b");
        add(&mut confusions, "b", "x", "x");
        assert_eq!(
            confusions.most_frequent(),
            [
                ("b", "x", Count { one_best: 2, corrected: 1 }),
                ("", "d", Count { one_best: 1, corrected: 0 }),
                ("c", "", Count { one_best: 0, corrected: 1 }),
            ]
        );
    }

    #[test]
    fn memory_is_bounded_and_frequent_pairs_survive() {
        let mut confusions = Confusions::default();
        for number in 0..MOST_PAIRS + 10 {
            add(&mut confusions, "b", &format!("x{number}"), "b");
            add(&mut confusions, "often", "rare", "rare");
        }
        assert!(confusions.counts.len() <= MOST_PAIRS);
        assert!(confusions.missed > 0);
        let (said, _, count) = confusions.most_frequent()[0];
        assert_eq!((said, count.corrected), ("often", MOST_PAIRS as u64 + 10));
    }

    #[test]
    fn long_words_are_cut_between_characters() {
        assert_eq!(cut(&"é".repeat(100)).chars().count(), LONGEST_WORD + 1);
        assert_eq!(cut("word"), "word");
    }
}
