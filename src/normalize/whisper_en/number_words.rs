//! The words that numbers are made of.

use std::sync::LazyLock;

use crate::normalize::WordMap;

/// What a word can do in a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// `zero`, `oh`, `o`.
    Zero,
    /// `one` to `nineteen`.
    One(u128),
    /// `twenty` to `ninety`.
    Tens(u128),
    /// `hundred`, `thousand`, ... `decillion`.
    Multiplier(u128),
    /// Ordinals and plurals of ones: the value and its ending.
    OneEnding(u128, &'static str),
    /// Ordinals and plurals of tens.
    TensEnding(u128, &'static str),
    /// Ordinals and plurals of multipliers.
    MultiplierEnding(u128, &'static str),
    /// `minus`, `plus`: written before the number that follows.
    Sign(char),
    /// `dollars`: written before the number it follows.
    Currency(char),
    /// `percent`.
    Percent,
    /// `per`, a percent sign if `cent` follows.
    Per,
    /// `and`, nothing inside a number.
    And,
    /// `double` or `triple`: how often the next digit is written.
    Repeat(usize),
    /// `point`.
    Point,
}

impl Part {
    /// Whether it can follow a decimal point.
    pub(super) fn is_decimal(self) -> bool {
        matches!(self, Part::Zero | Part::One(_) | Part::Tens(_))
    }

    /// Whether it has a value by itself.
    pub(super) fn begins_number(self) -> bool {
        self.is_decimal()
            || matches!(
                self,
                Part::Multiplier(_)
                    | Part::OneEnding(..)
                    | Part::TensEnding(..)
                    | Part::MultiplierEnding(..)
                    | Part::Repeat(_)
            )
    }
}

/// The part a word is, if it is one.
pub(super) fn part(word: &str) -> Option<Part> {
    PARTS.get(word).copied()
}

const ONES: [&str; 19] = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const TENS: [&str; 8] =
    ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const MULTIPLIERS: [&str; 12] = [
    "hundred",
    "thousand",
    "million",
    "billion",
    "trillion",
    "quadrillion",
    "quintillion",
    "sextillion",
    "septillion",
    "octillion",
    "nonillion",
    "decillion",
];

static PARTS: LazyLock<WordMap<String, Part>> = LazyLock::new(|| {
    let mut parts = WordMap::default();
    let mut add = |word: &str, part: Part| parts.insert(word.to_owned(), part);
    for word in ["o", "oh", "zero"] {
        add(word, Part::Zero);
    }
    add("zeroth", Part::OneEnding(0, "th"));
    for (value, word) in (1..).zip(ONES) {
        add(word, Part::One(value));
        let plural = if word == "six" { "sixes".to_owned() } else { format!("{word}s") };
        add(&plural, Part::OneEnding(value, "s"));
        let (ordinal, ending) = match word {
            "one" => ("first".to_owned(), "st"),
            "two" => ("second".to_owned(), "nd"),
            "three" => ("third".to_owned(), "rd"),
            "five" => ("fifth".to_owned(), "th"),
            "eight" => ("eighth".to_owned(), "th"),
            "nine" => ("ninth".to_owned(), "th"),
            "twelve" => ("twelfth".to_owned(), "th"),
            _ => (format!("{word}th"), "th"),
        };
        add(&ordinal, Part::OneEnding(value, ending));
    }
    // Texts whose digits were turned into words by rule say this.
    add("nineth", Part::OneEnding(9, "th"));
    for (value, word) in (20..).step_by(10).zip(TENS) {
        add(word, Part::Tens(value));
        let stem = word.trim_end_matches('y');
        add(&format!("{stem}ies"), Part::TensEnding(value, "s"));
        add(&format!("{stem}ieth"), Part::TensEnding(value, "th"));
    }
    let mut value = 100;
    for word in MULTIPLIERS {
        add(word, Part::Multiplier(value));
        add(&format!("{word}s"), Part::MultiplierEnding(value, "s"));
        add(&format!("{word}th"), Part::MultiplierEnding(value, "th"));
        value *= if value == 100 { 10 } else { 1000 };
    }
    for (word, sign) in [("minus", '-'), ("negative", '-'), ("plus", '+'), ("positive", '+')] {
        add(word, Part::Sign(sign));
    }
    for (stem, sign) in [("pound", '£'), ("euro", '€'), ("dollar", '$'), ("cent", '¢')] {
        add(stem, Part::Currency(sign));
        add(&format!("{stem}s"), Part::Currency(sign));
    }
    add("percent", Part::Percent);
    add("per", Part::Per);
    add("and", Part::And);
    add("double", Part::Repeat(2));
    add("triple", Part::Repeat(3));
    add("point", Part::Point);
    parts
});
