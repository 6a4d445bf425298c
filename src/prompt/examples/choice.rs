//! How examples are chosen and shown, as it is written on a command line.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

use super::super::PromptError;
use super::Selection;

/// What can be written, for messages.
pub(crate) const GRAMMAR: &str = "`none`, `random`, `random:SEED`, `nearest`, `diverse`, \
     `errors` or `vectors`; the last four also as `diverse:SHARE`, `errors,diverse:SHARE` (0 to \
     1) and with `,first`; all that show examples with `,shortest` or `,longest`";

/// How much examples are to differ from each other, beside being like the utterance: from 0
/// (only like the utterance) to 1 (after the first, only unlike each other).
///
/// The next example is the one with the highest `(1 - d) s - d m`, where `s` is its
/// similarity to the utterance and `m` the highest one to an example chosen before: maximal
/// marginal relevance (Carbonell and Goldstein 1998), with `d` for their `1 - λ`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Diversity(f64);

impl Diversity {
    /// `None` for what is not from 0 to 1.
    #[must_use]
    pub fn new(share: f64) -> Option<Self> {
        // There is one zero, so that equal values are written alike.
        (0.0..=1.0).contains(&share).then(|| Self(share.abs()))
    }

    /// The share, from 0 to 1.
    #[must_use]
    pub fn share(self) -> f64 {
        self.0
    }
}

impl Default for Diversity {
    /// Half and half.
    fn default() -> Self {
        Self(0.5)
    }
}

/// In what order examples are shown. The nearest is the one that was chosen first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// The nearest last, next to the question.
    #[default]
    NearestLast,
    /// The nearest first.
    NearestFirst,
    /// By the characters of the reference, the shortest first.
    ShortestFirst,
    /// By the characters of the reference, the longest first.
    LongestFirst,
}

impl Order {
    const NAMED: [(&'static str, Self); 4] = [
        ("last", Self::NearestLast),
        ("first", Self::NearestFirst),
        ("shortest", Self::ShortestFirst),
        ("longest", Self::LongestFirst),
    ];

    /// Puts what was chosen, in the order of the choice, into the order to show it. `ranked`
    /// says whether the first is the nearest; what was drawn at random is left as it was
    /// drawn, but for its length. Of equal length the nearer is behind.
    pub(super) fn arrange<T>(self, chosen: &mut [T], ranked: bool, length: impl Fn(&T) -> usize) {
        if ranked && self != Self::NearestFirst {
            chosen.reverse();
        }
        match self {
            Self::NearestLast | Self::NearestFirst => {}
            Self::ShortestFirst => chosen.sort_by_key(length),
            Self::LongestFirst => chosen.sort_by_key(|one| Reverse(length(one))),
        }
    }
}

/// Which examples are chosen for an utterance, how diverse, and in what order.
///
/// As text: a [`Selection`], then `,diverse` or `,diverse:SHARE`, then an order, `,last` (what
/// is meant without), `,first`, `,shortest` or `,longest`. `diverse:SHARE` alone is short for
/// `nearest,diverse:SHARE`. Where nothing is compared with the utterance (`none`, `random`)
/// there is neither diversity nor a nearest, and of nothing there is no order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExampleChoice {
    selection: Selection,
    diversity: Option<Diversity>,
    order: Order,
}

impl ExampleChoice {
    /// Not diverse, the nearest last.
    #[must_use]
    pub fn new(selection: Selection) -> Self {
        Self { selection, diversity: None, order: Order::default() }
    }

    /// The same, so diverse; unchanged where nothing is compared.
    #[must_use]
    pub fn with_diversity(mut self, diversity: Diversity) -> Self {
        if self.selection.compares() {
            self.diversity = Some(diversity);
        }
        self
    }

    /// The same, in this order; unchanged where there is no such order.
    #[must_use]
    pub fn with_order(mut self, order: Order) -> Self {
        let has_order = match order {
            Order::NearestLast | Order::NearestFirst => self.selection.compares(),
            Order::ShortestFirst | Order::LongestFirst => self.selection != Selection::None,
        };
        if has_order {
            self.order = order;
        }
        self
    }

    /// What examples have in common with the utterance.
    #[must_use]
    pub fn selection(&self) -> Selection {
        self.selection
    }

    /// How much they are to differ from each other; `None` for not at all.
    #[must_use]
    pub fn diversity(&self) -> Option<Diversity> {
        self.diversity
    }

    /// In what order they are shown.
    #[must_use]
    pub fn order(&self) -> Order {
        self.order
    }
}

impl FromStr for ExampleChoice {
    type Err = PromptError;

    fn from_str(text: &str) -> Result<Self, PromptError> {
        let unknown = || PromptError::UnknownSelection(text.to_owned());
        let mut parts = text.split(',').peekable();
        let mut choice = match parts.peek().copied().and_then(diversity) {
            Some(_) => Self::new(Selection::Nearest),
            None => {
                let first = parts.next().unwrap_or_default();
                Self::new(first.parse().map_err(|_| unknown())?)
            }
        };
        if let Some(diversity) = parts.peek().copied().and_then(diversity) {
            choice = choice.with_diversity(diversity);
            parts.next();
            if choice.diversity.is_none() {
                return Err(unknown());
            }
        }
        if let Some(name) = parts.next() {
            let named = Order::NAMED.iter().find(|(known, _)| *known == name);
            let (_, order) = named.ok_or_else(unknown)?;
            choice = choice.with_order(*order);
            if choice.order != *order || parts.next().is_some() {
                return Err(unknown());
            }
        }
        Ok(choice)
    }
}

/// Reads `diverse` or `diverse:SHARE`.
fn diversity(part: &str) -> Option<Diversity> {
    match part.strip_prefix("diverse")? {
        "" => Some(Diversity::default()),
        share => Diversity::new(share.strip_prefix(':')?.parse().ok()?),
    }
}

impl fmt::Display for ExampleChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.selection, self.diversity) {
            (Selection::Nearest, Some(_)) => {}
            (selection, Some(_)) => write!(f, "{selection},")?,
            (selection, None) => write!(f, "{selection}")?,
        }
        match self.diversity {
            Some(diversity) if diversity == Diversity::default() => f.write_str("diverse")?,
            Some(Diversity(share)) => write!(f, "diverse:{share}")?,
            None => {}
        }
        if self.order == Order::default() {
            return Ok(());
        }
        let named = Order::NAMED.iter().find(|(_, order)| *order == self.order);
        named.map_or(Ok(()), |(name, _)| write!(f, ",{name}"))
    }
}
