//! Rules in Lens's form.

use lazaret_policy::Rule;
use serde_json::{Value, json};

use crate::{Error, Fault};

/// The route that says what a rule says; its host is meant as Lens means it.
///
/// # Errors
/// [`Error::Invalid`] for what routes cannot say.
pub(super) fn route(rule: &Rule) -> Result<Value, Error> {
    let invalid = |pointer: &str, message: &str| Error::Invalid {
        subject: "policy".to_owned(),
        faults: vec![Fault::new(pointer, "rule", message)],
    };
    let port = match &rule.ports[..] {
        [] => None,
        [Value::Number(port)] => Some(port),
        _ => {
            return Err(invalid(
                "/ports",
                "a rule of this file has one port at most",
            ));
        }
    };
    let host = match (port, rule.pattern.contains(':')) {
        (None, _) => rule.pattern.clone(),
        (Some(port), true) => format!("[{}]:{port}", rule.pattern),
        (Some(port), false) => format!("{}:{port}", rule.pattern),
    };
    let mut route = json!({"match": host, "verdict": rule.verdict});
    let mut requests = Vec::new();
    let one = |list: &[String]| match list {
        [] => vec![None],
        list => list.iter().cloned().map(Some).collect(),
    };
    for method in one(&rule.methods) {
        for path in one(&rule.paths) {
            let mut request = json!({});
            for (name, value) in [("method", &method), ("path", &path)] {
                if let Some(value) = value {
                    request[name] = json!(value);
                }
            }
            requests.push(request);
        }
    }
    if !rule.methods.is_empty() || !rule.paths.is_empty() {
        route["rules"] = json!(requests);
    }
    if let Some(description) = &rule.description {
        route["description"] = json!(description);
    }
    Ok(route)
}
