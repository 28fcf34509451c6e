//! The functions of templates.

use serde_json::Value;

use super::node::Error;
use super::show::{is_true, show};

/// Their names.
pub(super) const NAMES: [&str; 15] = [
    "json", "lower", "upper", "join", "split", "len", "index", "truncate", "println", "eq", "ne",
    "not", "and", "or", "print",
];

/// Calls a function.
pub(super) fn call(name: &str, arguments: &[Value]) -> Result<Value, Error> {
    let taken = |what: &str| Err(Error::new(format!("{name} takes {what}")));
    Ok(match (name, arguments) {
        ("json", [value]) => Value::from(value.to_string()),
        ("lower", [value]) => Value::from(plain(value).to_lowercase()),
        ("upper", [value]) => Value::from(plain(value).to_uppercase()),
        ("join", [Value::Array(list), separator] | [separator, Value::Array(list)]) => {
            let texts: Vec<String> = list.iter().map(plain).collect();
            Value::from(texts.join(&plain(separator)))
        }
        ("join", [Value::Null, _]) => Value::from(""),
        ("join", _) => return taken("a list and a text"),
        ("split", [Value::String(text), Value::String(separator)]) => {
            text.split(separator.as_str()).map(Value::from).collect()
        }
        ("split", _) => return taken("two texts"),
        ("len", [Value::String(text)]) => Value::from(text.chars().count()),
        ("len", [Value::Array(list)]) => Value::from(list.len()),
        ("len", [Value::Object(map)]) => Value::from(map.len()),
        ("len", [Value::Null]) => Value::from(0),
        ("len", _) => return taken("a text or a list"),
        ("index", [value, keys @ ..]) => index(value, keys)?,
        ("truncate", [value, Value::Number(length)]) => {
            let length = length.as_u64().and_then(|length| length.try_into().ok());
            let text = plain(value);
            Value::from(text.chars().take(length.unwrap_or(0)).collect::<String>())
        }
        ("truncate", _) => return taken("a text and a number"),
        ("print", values) => Value::from(values.iter().map(plain).collect::<String>()),
        ("println", values) => {
            let texts: Vec<String> = values.iter().map(plain).collect();
            Value::from(texts.join(" "))
        }
        ("eq", [first, others @ ..]) if !others.is_empty() => {
            Value::from(others.iter().any(|other| other == first))
        }
        ("ne", [first, second]) => Value::from(first != second),
        ("not", [value]) => Value::from(!is_true(value)),
        ("and", [.., last]) => {
            let first_false = arguments.iter().find(|value| !is_true(value));
            first_false.unwrap_or(last).clone()
        }
        ("or", [.., last]) => {
            let first_true = arguments.iter().find(|value| is_true(value));
            first_true.unwrap_or(last).clone()
        }
        ("eq" | "ne", _) => return taken("two values"),
        _ => return taken("one value"),
    })
}

/// An element of a list by its number, or of a map by its key; of several, each within the one before.
fn index(value: &Value, keys: &[Value]) -> Result<Value, Error> {
    let mut found = value;
    for key in keys {
        found = match (found, key) {
            (Value::Array(list), Value::Number(at)) => {
                let at = at.as_u64().and_then(|at| usize::try_from(at).ok());
                let element = at.and_then(|at| list.get(at));
                element.ok_or_else(|| Error::new(format!("index: there is no element {key}")))?
            }
            // As in Go, what a map does not have is empty.
            (Value::Object(map), Value::String(name)) => map.get(name).unwrap_or(&Value::Null),
            (Value::Null, _) => &Value::Null,
            _ => {
                return Err(Error::new(
                    "index takes a list and a number, or a map and a text",
                ));
            }
        };
    }
    Ok(found.clone())
}

/// A text as it is, and anything else as it is shown.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => show(other),
    }
}
