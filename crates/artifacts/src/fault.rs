//! The faults of a document, made from the errors of the schema engine.

use std::cmp::Ordering;
use std::fmt;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use lazaret_values::Printable;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most faults that are reported for one document.
pub const MAX_FAULTS: usize = 100;

/// Most faults that are collected; more than [`MAX_FAULTS`], because they are sorted afterwards.
pub(crate) const COLLECT_AT_MOST: usize = 10_000;

/// One fault of a document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fault {
    /// JSON pointer (RFC 6901) to the offending value: for a missing member, to the object that
    /// should have it; for a superfluous member, to the member itself.
    pub pointer: String,
    /// The schema keyword that it breaks, or the name of another rule.
    pub keyword: String,
    /// Description of the fault, in one line.
    pub message: String,
}

impl Fault {
    pub(crate) fn new(
        pointer: impl Into<String>,
        keyword: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            keyword: keyword.into(),
            message: message.into(),
        }
    }

    /// A fault of a policy's rule; `place` is where its spec is.
    pub(crate) fn of_rule(place: &str, fault: &lazaret_policy::Fault) -> Self {
        let pointer = format!("{place}{}", fault.pointer);
        Self::new(pointer, "rule", &fault.message)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => f.write_str(&self.message),
            pointer => write!(f, "{pointer}: {}", self.message),
        }
    }
}

/// `parent` extended by one reference token (RFC 6901, section 4).
pub(crate) fn child(parent: &str, token: &str) -> String {
    format!("{parent}/{}", token.replace('~', "~0").replace('/', "~1"))
}

/// Sorts the faults, removes duplicates, and cuts the list to [`MAX_FAULTS`].
pub(crate) fn sorted(mut faults: Vec<Fault>) -> Vec<Fault> {
    faults.sort_by(|a, b| {
        by_place(&a.pointer, &b.pointer)
            .then_with(|| a.keyword.cmp(&b.keyword))
            .then_with(|| a.message.cmp(&b.message))
    });
    // A text may be too short and also match no pattern: one line is enough.
    faults.dedup_by(|a, b| a.pointer == b.pointer && a.message == b.message);
    if faults.len() > MAX_FAULTS {
        faults.truncate(MAX_FAULTS - 1);
        faults.push(Fault::new("", "limit", "further faults are not listed"));
    }
    faults
}

