//! A request as it is decided and told.

use http::header::{CONTENT_TYPE, EXPECT};
use http::request::Parts;
use http::{HeaderMap, Method};
use lazaret_policy::{Request, RuleId, Verdict};
use lazaret_values::Printable;

use crate::desk::Destination;
use crate::message::DecisionRecord;
use crate::refuse::{Fault, Kind};

/// Headers by which many frameworks take a request for one with another method. Servers that hand headers to
/// programs as variables do not tell `_` from `-`.
const METHODS: [&str; 3] = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
];

/// Headers by which some take it for one with another path.
const PATHS: [&str; 2] = ["x-original-url", "x-rewrite-url"];

/// A request as it is decided and told.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    method: String,
    path: String,
    /// What it carries, as a header.
    pub(super) kind: HeaderMap,
    /// Whether the body comes only when it is asked for.
    pub(super) expects: bool,
}

impl Asked {
    /// What is told of a request.
    pub(super) fn of(parts: &Parts) -> Self {
        let mut kind = HeaderMap::new();
        if let Some(value) = parts.headers.get(CONTENT_TYPE) {
            kind.insert(CONTENT_TYPE, value.clone());
        }
        let path = match parts.uri.authority() {
            Some(authority) if parts.method == Method::CONNECT => authority.as_str(),
            _ => parts.uri.path(),
        };
        Self {
            method: parts.method.as_str().to_owned(),
            path: path.to_owned(),
            kind,
            expects: parts.headers.contains_key(EXPECT),
        }
    }

    /// What a server may take the request for because of its headers: at most three others, which must be
    /// permitted as well.
    ///
    /// # Errors
    /// The headers name several methods or paths.
    pub(super) fn overrides(&self, headers: &HeaderMap) -> Result<Vec<Self>, Fault> {
        let method = only(headers, &METHODS)?.map(|method| method.to_ascii_uppercase());
        let path = only(headers, &PATHS)?.map(|mut path| {
            path.truncate(path.find(['?', '#']).unwrap_or(path.len()));
            path
        });
        let methods = [Some(&self.method), method.as_ref()];
        let paths = [Some(&self.path), path.as_ref()];
        let pairs = methods.into_iter().flatten().flat_map(|method| {
            let paths = paths.into_iter().flatten();
            paths.map(move |path| (method, path))
        });
        let others = pairs.filter(|(method, path)| **method != self.method || **path != self.path);
        Ok(others
            .map(|(method, path)| Self {
                method: method.clone(),
                path: path.clone(),
                ..self.clone()
            })
            .collect())
    }

    /// The request as policies see it.
    pub(super) fn request(&self) -> Request<'_> {
        Request {
            method: &self.method,
            path: &self.path,
        }
    }

    /// What was decided.
    pub(super) fn record(
        &self,
        destination: &Destination,
        verdict: Verdict,
        rule: RuleId,
    ) -> DecisionRecord {
        DecisionRecord {
            verdict,
            rule,
            protocol: "http".to_owned(),
            host: destination.host(),
            port: destination.port,
            method: Some(Printable::new(&self.method).within(32).to_string()),
            path: Some(Printable::new(&self.path).to_string()),
            credentials: Vec::new(),
            reason: None,
        }
    }
}

/// The one value of these headers, whose names may have `_` in place of `-`.
fn only(headers: &HeaderMap, names: &[&str]) -> Result<Option<String>, Fault> {
    let is_one = |name: &str| {
        let plain = name.replace('_', "-");
        names.iter().any(|known| plain == **known)
    };
    let mut found = headers.iter().filter(|(name, _)| is_one(name.as_str()));
    let Some((_, first)) = found.next() else {
        return Ok(None);
    };
    if found.any(|(_, other)| other != first) {
        let reason = "the headers name several methods or paths in place of the request's own";
        return Err(Fault::builtin(Kind::Malformed, "malformed", reason));
    }
    Ok(Some(
        String::from_utf8_lossy(first.as_bytes()).trim().to_owned(),
    ))
}
