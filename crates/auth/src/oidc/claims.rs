//! Reads the claims of a token about its user.

use serde_json::Value;

use crate::jwt::Claims;
use crate::policy::matches_text;
use crate::settings::{Condition, Oidc};

/// Longest name of a user or group, in bytes.
const LONGEST: usize = 255;
/// Largest number of groups of a user.
const MOST_GROUPS: usize = 256;

/// The claim of this name; if there is none, `a.b` is the claim `b` inside the claim `a`.
fn claim<'a>(claims: &'a Claims, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let (outer, inner) = name.split_once('.')?;
    claim(claims.get(outer)?.as_object()?, inner)
}

/// Whether the token meets a condition.
pub(super) fn holds(claims: &Claims, condition: &Condition) -> bool {
    let fits = |text: &str| {
        condition
            .values
            .iter()
            .any(|value| matches_text(value, text))
    };
    match claim(claims, &condition.claim) {
        Some(Value::String(text)) => fits(text),
        Some(Value::Bool(value)) => fits(if *value { "true" } else { "false" }),
        Some(Value::Number(number)) => fits(&number.to_string()),
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).any(fits),
        _ => false,
    }
}

/// The user's name, with the issuer's prefix.
pub(super) fn user(claims: &Claims, settings: &Oidc) -> Option<String> {
    // An unverified mail address may belong to somebody else.
    let unverified = claims
        .get("email_verified")
        .is_some_and(|v| !matches!(v, Value::Bool(true)) && v.as_str() != Some("true"));
    if settings.user_claim == "email" && unverified {
        return None;
    }
    let name = claim(claims, &settings.user_claim)?.as_str()?;
    is_name(name).then(|| format!("{}{name}", prefix(settings)))
}

/// The user's groups, with the issuer's prefix. Values that are not valid groups are left out.
pub(super) fn groups(claims: &Claims, settings: &Oidc) -> Vec<String> {
    let found = settings
        .groups_claim
        .as_ref()
        .and_then(|name| claim(claims, name));
    let names: Vec<&str> = match found {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    names
        .into_iter()
        .filter(|name| is_name(name))
        .take(MOST_GROUPS)
        .map(|name| format!("{}{name}", prefix(settings)))
        .collect()
}

fn prefix(settings: &Oidc) -> String {
    match &settings.prefix {
        Some(prefix) => prefix.clone(),
        None => format!("{}:", settings.name),
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= LONGEST && !name.chars().any(char::is_control)
}
