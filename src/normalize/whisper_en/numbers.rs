//! Number words to digits.

use super::number_words::{Part, part};

/// Number words of a plain lower-case text as digits, with currency and percent signs and
/// ordinal endings; `1` alone is written `one`. Words are separated by single spaces.
pub(super) fn to_digits(text: &str) -> String {
    // Most texts hold no number, and then nothing here changes them.
    let numeric = |word: &str| {
        word.bytes().any(|byte| byte.is_ascii_digit())
            || part(word).is_some_and(Part::begins_number)
    };
    if !text.split_whitespace().any(numeric) {
        return text.to_owned();
    }
    let words = with_borders(text);
    let words = halves(&words);
    let words = Reader::read(&words);
    ones_as_words(&cents(words).join(" "))
}

/// Splits words at the borders of letters and digits (`b747`), except that an ordinal or
/// plural ending stays with its digits or comes back to them (`10 th`).
fn with_borders(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let mut start = 0;
        let mut before = ' ';
        let mut push = |part: &str| match words.last_mut() {
            Some(last) if last.ends_with(|c: char| c.is_ascii_digit()) && is_ending(part) => {
                last.push_str(part);
            }
            _ => words.push(part.to_owned()),
        };
        for (place, character) in word.char_indices() {
            let border = (before.is_ascii_lowercase() && character.is_ascii_digit())
                || (before.is_ascii_digit() && character.is_ascii_lowercase());
            if border {
                push(&word[start..place]);
                start = place;
            }
            before = character;
        }
        push(&word[start..]);
    }
    words
}

/// Whether a word begins with an ordinal or plural ending that is a word by itself.
fn is_ending(word: &str) -> bool {
    let run = word.find(|c: char| !c.is_alphanumeric()).map_or(word, |end| &word[..end]);
    matches!(run, "st" | "nd" | "rd" | "th" | "s")
}

/// `and a half` behind a number word is `point five`.
fn halves(words: &[String]) -> Vec<&str> {
    let mut out: Vec<&str> = Vec::with_capacity(words.len());
    let mut rest = words;
    while let [word, behind @ ..] = rest {
        let counted = out.last().and_then(|word| part(word));
        match behind {
            [a, half, behind @ ..]
                if word == "and"
                    && a == "a"
                    && half == "half"
                    && counted.is_some_and(|part| {
                        part.is_decimal() || matches!(part, Part::Multiplier(_))
                    }) =>
            {
                out.extend(["point", "five"]);
                rest = behind;
            }
            _ => {
                out.push(word);
                rest = behind;
            }
        }
    }
    out
}

/// A number that is being read.
#[derive(Debug, Clone, PartialEq)]
enum Value {
    /// Built by adding and multiplying.
    Number(u128),
    /// Built by writing digits one behind the other; may hold a decimal point.
    Digits(String),
}

impl Value {
    fn text(&self) -> String {
        match self {
            Value::Number(number) => number.to_string(),
            Value::Digits(digits) => digits.clone(),
        }
    }

    /// The value times a multiplier, where that is a whole number.
    fn times(&self, multiplier: u128) -> Option<u128> {
        match self {
            Value::Number(number) => number.checked_mul(multiplier),
            Value::Digits(digits) => {
                let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
                let all: u128 = format!("{whole}{decimals}").parse().ok()?;
                let scale = 10_u128.checked_pow(u32::try_from(decimals.len()).ok()?)?;
                let product = all.checked_mul(multiplier)?;
                (product % scale == 0).then_some(product / scale)
            }
        }
    }
}

/// Reads words from the left and writes finished numbers.
#[derive(Debug, Default)]
struct Reader {
    out: Vec<String>,
    prefix: Option<char>,
    value: Option<Value>,
}

impl Reader {
    fn read(words: &[&str]) -> Vec<String> {
        let mut reader = Self::default();
        let mut skip = false;
        for (index, word) in words.iter().enumerate() {
            if std::mem::take(&mut skip) {
                continue;
            }
            let before = index.checked_sub(1).and_then(|index| part(words[index]));
            let next = words.get(index + 1).copied().unwrap_or("");
            let (prefix, number) = split_prefix(word);
            if is_arabic(number) {
                reader.arabic(prefix, number, word);
            } else if let Some(part) = part(word) {
                skip = reader.part(word, part, before, next);
            } else {
                reader.word(word);
            }
        }
        reader.finish();
        reader.out
    }

