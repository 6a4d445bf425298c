//! Times as they are written: decimal numbers, kept as integers so that nothing is lost.

/// The most digits behind the point that are read.
const MOST_DIGITS: usize = 9;

/// A number with a fixed count of digits behind the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    /// The number without its point.
    pub(super) scaled: i64,
    /// Digits behind the point.
    pub(super) digits: usize,
}

impl Decimal {
    /// Reads `12`, `-0.5`, `3.250`; anything else, exponents too, is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = fraction.len();
        let bare = whole.strip_prefix('-').unwrap_or(whole);
        let good = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if bare.is_empty() || !good(bare) || !good(fraction) || digits > MOST_DIGITS {
            return None;
        }
        let scaled = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { scaled, digits })
    }

    /// The same number with more digits, where they fit.
    pub(super) fn with_digits(self, digits: usize) -> Option<Self> {
        let more = u32::try_from(digits.checked_sub(self.digits)?).ok()?;
        let scaled = self.scaled.checked_mul(10_i64.checked_pow(more)?)?;
        Some(Self { scaled, digits })
    }

    pub(super) fn milliseconds(self) -> i64 {
        let power = u32::try_from(self.digits).unwrap_or(0);
        let unit = 10_i128.pow(power);
        let rounded = (i128::from(self.scaled) * 1000 + unit / 2).div_euclid(unit);
        i64::try_from(rounded).unwrap_or(i64::MAX)
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.scaled < 0 { "-" } else { "" };
        let width = self.digits + 1;
        let all = format!("{:0width$}", self.scaled.unsigned_abs());
        let (whole, fraction) = all.split_at(all.len() - self.digits);
        let point = if self.digits > 0 { "." } else { "" };
        write!(formatter, "{sign}{whole}{point}{fraction}")
    }
}

/// Two numbers with as many digits as the longer one, two at least.
pub(super) fn aligned(one: Decimal, other: Decimal) -> Option<(Decimal, Decimal)> {
    let digits = one.digits.max(other.digits).max(2);
    Some((one.with_digits(digits)?, other.with_digits(digits)?))
}

/// The places at which a span is divided among words by their lengths in characters: one
/// more than there are words, from its start to its end. Only ends that do not decrease
/// come out of a span that does not.
pub(super) fn shared(start: i64, end: i64, words: &[String]) -> Vec<i64> {
    let length = |word: &String| i128::try_from(word.chars().count().max(1)).unwrap_or(1);
    let total: i128 = words.iter().map(length).sum::<i128>().max(1);
    let span = i128::from(end) - i128::from(start);
    let mut places = vec![start];
    let mut before = 0;
    for word in words {
        before += length(word);
        let place = i128::from(start) + span * before / total;
        places.push(i64::try_from(place).unwrap_or(end));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_and_written_as_they_are() {
        for text in ["0.00", "12", "-0.5", "3.250", "0.007"] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), text);
        }
        for text in ["", ".5", "1e3", "-", "1.2.3", "+1", "99999999999999999999"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
        assert_eq!(Decimal::parse("1.2345").unwrap().milliseconds(), 1235);
    }

    #[test]
    fn a_span_is_shared_by_length() {
        let words = ["ab", "a", "abc"].map(str::to_owned);
        assert_eq!(shared(100, 160, &words), [100, 120, 130, 160]);
        assert_eq!(shared(5, 5, &[String::new()]), [5, 5]);
    }
}