/// Orders pointers: parents before children, list items by their index.
fn by_place(a: &str, b: &str) -> Ordering {
    let number = |token: &str| token.parse::<u64>().ok();
    let (mut left, mut right) = (a.split('/'), b.split('/'));
    loop {
        let (x, y) = match (left.next(), right.next()) {
            (Some(x), Some(y)) => (x, y),
            (x, y) => return x.is_some().cmp(&y.is_some()),
        };
        let order = match (number(x), number(y)) {
            (Some(x), Some(y)) => x.cmp(&y),
            _ => x.cmp(y),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Turns one engine error into faults: one for each superfluous member; where alternatives failed,
/// those of the alternative that came nearest.
pub(crate) fn collect(error: &ValidationError<'_>, schema: &Value, faults: &mut Vec<Fault>) {
    use ValidationErrorKind as Kind;
    let pointer = error.instance_path().as_str();
    let keyword = error.kind().keyword();
    match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let message = format!("'{name}' is missing");
            faults.push(Fault::new(child(pointer, name), keyword, message));
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let known = known_members(error, schema);
            faults.extend(unexpected.iter().take(COLLECT_AT_MOST).map(|name| {
                let message = unexpected_member(pointer, name, &known);
                Fault::new(child(pointer, name), keyword, message)
            }));
        }
        Kind::PropertyNames { error: inner } => {
            let name = inner.instance().as_str().unwrap_or_default().to_owned();
            let message = describe(inner, schema);
            faults.push(Fault::new(child(pointer, &name), keyword, message));
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } if !context.is_empty() => {
            let nearest = context.iter().min_by_key(|branch| branch.len());
            for inner in nearest.into_iter().flatten() {
                collect(inner, schema, faults);
            }
        }
        _ => faults.push(Fault::new(pointer, keyword, describe(error, schema))),
    }
}

fn unexpected_member(pointer: &str, name: &str, known: &[&str]) -> String {
    if pointer.is_empty() && name == "mount" {
        return "'mount' is for families that are mounted into an agent".to_owned();
    }
    if pointer == "/spec/components" && name == "integrations" {
        return "integrations belong to a policy: list them in its spec.integrations".to_owned();
    }
    format!(
        "unknown member '{}': expected one of {}",
        Printable::excerpt(name),
        known.join(", ")
    )
}

/// The members that the schema lists beside the failed keyword.
fn known_members<'a>(error: &ValidationError<'_>, schema: &'a Value) -> Vec<&'a str> {
    subschema(error, schema)
        .and_then(|subschema| subschema.get("properties"))
        .and_then(Value::as_object)
        .map(|members| members.keys().map(String::as_str).collect())
        .unwrap_or_default()
}

/// The part of the schema that holds the failed keyword.
fn subschema<'a>(error: &ValidationError<'_>, schema: &'a Value) -> Option<&'a Value> {
    let (parent, _) = error.schema_path().as_str().rsplit_once('/')?;
    schema.pointer(parent)
}

fn title<'a>(error: &ValidationError<'_>, schema: &'a Value) -> Option<&'a str> {
    subschema(error, schema)?.get("title")?.as_str()
}

fn describe(error: &ValidationError<'_>, schema: &Value) -> String {
    use ValidationErrorKind as Kind;
    let value = show(error.instance());
    match error.kind() {
        Kind::Type { kind } => {
            let expected = match kind {
                TypeKind::Single(kind) => kind.to_string(),
                TypeKind::Multiple(kinds) => kinds
                    .iter()
                    .map(|kind| kind.to_string())
                    .collect::<Vec<_>>()
                    .join(" or "),
            };
            let expected = expected.replace("array", "list");
            let mut found = type_name(error.instance());
            if expected.contains("string") && is_quotable(error.instance()) {
                found.push_str("; quote it to make it text");
            }
            match title(error, schema) {
                Some(title) => format!("expected {title} ({expected}), found {found}"),
                None => format!("expected {expected}, found {found}"),
            }
        }
        Kind::Constant { expected_value } => format!("{value} is not {}", show(expected_value)),
        Kind::Enum { options } => {
            let options: Vec<String> = options.as_array().into_iter().flatten().map(show).collect();
            format!("{value} is not one of {}", options.join(", "))
        }
        Kind::Not { .. } => {
            let (holder, _) = error
                .schema_path()
                .as_str()
                .rsplit_once('/')
                .unwrap_or_default();
            let what = schema
                .pointer(holder)
                .and_then(|holder| holder.pointer("/not/title"))
                .and_then(Value::as_str)
                .unwrap_or("something that is excluded");
            format!("{value} is {what}")
        }
        Kind::MinItems { limit } => format!("at least {limit} needed"),
        Kind::FalseSchema => "nothing may be here".to_owned(),
        _ => match title(error, schema) {
            Some(title) => format!("{value} is not {title}"),
            None => Printable::excerpt(&error.to_string()),
        },
    }
}

/// Whether YAML reads the value as another type unless it is in quotes.
fn is_quotable(value: &Value) -> bool {
    matches!(value, Value::Number(_) | Value::Bool(_))
}

fn type_name(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        Value::String(_) => format!("text {}", show(value)),
        Value::Number(_) => format!("number {value}"),
        Value::Bool(_) => format!("{value}"),
    }
}

/// A value for a message, shortened: never a whole document.
fn show(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{}'", Printable::excerpt(text)),
        Value::Array(_) => "the list".to_owned(),
        Value::Object(_) => "the object".to_owned(),
        other => other.to_string(),
    }
}
