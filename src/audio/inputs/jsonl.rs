//! One JSON object a line.

use std::path::Path;

use serde_json::{Map, Value};

use super::lines::Lines;
use super::{Found, InputError, fields};

/// # Errors
///
/// If the manifest cannot be opened.
pub(super) fn read(path: &Path) -> Result<Box<dyn Iterator<Item = Found> + Send>, InputError> {
    let mut lines = Lines::open(path)?;
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let mut array = false;
    Ok(Box::new(std::iter::from_fn(move || {
        if array {
            return None;
        }
        let item = match lines.next()? {
            Err(error) => return Some(Err(error)),
            Ok(line) if line.trim_start().starts_with('[') => {
                // Every further line would be wrong for the same reason.
                array = true;
                Err("a JSON array, expected one object a line".to_owned())
            }
            Ok(line) => serde_json::from_str::<Map<String, Value>>(line)
                .map_err(|error| json_message(&error))
                .and_then(|object| fields::item(&folder, |name| value(object.get(name)?))),
        };
        Some(item.map_err(|message| lines.error(message)))
    })))
}

/// The text of a value; `{"path": ...}` is how some exports write audio.
fn value(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(object) => object.get("path")?.as_str().map(str::to_owned),
        Value::Null | Value::Bool(_) | Value::Array(_) => None,
    }
}

fn json_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    // The line within the line is always 1.
    let reason = text.rsplit_once(" at line").map_or(text.as_str(), |(reason, _)| reason);
    format!("not a JSON object: {reason} at column {}", error.column())
}
