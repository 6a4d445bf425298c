//! Fillers, contractions, titles and colloquial forms.

/// Deletes hesitations that are a word by themselves (not the `mm` of `20mm`).
pub(super) fn without_fillers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (gap, word) in pieces(text) {
        out.push_str(gap);
        if !matches!(word, "hmm" | "mm" | "mhm" | "mmm" | "uh" | "um") {
            out.push_str(word);
        }
    }
    out
}

/// Writes out contractions (`won't`, `she's`, `they'd been`), titles (`mr`) and colloquial
/// forms (`gonna`). The possessive `'s` cannot be told from `is` and becomes it too.
pub(super) fn expand(text: &str) -> String {
    let text = if text.contains('\'') { &attach_apostrophes(text) } else { text };
    let pieces: Vec<(&str, &str)> = pieces(text).collect();
    let mut out = String::with_capacity(text.len() + 16);
    let mut index = 0;
    while let Some((gap, word)) = pieces.get(index).copied() {
        let next = pieces.get(index + 1).copied();
        match gap.strip_suffix('\'').zip(ending(word, next)) {
            Some((gap, ending)) => {
                out.push_str(gap);
                out.push_str(ending);
            }
            None => {
                out.push_str(gap);
                let joined = next.filter(|(gap, _)| *gap == "'").map(|(_, end)| end);
                if let Some(whole) = joined.and_then(|end| whole(word, end)) {
                    out.push_str(whole);
                    index += 1;
                } else if let Some(stem) = word.strip_suffix('n').filter(|_| joined == Some("t")) {
                    out.push_str(stem);
                } else {
                    out.push_str(written_out(word));
                }
            }
        }
        index += 1;
    }
    out
}

/// Deletes white space before an apostrophe: recognisers write `it 's`.
fn attach_apostrophes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\'' {
            out.truncate(out.trim_end().len());
        }
        out.push(character);
    }
    out
}

/// Pairs of what stands before a word and the word (letters, digits and `_`); the last
/// word is empty where the text ends with something else.
fn pieces(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (gap, behind) = rest.split_at(rest.find(is_word).unwrap_or(rest.len()));
        let (word, behind) = behind.split_at(behind.find(|c| !is_word(c)).unwrap_or(behind.len()));
        rest = behind;
        Some((gap, word))
    })
}

/// Contractions that are not their parts.
fn whole(word: &str, end: &str) -> Option<&'static str> {
    Some(match (word, end) {
        ("won", "t") => "will not",
        ("can", "t") => "can not",
        ("let", "s") => "let us",
        ("ain", "t") => "aint",
        ("y", "all") => "you all",
        ("i", "ma") => "i am going to",
        ("ma", "am") => "madam",
        _ => return None,
    })
}

/// What stands for a word behind an apostrophe; `next` is what follows it.
fn ending(word: &str, next: Option<(&str, &str)>) -> Option<&'static str> {
    let follows = next.filter(|(gap, _)| *gap == " ").map_or("", |(_, word)| word);
    Some(match (word, follows) {
        ("d", "been" | "gone" | "done") => " had",
        ("s", "been" | "gone" | "got") => " has",
        ("re", _) => " are",
        ("s", _) => " is",
        ("d", _) => " would",
        ("ll", _) => " will",
        ("t", _) => " not",
        ("ve", _) => " have",
        ("m", _) => " am",
        _ => return None,
    })
}

fn written_out(word: &str) -> &str {
    match word {
        "wanna" => "want to",
        "gotta" => "got to",
        "gonna" => "going to",
        "imma" => "i am going to",
        "woulda" => "would have",
        "coulda" => "could have",
        "shoulda" => "should have",
        "mr" => "mister ",
        "mrs" => "missus ",
        "st" => "saint ",
        "dr" => "doctor ",
        "prof" => "professor ",
        "capt" => "captain ",
        "gov" => "governor ",
        "ald" => "alderman ",
        "gen" => "general ",
        "sen" => "senator ",
        "rep" => "representative ",
        "pres" => "president ",
        "rev" => "reverend ",
        "hon" => "honorable ",
        "asst" => "assistant ",
        "assoc" => "associate ",
        "lt" => "lieutenant ",
        "col" => "colonel ",
        "jr" => "junior ",
        "sr" => "senior ",
        "esq" => "esquire ",
        _ => word,
    }
}
