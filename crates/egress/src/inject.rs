//! Credentials of integrations in requests.
//!
//! The guest has a placeholder instead of a secret. It is replaced only in the place that the
//! integration names: a header, a parameter or the password of Basic authentication.
//!
//! * A request that carries the placeholder there gets the secret.
//! * The same holds for the placeholder as bearer token (RFC 6750) where the integration names another header:
//!   services that have one take both, and their clients send either.
//! * A request that carries something else there is refused: it is never replaced silently.
//! * A request that carries no credential at all gets the secret if the integration has just one.
//!   Whoever has brought another kind of credential keeps it, because two confuse servers.
//! * A placeholder elsewhere is text; it passes, and it is told.

mod encoding;
mod place;
mod scan;

use http::HeaderMap;
use http::header::HeaderValue;
use http::uri::PathAndQuery;

use crate::desk::Secret;
use crate::message::{Integration, IntegrationCredential};

pub(crate) use scan::Scan;

use encoding::{contains, percent_encode, replace};
use place::Carried;

/// Headers by which clients say who they are.
const IDENTIFYING: [&str; 6] = [
    "authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "x-auth-token",
    "private-token",
];

/// A request carries something else than the placeholder in a place of a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misplaced {
    /// The reason, in words.
    pub(crate) reason: String,
}

/// The credentials that a request gets.
pub(crate) fn plan<'a>(
    integration: &'a Integration,
    target: &PathAndQuery,
    headers: &HeaderMap,
) -> Result<Vec<&'a IntegrationCredential>, Misplaced> {
    let mut found = Vec::new();
    let mut foreign = None;
    for credential in &integration.credentials {
        match place::look(credential, target, headers) {
            Carried::Nothing => {}
            Carried::Placeholder => found.push(credential),
            Carried::Else(what) => {
                foreign = foreign.or(Some(Misplaced {
                    reason: format!(
                        "the place of the credential {}/{} has {what}",
                        integration.id, credential.name
                    ),
                }));
            }
        }
    }
    if let Some(foreign) = foreign {
        return Err(foreign);
    }
    let identified = || {
        let mut headers = IDENTIFYING.iter().filter_map(|name| headers.get(*name));
        headers.any(place::is_said)
    };
    if let ([], [only]) = (found.as_slice(), integration.credentials.as_slice())
        && !identified()
    {
        found.push(only);
    }
    Ok(found)
}

/// Puts a secret in its place.
///
/// # Errors
/// Why it cannot be there, in words.
pub(crate) fn apply(
    credential: &IntegrationCredential,
    secret: &Secret,
    target: &mut PathAndQuery,
    headers: &mut HeaderMap,
) -> Result<(), String> {
    place::fill(credential, secret, target, headers)
}

/// Where placeholders have stayed, in words.
pub(crate) fn leftovers(
    integration: &Integration,
    target: &PathAndQuery,
    headers: &HeaderMap,
) -> Option<String> {
    integration.credentials.iter().find_map(|credential| {
        let placeholder = credential.placeholder.as_bytes();
        let header = headers
            .iter()
            .find(|(_, value)| contains(value.as_bytes(), placeholder));
        let place = match header {
            Some((name, _)) => format!("the header {name}"),
            None if contains(target.as_str().as_bytes(), placeholder) => "the URL".to_owned(),
            None => return None,
        };
        Some(format!(
            "the placeholder of {}/{} in {place} is no credential and stayed",
            integration.id, credential.name
        ))
    })
}

/// Replaces secrets in the headers of a response, should the server have echoed them.
pub(crate) fn conceal(secrets: &[(Secret, String)], headers: &mut HeaderMap) {
    for value in headers.values_mut() {
        for (secret, placeholder) in secrets {
            let plain = secret.reveal();
            let encoded = percent_encode(plain);
            for form in [plain, &encoded] {
                let changed = replace(value.as_bytes(), form.as_bytes(), placeholder.as_bytes());
                if let Some(changed) =
                    changed.and_then(|bytes| HeaderValue::from_bytes(&bytes).ok())
                {
                    *value = changed;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
