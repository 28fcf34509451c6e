//! Answers that tell a client why its request is refused.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use hyper::ext::ReasonPhrase;
use lazaret_policy::RuleId;
use lazaret_values::Printable;
use serde::Serialize;

use crate::desk::{Destination, Refusal};

/// The header that has the name of the rule.
const HEADER: HeaderName = HeaderName::from_static("lazaret-refused");

/// What kind of answer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It may not be.
    Refused,
    /// The request cannot be understood in one way only.
    Malformed,
    /// The server cannot be reached, or is not the one that it should be.
    Unreachable,
}

/// Why a request is not answered by its server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The kind.
    pub(crate) kind: Kind,
    /// What has decided, and why.
    pub(crate) refusal: Refusal,
    /// The command that would help.
    pub(crate) hint: Option<String>,
}

impl Fault {
    /// What the policy or a person has refused; it can be allowed.
    pub(crate) fn denied(refusal: Refusal, destination: &Destination) -> Self {
        let (host, port) = (destination.host(), destination.port);
        let file = file_of(&refusal.rule);
        let file = file.map_or_else(String::new, |file| format!(" --policy {file}"));
        let hint = Some(format!("lazaret policy allow {host} --port {port}{file}"));
        let kind = Kind::Refused;
        Self {
            kind,
            refusal,
            hint,
        }
    }

    /// What the boundary itself refuses, whatever the policy says.
    pub(crate) fn builtin(kind: Kind, rule: &str, reason: impl Into<String>) -> Self {
        Self {
            kind,
            refusal: builtin(rule, reason),
            hint: None,
        }
    }

    /// The same with a command that would help.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The policy file that has a rule, if it can be typed as a word.
fn file_of(rule: &RuleId) -> Option<&str> {
    let (origin, _) = rule.0.rsplit_once('#')?;
    let is_word = |c: char| c.is_ascii_alphanumeric() || "/._-+@:,".contains(c);
    (origin.starts_with('/') && origin.chars().all(is_word)).then_some(origin)
}

/// A refusal of the boundary itself.
pub(crate) fn builtin(rule: &str, reason: impl Into<String>) -> Refusal {
    Refusal {
        rule: RuleId(format!("builtin:{rule}")),
        reason: reason.into(),
    }
}

/// The body of a refusal.
#[derive(Serialize)]
struct Told<'a> {
    error: Problem<'a>,
    host: &'a str,
    rule: &'a str,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

/// What clients of APIs show of a refusal: the vendors of models have these members.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'a str,
    message: &'a str,
}

/// The answer to a request with these headers.
pub(crate) fn response(fault: &Fault, host: &str, request: &HeaderMap) -> Response<Bytes> {
    let Refusal { rule, reason } = &fault.refusal;
    let (status, error, grpc) = match fault.kind {
        Kind::Refused => (StatusCode::FORBIDDEN, "refused", "7"),
        Kind::Malformed => (StatusCode::BAD_REQUEST, "malformed", "3"),
        Kind::Unreachable => (StatusCode::BAD_GATEWAY, "unreachable", "14"),
    };
    let help = fault.hint.as_ref().map(|hint| format!(" ({hint})"));
    let help = help.unwrap_or_default();
    let message = if reason.contains(host) {
        format!("{reason}{help}")
    } else {
        format!("{host}: {reason}{help}")
    };
    let told = Told {
        error: Problem {
            r#type: error,
            message: &message,
        },
        host,
        rule: &rule.0,
        reason,
        hint: fault.hint.as_deref(),
    };
    let mut response = Response::new(Bytes::new());
    let headers = response.headers_mut();
    let rule = printable(&rule.0);
    headers.insert(HEADER, rule);
    if is_grpc(request) {
        // Only trailers, which HTTP/2 has as headers then: there is no other body that a client shows.
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        headers.insert("grpc-status", HeaderValue::from_static(grpc));
        headers.insert("grpc-message", percent(&message));
        return response;
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let mut body = serde_json::to_vec(&told).unwrap_or_default();
    body.push(b'\n');
    // Clients that show no body show this: those of packages and git.
    let phrase = format!("{}{help}", status.canonical_reason().unwrap_or_default());
    if let Ok(phrase) = ReasonPhrase::try_from(phrase) {
        response.extensions_mut().insert(phrase);
    }
    *response.status_mut() = status;
    *response.body_mut() = Bytes::from(body);
    response
}

/// Whether a request is a call of gRPC.
fn is_grpc(request: &HeaderMap) -> bool {
    let kind = request.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    kind.and_then(|kind| kind.strip_prefix(b"application/grpc"))
        .is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
}

/// Text as a header can have it.
fn printable(text: &str) -> HeaderValue {
    let text: String = Printable::new(text)
        .to_string()
        .chars()
        .map(|character| if character.is_ascii() { character } else { '?' })
        .collect();
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

/// Text as gRPC has it in a header.
fn percent(text: &str) -> HeaderValue {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'%' | ..b' ' | 0x7f.. => encoded.push_str(&format!("%{byte:02X}")),
            _ => encoded.push(char::from(byte)),
        }
    }
    HeaderValue::try_from(encoded).unwrap_or_else(|_| HeaderValue::from_static("refused"))
}

#[cfg(test)]
mod tests;
