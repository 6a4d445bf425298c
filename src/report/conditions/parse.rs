//! Reading a condition.

use std::str::FromStr;

use super::{Comparison, Condition, FIELDS, Field, Limit, Unit};
use crate::score::{Op, align};

/// Why a text is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{condition}` is no condition: {fault}")]
pub struct ConditionError {
    condition: String,
    fault: String,
    hint: String,
}

impl ConditionError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        Some(&self.hint)
    }
}

const GRAMMAR: &str = "write FIELD, one of > >= < <= = !=, and a number, as in `wer>5`, \
                       `worse>0.5%` or `cascade@hp:atis: wer>5`";

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        let fail = |fault: String, hint: String| ConditionError {
            condition: text.trim().to_owned(),
            fault,
            hint,
        };
        // A subset has a colon before it too; nothing behind the selector has one.
        let (method, data, rule) = match text.rsplit_once(':') {
            None => (None, None, text),
            Some((selector, rule)) => {
                let (method, data) = match selector.split_once('@') {
                    None => (selector.trim(), None),
                    Some((method, data)) => (method.trim(), Some(data.trim())),
                };
                if data.map_or(method.is_empty(), str::is_empty) {
                    let fault = "nothing is named before the colon".to_owned();
                    return Err(fail(fault, GRAMMAR.to_owned()));
                }
                ((!method.is_empty()).then(|| method.to_owned()), data.map(str::to_owned), rule)
            }
        };
        let end = rule.find(['<', '>', '=', '!']).unwrap_or(rule.len());
        let (name, rest) = (rule[..end].trim(), rule[end..].trim());
        if name.is_empty() {
            return Err(fail("no field is named".to_owned(), GRAMMAR.to_owned()));
        }
        let Some(field) = FIELDS.iter().find(|field| field.name == name) else {
            let fault = format!("there is no field `{name}`; did you mean `{}`?", nearest(name));
            let names: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
            return Err(fail(fault, format!("fields are {}", names.join(", "))));
        };
        let limit = limit(field, rest).map_err(|fault| fail(fault, GRAMMAR.to_owned()))?;
        Ok(Self { method, data, field, limit })
    }
}

/// Reads what stands behind the field; the error is what is wrong with it.
fn limit(field: &Field, rest: &str) -> Result<Option<Limit>, String> {
    let name = field.name;
    if field.unit == Unit::Flag {
        return match rest {
            "" => Ok(None),
            _ => Err(format!("`{name}` holds or does not, and is compared with nothing")),
        };
    }
    if rest.is_empty() {
        return Err(format!("`{name}` is compared with no number"));
    }
    let sign = Comparison::SIGNS.iter().find(|(sign, _)| rest.starts_with(sign));
    let Some((sign, comparison)) = sign else {
        return Err("`!` is no comparison".to_owned());
    };
    let number = rest[sign.len()..].trim();
    let (number, percent) = match number.strip_suffix('%') {
        Some(number) => (number.trim_end(), true),
        None => (number, false),
    };
    if percent && !field.unit.takes_percent() {
        return Err(format!("`{name}` takes no percent sign"));
    }
    match number.parse::<f64>() {
        // There is one zero, so that equal conditions are written alike.
        Ok(parsed) if parsed.is_finite() => {
            Ok(Some(Limit { comparison: *comparison, number: parsed + 0.0, percent }))
        }
        _ => Err(format!("`{number}` is no number")),
    }
}

/// The field whose name takes the fewest changes to become.
fn nearest(name: &str) -> &'static str {
    let characters = |text: &str| text.to_lowercase().chars().collect::<Vec<char>>();
    // Behind so many characters a name is nobody's slip.
    let mut wanted = characters(name);
    wanted.truncate(64);
    let changes = |field: &&Field| {
        let ops = align(&characters(field.name), &wanted);
        ops.into_iter().filter(|op| *op != Op::Match).count()
    };
    FIELDS.iter().min_by_key(changes).map_or("wer", |field| field.name)
}
