//! What is said to a token endpoint, and what it answers.

use std::time::Duration;

use http::StatusCode;
use lazaret_values::{Printable, Secret};
use serde::Deserialize;

use crate::grant::{Fresh, Grant, GrantError};

/// Most bytes of a token: more would not go into a header.
const LONGEST: usize = 64 * 1024;

#[derive(Deserialize)]
struct Answer {
    access_token: Secret,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
    #[serde(default)]
    refresh_token: Option<Secret>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: Option<String>,
}

/// The form of a request.
pub(super) fn form(grant: &Grant, token: &Secret) -> String {
    let mut form = String::from("grant_type=refresh_token&refresh_token=");
    encode(token.reveal(), &mut form);
    form += "&client_id=";
    encode(&grant.client_id, &mut form);
    if let Some(scope) = &grant.scope {
        form += "&scope=";
        encode(scope, &mut form);
    }
    form
}

/// Reads the answer to an exchange that went well.
pub(super) fn fresh(body: &[u8]) -> Result<Fresh, GrantError> {
    let wrong = |reason: &str| GrantError::Answer {
        reason: reason.to_owned(),
    };
    // The parser's words may quote a token.
    let answer: Answer =
        serde_json::from_slice(body).map_err(|_| wrong("it is not JSON with an access token"))?;
    if let Some(kind) = &answer.token_type
        && !kind.eq_ignore_ascii_case("bearer")
    {
        return Err(wrong("its token is not a bearer token"));
    }
    let is_token = |token: &Secret| {
        let text = token.reveal();
        !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|b| b.is_ascii_graphic())
    };
    if !is_token(&answer.access_token) || !answer.refresh_token.as_ref().is_none_or(is_token) {
        return Err(wrong(
            "a token is empty, too long or has control characters",
        ));
    }
    // Some write the number as text.
    let seconds = answer.expires_in.as_ref().and_then(|value| match value {
        serde_json::Value::String(text) => text.parse().ok(),
        value => value.as_u64(),
    });
    Ok(Fresh {
        access: answer.access_token,
        lives: seconds.map(Duration::from_secs),
        refresh: answer.refresh_token,
    })
}

/// Reads a refusal.
pub(super) fn refused(status: StatusCode, body: &[u8]) -> GrantError {
    let refusal = serde_json::from_slice::<Refusal>(body).ok();
    let is_final = refusal
        .as_ref()
        .is_some_and(|refusal| refusal.error == "invalid_grant");
    let reason = match refusal {
        Some(Refusal {
            error,
            error_description: Some(words),
        }) => Printable::excerpt(&format!("{error}: {words}")),
        Some(refusal) => Printable::excerpt(&refusal.error),
        None if status.is_redirection() => "it points elsewhere".to_owned(),
        None => "it gives no reason".to_owned(),
    };
    GrantError::Refused {
        status: status.as_u16(),
        reason,
        is_final,
    }
}

/// Percent-encodes all but unreserved characters.
fn encode(text: &str, into: &mut String) {
    use std::fmt::Write as _;
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                into.push(char::from(byte));
            }
            _ => _ = write!(into, "%{byte:02X}"),
        }
    }
}
