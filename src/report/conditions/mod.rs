//! Conditions under which results are not good enough, such as `wer>5`.

mod fields;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;

use self::fields::{FIELDS, Field, Unit};
pub use self::parse::ConditionError;
use crate::score::Row;

/// What must not hold of a row, as `--fail-if` takes it.
///
/// `[METHOD][@DATA]: FIELD OP NUMBER[%]`, or `FIELD` alone for `real` and `baseline_real`.
/// `FIELD` is a field of [`Row`]; `OP` is `>`, `>=`, `<`, `<=`, `=` (or `==`) or `!=`.
/// `METHOD@DATA:` in front limits it to rows of a method, or of `DATASET` or
/// `DATASET:SUBSET`, or both: `cascade@hp:atis: wer>5`, `@hp: diff>0`, `cascade: real`. A
/// method is also named without what stands in parentheses behind it.
///
/// With `%`, a count of utterances or words is its share: of the scored utterances for
/// `better`, `worse` and `same`, of all for `changed` and `scored`, of the reference words
/// for `substitutions`, `deletions` and `insertions`. Rates are in percent with and without
/// it; p-values are from 0 to 1 and take none.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    method: Option<String>,
    data: Option<String>,
    field: &'static Field,
    limit: Option<Limit>,
}

/// What a figure is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Limit {
    comparison: Comparison,
    number: f64,
    percent: bool,
}

/// How a figure is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    AtLeast,
    AtMost,
    Differs,
    Above,
    Below,
    Equals,
}

impl Comparison {
    /// Longer signs before those they begin with.
    const SIGNS: [(&'static str, Self); 7] = [
        (">=", Self::AtLeast),
        ("<=", Self::AtMost),
        ("!=", Self::Differs),
        ("==", Self::Equals),
        (">", Self::Above),
        ("<", Self::Below),
        ("=", Self::Equals),
    ];

    fn holds(self, figure: f64, number: f64) -> bool {
        match self {
            Self::AtLeast => figure >= number,
            Self::AtMost => figure <= number,
            Self::Differs => figure != number,
            Self::Above => figure > number,
            Self::Below => figure < number,
            Self::Equals => figure == number,
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::AtMost => "<=",
            Self::Differs => "!=",
            Self::Above => ">",
            Self::Below => "<",
            Self::Equals => "=",
        }
    }
}

/// A condition that holds, or that nothing can be said about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Violation {
    /// The condition as text.
    pub condition: String,
    /// The row's place in the report, from 0; `None` where the condition is about no row.
    pub row: Option<usize>,
    /// One sentence.
    pub message: String,
}

/// The violations of all conditions, in the order of the conditions and then of the rows.
///
/// A figure that does not exist violates each condition about it, and so does a condition
/// that no row is meant by: a check that checks nothing must not pass. Without conditions
/// there is no violation.
#[must_use]
pub fn violations(rows: &[Row], conditions: &[Condition]) -> Vec<Violation> {
    let mut found = Vec::new();
    for condition in conditions {
        let mut meant = false;
        for (place, row) in rows.iter().enumerate().filter(|(_, row)| condition.is_about(row)) {
            meant = true;
            let violation = condition.violation(row);
            found.extend(violation.map(|violation| Violation { row: Some(place), ..violation }));
        }
        if !meant {
            let message = format!("No row is meant by `{condition}`.");
            found.push(Violation { condition: condition.to_string(), row: None, message });
        }
    }
    found
}

impl Condition {
    /// Whether the row is one of those meant.
    #[must_use]
    pub fn is_about(&self, row: &Row) -> bool {
        let method = self.method.as_deref().is_none_or(|name| {
            let rest = row.method.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("))
        });
        let data = self.data.as_deref().is_none_or(|name| name == row.dataset || name == data(row));
        method && data
    }

    /// The violation by this row, whether it is meant or not; [`Violation::row`] is `None`.
    #[must_use]
    pub fn violation(&self, row: &Row) -> Option<Violation> {
        let name = self.field.name;
        let share = self.limit.is_some_and(|limit| limit.percent && self.field.unit.is_count());
        let figure = if share { self.field.share(row) } else { (self.field.figure)(row) };
        let said = match (figure, self.limit) {
            (None, _) => {
                let why = if row.scored == 0 { "no utterance is scored" } else { "it is unknown" };
                format!("there is no {name} ({why}), so `{self}` cannot be ruled out")
            }
            (Some(0.0), None) => return None,
            (Some(_), None) => format!("{name} holds"),
            (Some(figure), Some(limit)) => {
                if !limit.comparison.holds(figure, limit.number) {
                    return None;
                }
                let sign = if self.field.unit == Unit::Percent || share { " %" } else { "" };
                format!("{name} is {}{sign}, and `{self}` fails", shown(figure, limit.number))
            }
        };
        let message = format!("{}, {}: {said}.", data(row), row.method);
        Some(Violation { condition: self.to_string(), row: None, message })
    }
}

/// How a row's data are named.
pub(super) fn data(row: &Row) -> String {
    match (row.dataset.as_str(), row.subset.as_str()) {
        (dataset, "") => dataset.to_owned(),
        ("", subset) => subset.to_owned(),
        (dataset, subset) => format!("{dataset}:{subset}"),
    }
}

/// A figure with two digits behind the point, or with as many as tell it from the limit.
fn shown(figure: f64, limit: f64) -> String {
    if figure.fract() == 0.0 {
        return figure.to_string();
    }
    let short = format!("{figure:.2}");
    if short.parse() == Ok(limit) { figure.to_string() } else { short }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = &self.method {
            f.write_str(method)?;
        }
        if let Some(data) = &self.data {
            write!(f, "@{data}")?;
        }
        if self.method.is_some() || self.data.is_some() {
            f.write_str(": ")?;
        }
        f.write_str(self.field.name)?;
        let Some(Limit { comparison, number, percent }) = self.limit else { return Ok(()) };
        write!(f, "{}{number}{}", comparison.sign(), if percent { "%" } else { "" })
    }
}
