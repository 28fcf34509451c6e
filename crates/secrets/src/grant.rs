//! Refresh tokens: what belongs to one, and what is given for it.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use http::Uri;
use lazaret_values::Secret;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What belongs to a refresh token. It holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The token endpoint: HTTPS, or HTTP on loopback.
    pub token_url: String,
    /// The client's id.
    pub client_id: String,
    /// The scope that is asked for; without it, that of the refresh token.
    pub scope: Option<String>,
}

impl Grant {
    /// Checks that the endpoint may get a secret.
    ///
    /// # Errors
    /// [`GrantError::Endpoint`], [`GrantError::Client`].
    pub fn check(&self) -> Result<(), GrantError> {
        let is_plain = |text: &str| !text.is_empty() && !text.chars().any(char::is_control);
        if !is_plain(&self.client_id) || !self.scope.as_deref().is_none_or(is_plain) {
            return Err(GrantError::Client);
        }
        endpoint(&self.token_url).map(drop)
    }
}

/// What a token endpoint has given.
#[derive(Debug, Clone)]
pub struct Fresh {
    /// The access token.
    pub access: Secret,
    /// For how long it is good.
    pub lives: Option<Duration>,
    /// The refresh token that takes the place of the one that was used.
    pub refresh: Option<Secret>,
}

/// Why there is no access token. What the endpoint says is printable.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GrantError {
    /// The endpoint may not get a secret.
    #[error("the token endpoint '{url}' {reason}")]
    Endpoint {
        /// The address given.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The client's id or the scope cannot be used.
    #[error("the client id or the scope is empty or has control characters")]
    Client,
    /// A file of authorities cannot be read.
    #[error("the certificate authorities cannot be read: {reason}")]
    Authorities {
        /// The reason.
        reason: String,
    },
    /// The endpoint did not answer.
    #[error("the token endpoint '{url}' cannot be reached: {reason}")]
    Unreachable {
        /// Its address.
        url: String,
        /// The reason.
        reason: String,
    },
    /// The endpoint refused; with `invalid_grant` the refresh token is not good any more.
    #[error("the token endpoint refused ({status}): {reason}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Its error code and description.
        reason: String,
        /// Whether the refresh token is at fault.
        is_final: bool,
    },
    /// The answer is not the one of a token endpoint.
    #[error("the answer of the token endpoint is not understood: {reason}")]
    Answer {
        /// What is wrong with it.
        reason: String,
    },
    /// The refresh token was forgotten or replaced meanwhile.
    #[error("the refresh token was replaced or forgotten meanwhile")]
    Replaced,
}

/// Checks an address: HTTPS, or HTTP on loopback; without a user or password.
pub(crate) fn endpoint(url: &str) -> Result<Uri, GrantError> {
    let wrong = |reason| GrantError::Endpoint {
        url: lazaret_values::Printable::excerpt(url),
        reason,
    };
    let uri: Uri = url.parse().map_err(|_| wrong("is no URL"))?;
    let authority = uri.authority().ok_or_else(|| wrong("is no URL"))?;
    if authority.as_str().contains('@') {
        return Err(wrong("has a user name"));
    }
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if is_loopback(authority.host()) => Ok(uri),
        _ => Err(wrong("is not HTTPS")),
    }
}

fn is_loopback(host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    match literal.parse() {
        Ok(IpAddr::V4(address)) => address.is_loopback(),
        Ok(IpAddr::V6(address)) => address == Ipv6Addr::LOCALHOST,
        Err(_) => host == "localhost",
    }
}
