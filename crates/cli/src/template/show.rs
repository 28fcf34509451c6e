//! What values are as text, and as conditions.

use lazaret_values::Printable;
use serde_json::Value;

/// A value in one line, as Go prints it; nothing for null.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => Printable::new(text).whole().to_string(),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(show).collect();
            format!("[{}]", values.join(" "))
        }
        Value::Object(map) => {
            let entries = map.iter().map(|(name, value)| {
                let name = Printable::new(name).whole();
                format!("{name}:{}", show(value))
            });
            format!("map[{}]", entries.collect::<Vec<_>>().join(" "))
        }
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

/// Whether a value is not empty.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(is) => *is,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}
