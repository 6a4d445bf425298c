//! What single words are: numbers, function words, forms of one stem. English, but digits.

/// English words that carry grammar, and fillers.
const FUNCTION_WORDS: &str = "a an the this that these those \
    i me my mine you your yours he him his she her hers it its we us our ours they them their \
    theirs who whom whose which what myself yourself himself herself itself ourselves themselves \
    and or but nor so yet if because as than though although while since until unless whether \
    of to in on at by for from with without into onto over under about above below between \
    through during before after against among within upon off out up down \
    am is are was were be been being do does did doing done have has had having will would shall \
    should can could may might must ought not n't no \
    there here then when where why how too also just very \
    i'm i've i'd i'll you're you've you'd you'll he's she's it's we're we've we'd we'll they're \
    they've they'd they'll that's there's what's who's let's don't doesn't didn't isn't aren't \
    wasn't weren't won't wouldn't can't couldn't shouldn't haven't hasn't hadn't \
    uh um er ah oh hm hmm mhm huh yeah okay ok well";

/// English number words.
const NUMBER_WORDS: &str = "zero one two three four five six seven eight nine ten eleven twelve \
    thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty \
    sixty seventy eighty ninety hundred thousand million billion trillion dozen \
    first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth \
    thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth \
    thirtieth fortieth fiftieth sixtieth seventieth eightieth ninetieth hundredth thousandth";

/// Endings that inflect, the longest first, and what they stand in place of.
const ENDINGS: [(&str, &str); 8] = [
    ("ies", "y"),
    ("ied", "y"),
    ("ing", ""),
    ("'s", ""),
    ("s'", ""),
    ("es", ""),
    ("ed", ""),
    ("s", ""),
];

/// Letters that a stem has at least.
const SHORTEST_STEM: usize = 3;

/// A word in lower case without surrounding punctuation, with straight apostrophes.
pub(super) fn plain(word: &str) -> String {
    let core = word.trim_matches(|one: char| !one.is_alphanumeric() && !is_apostrophe(one));
    core.replace(is_apostrophe, "'").to_lowercase()
}

fn is_apostrophe(one: char) -> bool {
    matches!(one, '\'' | '’' | 'ʼ' | '＇')
}

/// Whether a plain word holds a digit of any script or is a number in English words, also
/// hyphenated (`twenty-five`).
pub(super) fn is_number(word: &str) -> bool {
    let listed = |part: &str| NUMBER_WORDS.split(' ').any(|number| number == part);
    word.contains(char::is_numeric) || (!word.is_empty() && word.split('-').all(listed))
}

/// Whether a plain word is on the list of English function words.
pub(super) fn is_function_word(word: &str) -> bool {
    !word.is_empty() && FUNCTION_WORDS.split(' ').any(|function| function == word)
}

/// A plain word without an English inflection: one ending goes, then a doubled consonant
/// and a mute `e`, if three letters stay. A small cousin of the S stemmer (Harman 1991).
pub(super) fn stem(word: &str) -> String {
    let long = |stem: &str| stem.chars().count() >= SHORTEST_STEM;
    let bare = ENDINGS.iter().find_map(|(ending, instead)| {
        let stem = format!("{}{instead}", word.strip_suffix(ending)?);
        // `ss` is no plural.
        (long(&stem) && !(*ending == "s" && stem.ends_with('s'))).then_some((stem, *ending))
    });
    let (mut stem, ending) = bare.unwrap_or_else(|| (word.to_owned(), ""));
    if matches!(ending, "ing" | "ed") {
        let mut last = stem.chars().rev();
        let doubled =
            last.next().is_some_and(|one| !"lsz".contains(one) && last.next() == Some(one));
        if doubled && long(&stem) {
            stem.pop();
        }
    }
    match stem.strip_suffix('e') {
        Some(shorter) if long(shorter) => shorter.to_owned(),
        _ => stem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_have_one_stem() {
        for (one, other) in [
            ("flight", "flights"),
            ("city", "cities"),
            ("stop", "stopped"),
            ("stopping", "stops"),
            ("make", "making"),
            ("boss", "bosses"),
            ("boston", "boston's"),
            ("carry", "carried"),
            ("fall", "falling"),
        ] {
            assert_eq!(stem(one), stem(other), "{one} {other}");
        }
    }

    #[test]
    fn other_words_have_other_stems_and_short_ones_are_left() {
        for (one, other) in
            [("thing", "th"), ("fare", "fair"), ("boss", "bos"), ("is", "i"), ("red", "ring")]
        {
            assert_ne!(stem(one), stem(other), "{one} {other}");
        }
        assert_eq!(stem(""), "");
    }

    #[test]
    fn numbers_are_digits_or_words() {
        for number in ["7", "a380", "٣", "twenty", "twenty-five", "fifth"] {
            assert!(is_number(number), "{number}");
        }
        for other in ["", "-", "often", "to", "twenty-odd"] {
            assert!(!is_number(other), "{other}");
        }
    }

    #[test]
    fn words_are_plain_without_case_and_punctuation() {
        assert_eq!(plain("\"Don’t,"), "don't");
        assert_eq!(plain("..."), "");
        assert!(is_function_word("don't") && !is_function_word("flight") && !is_function_word(""));
    }
}