    /// Writes the number read so far, if any.
    fn finish(&mut self) {
        if let Some(value) = self.value.take() {
            self.write(&value.text());
        }
    }

    /// Writes a word behind the number read so far.
    fn word(&mut self, word: &str) {
        self.finish();
        self.write(word);
    }

    fn write(&mut self, text: &str) {
        let mut out = String::with_capacity(text.len() + 1);
        out.extend(self.prefix.take());
        out.push_str(text);
        self.out.push(out);
        self.value = None;
    }

    fn arabic(&mut self, prefix: Option<char>, number: &str, word: &str) {
        if let Some(Value::Digits(digits)) = &mut self.value
            && digits.ends_with('.')
        {
            digits.push_str(word);
            return;
        }
        self.finish();
        self.prefix = prefix.or(self.prefix);
        // `3.0` is the whole number 3; what has decimals, or is too great, stays as written.
        let whole = match number.split_once('.') {
            Some((whole, decimals)) => decimals.bytes().all(|digit| digit == b'0').then_some(whole),
            None => Some(number),
        };
        let whole = whole.and_then(|whole| whole.parse().ok());
        self.value = Some(whole.map_or_else(|| Value::Digits(number.to_owned()), Value::Number));
    }

    /// Takes a number word; true if the next word was taken with it.
    fn part(&mut self, word: &str, this: Part, before: Option<Part>, next: &str) -> bool {
        let next_part = part(next);
        let number_next = next_part.is_some() || is_arabic(next);
        match this {
            Part::Zero => self.append("0"),
            Part::One(ones) => {
                self.value = Some(match self.value.take() {
                    None => Value::Number(ones),
                    Some(value) => with_ones(value, ones, before),
                });
            }
            Part::OneEnding(ones, ending) => {
                let value = match self.value.take() {
                    None => Value::Number(ones),
                    Some(value) => with_ones(value, ones, before),
                };
                self.write(&format!("{}{ending}", value.text()));
            }
            Part::Tens(tens) => {
                self.value = Some(with_tens(self.value.take(), tens));
            }
            Part::TensEnding(tens, ending) => {
                let value = with_tens(self.value.take(), tens);
                self.write(&format!("{}{ending}", value.text()));
            }
            Part::Multiplier(multiplier) => self.multiply(multiplier),
            Part::MultiplierEnding(multiplier, ending) => {
                self.multiply(multiplier);
                let value = self.value.take().map_or_else(String::new, |value| value.text());
                self.write(&format!("{value}{ending}"));
            }
            Part::Sign(sign) => {
                self.finish();
                if next_part.is_some_and(Part::begins_number) || is_arabic(next) {
                    self.prefix = Some(sign);
                } else {
                    self.write(word);
                }
            }
            Part::Currency(sign) => {
                if self.value.is_some() {
                    self.prefix = Some(sign);
                    self.finish();
                } else {
                    self.write(word);
                }
            }
            Part::Percent => self.percent(word),
            Part::Per if next == "cent" && self.value.is_some() => {
                self.percent(word);
                return true;
            }
            Part::And if number_next && matches!(before, Some(Part::Multiplier(_))) => {}
            Part::Repeat(times) => {
                let digit = match next_part {
                    Some(Part::Zero) => 0,
                    Some(Part::One(ones)) => ones,
                    _ => {
                        self.word(word);
                        return false;
                    }
                };
                self.append(&digit.to_string().repeat(times));
                return true;
            }
            Part::Point if next_part.is_some_and(Part::is_decimal) || is_arabic(next) => {
                self.append(".");
            }
            Part::Per | Part::And | Part::Point => self.word(word),
        }
        false
    }

    /// Writes digits behind the value; a value of 0 is not written.
    fn append(&mut self, digits: &str) {
        let before = match self.value.take() {
            None | Some(Value::Number(0)) => String::new(),
            Some(value) => value.text(),
        };
        self.value = Some(Value::Digits(before + digits));
    }

