//! Checks answers against the description of the API.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::Answer;

/// The text of the description, as it is published.
pub(crate) const TEXT: &str = include_str!("../../docs/reference/api.json");

pub(crate) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::from_str(TEXT).unwrap())
}

/// Checks that an answer is what the description says.
///
/// # Panics
/// When it is not.
#[track_caller]
pub(crate) fn check(method: &str, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap();
    let fits = |pattern: &str| {
        let (parts, own) = (pattern.split('/'), path.split('/'));
        parts.clone().count() == own.clone().count()
            && parts
                .zip(own)
                .all(|(part, own)| part == own || part.starts_with('{'))
    };
    let paths = document()["paths"].as_object().unwrap();
    // A path without a name comes first.
    let known = paths.get(path).or_else(|| {
        let found = paths.iter().find(|(pattern, _)| fits(pattern));
        found.map(|(_, item)| item)
    });
    let operation = known.and_then(|item| item.get(method.to_lowercase()));
    let responses = match operation {
        Some(operation) => &operation["responses"],
        None => &json!({ "4XX": { "$ref": "#/components/responses/Fault" } }),
    };
    let exact = answer.status.to_string();
    let class = format!("{}XX", answer.status / 100);
    let response = responses.get(&exact).or_else(|| responses.get(&class));
    let response = response.unwrap_or_else(|| panic!("{method} {path}: {exact} is not described"));
    let response = match response["$ref"].as_str() {
        Some(_) => &document()["components"]["responses"]["Fault"],
        None => response,
    };
    let content = response["content"].as_object().unwrap();
    let described = content
        .iter()
        .find(|(kind, _)| answer.head.contains(&format!("content-type: {kind}")));
    let (kind, described) = described.unwrap_or_else(|| panic!("{method} {path}: {}", answer.head));
    if kind == "application/json" {
        let mut schema = described["schema"].clone();
        schema["components"] = document()["components"].clone();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let value = answer.json();
        if let Err(error) = validator.validate(&value) {
            panic!("{method} {path}: {error}: {value:#}");
        }
    }
}
