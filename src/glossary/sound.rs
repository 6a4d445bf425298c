//! How alike two spellings sound.
//!
//! Letters are put into classes that are confused with one another, in the spirit of Soundex
//! (Russell 1918) and Editex (Zobel and Dart 1996): vowels count little, doubled letters once.
//! It knows Latin letters; others stand for themselves, so for them it compares spellings.

use unicode_normalization::UnicodeNormalization as _;

/// A word or phrase without spaces, as classes of sounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sound(Vec<char>);

/// Most differences a letter of the longer of two, for them to be alike.
const MOST_DIFFERENT: f64 = 0.34;

/// What a vowel costs beside a consonant.
const VOWEL_COST: f64 = 0.4;

/// Sounds shorter than this are like too many others.
const SHORTEST: usize = 4;

impl Sound {
    /// The sound of a spelling in lower case.
    pub(super) fn of(text: &str) -> Self {
        let plain: Vec<char> =
            text.nfd().filter(|one| one.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        let mut classes: Vec<char> = Vec::with_capacity(plain.len());
        for (place, &letter) in plain.iter().enumerate() {
            let next = plain.get(place + 1).copied();
            let Some(class) = class(letter, next) else { continue };
            if classes.last() != Some(&class) {
                classes.push(class);
            }
        }
        Self(classes)
    }

    /// Differences a letter of the longer of two that sound alike, in [0, 0.34]; `None` where
    /// they do not.
    pub(super) fn distance(&self, other: &Self) -> Option<f64> {
        let (short, long) = (self.0.len().min(other.0.len()), self.0.len().max(other.0.len()));
        if short < SHORTEST || (long - short) as f64 > MOST_DIFFERENT * 2.0 * long as f64 {
            return None;
        }
        let share = self.cost(other) / long as f64;
        (share <= MOST_DIFFERENT).then_some(share)
    }

    fn cost(&self, other: &Self) -> f64 {
        let mut row: Vec<f64> = std::iter::once(0.0)
            .chain(other.0.iter().scan(0.0, |sum, &one| {
                *sum += weight(one);
                Some(*sum)
            }))
            .collect();
        for &mine in &self.0 {
            let mut diagonal = row[0];
            row[0] += weight(mine);
            for (place, &theirs) in (1..).zip(&other.0) {
                let step = if mine == theirs { 0.0 } else { weight(mine).max(weight(theirs)) };
                let best = (diagonal + step)
                    .min(row[place] + weight(mine))
                    .min(row[place - 1] + weight(theirs));
                diagonal = std::mem::replace(&mut row[place], best);
            }
        }
        row.last().copied().unwrap_or(0.0)
    }
}

fn weight(class: char) -> f64 {
    if class == 'a' { VOWEL_COST } else { 1.0 }
}

/// The class of a letter before another; `None` for one that is not heard.
fn class(letter: char, next: Option<char>) -> Option<char> {
    Some(match letter {
        'a' | 'e' | 'i' | 'o' | 'u' | 'y' => 'a',
        // As in `phone`, `night`, `where`.
        'h' => return None,
        'p' if next == Some('h') => 'f',
        'g' if next == Some('h') => return None,
        'b' | 'p' => 'b',
        'd' | 't' => 'd',
        'f' | 'v' | 'w' => 'f',
        'c' if matches!(next, Some('e' | 'i' | 'y')) => 's',
        'c' | 'k' | 'g' | 'q' => 'k',
        'j' | 's' | 'z' | 'x' => 's',
        'm' | 'n' => 'n',
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(one: &str, other: &str) -> bool {
        Sound::of(one).distance(&Sound::of(other)).is_some()
    }

    #[test]
    fn what_is_confused_is_alike() {
        for (one, other) in [
            ("boulder", "bolder"),
            ("kubernetes", "coopernetties"),
            ("phoenix", "fenix"),
            ("müller", "miller"),
            ("zürich", "surik"),
            ("knight", "knite"),
        ] {
            assert!(alike(one, other), "{one} {other}");
        }
    }

    #[test]
    fn what_is_not_confused_is_not_alike_and_short_words_never_are() {
        for (one, other) in
            [("boulder", "denver"), ("kubernetes", "good"), ("san", "sun"), ("", "")]
        {
            assert!(!alike(one, other), "{one} {other}");
        }
    }

    #[test]
    fn the_distance_is_symmetric_and_nothing_for_the_same() {
        for (one, other) in [("boulder", "bolder"), ("phoenix", "fenixes"), ("abcd", "badc")] {
            let (one, other) = (Sound::of(one), Sound::of(other));
            assert_eq!(one.distance(&other), other.distance(&one));
            assert_eq!(one.distance(&one), Some(0.0));
        }
    }
}