    fn percent(&mut self, word: &str) {
        match self.value.take() {
            Some(value) => self.write(&format!("{}%", value.text())),
            None => self.write(word),
        }
    }

    fn multiply(&mut self, multiplier: u128) {
        let product = match &self.value {
            None => Some(multiplier),
            Some(value @ (Value::Digits(_) | Value::Number(0))) => value.times(multiplier),
            // Of `three thousand two hundred` only the two are multiplied.
            Some(Value::Number(number)) => (number % 1000)
                .checked_mul(multiplier)
                .and_then(|product| (number - number % 1000).checked_add(product)),
        };
        if product.is_none() {
            self.finish();
        }
        self.value = Some(Value::Number(product.unwrap_or(multiplier)));
    }
}

/// `twenty` and `one` add up, `nineteen` and `one` are written one behind the other.
fn with_ones(value: Value, ones: u128, before: Option<Part>) -> Value {
    let room = if ones < 10 { 10 } else { 100 };
    match value {
        Value::Number(number) if !matches!(before, Some(Part::One(_))) && number % room == 0 => {
            number.checked_add(ones).map_or(Value::Number(number), Value::Number)
        }
        Value::Digits(mut digits) if matches!(before, Some(Part::Tens(_))) && ones < 10 => {
            // The last digit is the tens' zero.
            digits.pop();
            Value::Digits(format!("{digits}{ones}"))
        }
        value => Value::Digits(format!("{}{ones}", value.text())),
    }
}

fn with_tens(value: Option<Value>, tens: u128) -> Value {
    match value {
        None => Value::Number(tens),
        Some(Value::Number(number)) if number % 100 == 0 => {
            number.checked_add(tens).map_or(Value::Number(number), Value::Number)
        }
        Some(value) => Value::Digits(format!("{}{tens}", value.text())),
    }
}

fn split_prefix(word: &str) -> (Option<char>, &str) {
    match word.chars().next() {
        Some(sign @ ('-' | '+' | '£' | '€' | '$' | '¢')) => {
            (Some(sign), &word[sign.len_utf8()..])
        }
        _ => (None, word),
    }
}

/// Digits, with or without decimals.
fn is_arabic(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match word.split_once('.') {
        Some((whole, decimals)) => digits(whole) && digits(decimals),
        None => digits(word),
    }
}

/// `$2 and ¢70` is `$2.70`, and `$0.36` is `¢36`.
fn cents(words: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        let joined = join_cents(&out, &word);
        match joined {
            Some((keep, amount)) => {
                out.truncate(keep);
                out.push(amount);
            }
            None => out.push(word),
        }
    }
    for word in &mut out {
        if let (Some('$' | '€' | '£'), amount) = split_prefix(word)
            && let Some(decimals) = amount.strip_prefix("0.")
            && (1..=2).contains(&decimals.len())
            && let Ok(cents) = decimals.parse::<u8>()
        {
            *word = format!("¢{cents}");
        }
    }
    out
}

/// How many of the words before to keep, and the amount that replaces the others.
fn join_cents(before: &[String], word: &str) -> Option<(usize, String)> {
    let cents = word.strip_prefix('¢')?;
    let cents: u8 = if cents.len() <= 2 { cents.parse().ok()? } else { return None };
    let skipped = usize::from(before.last().is_some_and(|word| word == "and"));
    let place = before.len().checked_sub(1 + skipped)?;
    let (sign, whole) = split_prefix(&before[place]);
    let sign = sign.filter(|sign| matches!(sign, '$' | '€' | '£'))?;
    (!whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| (place, format!("{sign}{whole}.{cents:02}")))
}

/// `1` and `1s` by themselves read better, and more alike, as `one` and `ones`.
fn ones_as_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let is_word = |character: char| character.is_alphanumeric();
        let (gap, behind) = rest.split_at(rest.find(is_word).unwrap_or(rest.len()));
        let (word, behind) = behind.split_at(behind.find(|c| !is_word(c)).unwrap_or(behind.len()));
        out.push_str(gap);
        out.push_str(match word {
            "1" => "one",
            "1s" => "ones",
            _ => word,
        });
        rest = behind;
    }
    out
}
