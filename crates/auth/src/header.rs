//! Parses `Authorization` and related headers of clients, which may be hostile.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, header};
use lazaret_oci::Registry;

/// Longest credential that is parsed, in bytes.
const LONGEST: usize = 24 * 1024;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// The credential of a request.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Credential {
    /// A user name and a password (RFC 7617).
    Basic {
        /// The user name, which may be empty.
        user: String,
        /// The password, which may be empty.
        password: String,
    },
    /// A bearer token (RFC 6750).
    Bearer(String),
}

/// The reason that a header contains no credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("there are several Authorization headers")]
    Several,
    #[error("the Authorization header is too long")]
    Long,
    #[error("the Authorization header is no Basic or Bearer credential")]
    Scheme,
    #[error("the Basic credential is not user:password in Base64")]
    Basic,
    #[error("the bearer token has characters that no token has")]
    Bearer,
}

impl Credential {
    /// Parses the credential of a request, if there is one.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>, Malformed> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Malformed::Several);
        }
        if value.len() > LONGEST {
            return Err(Malformed::Long);
        }
        let text = value.to_str().map_err(|_| Malformed::Scheme)?;
        Self::parse(text).map(Some)
    }

    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
        let (scheme, rest) = text.trim().split_once(' ').ok_or(Malformed::Scheme)?;
        let rest = rest.trim_start();
        if scheme.eq_ignore_ascii_case("basic") {
            let bytes = STANDARD.decode(rest).map_err(|_| Malformed::Basic)?;
            let text = String::from_utf8(bytes).map_err(|_| Malformed::Basic)?;
            let (user, password) = text.split_once(':').ok_or(Malformed::Basic)?;
            if text.chars().any(|c| c.is_ascii_control()) {
                return Err(Malformed::Basic);
            }
            return Ok(Self::Basic {
                user: user.to_owned(),
                password: password.to_owned(),
            });
        }
        if scheme.eq_ignore_ascii_case("bearer") {
            let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
            if rest.is_empty() || !rest.bytes().all(fits) {
                return Err(Malformed::Bearer);
            }
            return Ok(Self::Bearer(rest.to_owned()));
        }
        Err(Malformed::Scheme)
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Basic { .. } => "Basic(..)",
            Self::Bearer(_) => "Bearer(..)",
        })
    }
}

/// `host[:port]` that the client has addressed: that of the request's target (HTTP/2), else of
/// `Host`.
pub(super) fn authority(head: &http::request::Parts) -> Option<Registry> {
    if let Some(authority) = head.uri.authority() {
        return authority.as_str().parse().ok();
    }
    let mut hosts = head.headers.get_all(header::HOST).iter();
    let host = hosts.next()?;
    if hosts.next().is_some() {
        return None;
    }
    host.to_str().ok()?.parse().ok()
}

/// Whether the last proxy says that its client's connection is encrypted.
pub(super) fn forwarded_tls(headers: &HeaderMap) -> Option<bool> {
    let value = headers.get_all(FORWARDED_PROTO).iter().next_back()?;
    let last = value.to_str().ok()?.rsplit(',').next()?.trim();
    if last.eq_ignore_ascii_case("https") {
        Some(true)
    } else if last.eq_ignore_ascii_case("http") {
        Some(false)
    } else {
        None
    }
}

/// The client behind proxies: the last address in `X-Forwarded-For` that is not a trusted proxy.
/// `None` when the header is missing or unreadable.
pub(super) fn forwarded_for(
    headers: &HeaderMap,
    trusted: impl Fn(IpAddr) -> bool,
) -> Option<IpAddr> {
    let lines: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .map(|value| value.to_str().ok())
        .collect::<Option<_>>()?;
    let mut seen = None;
    for text in lines
        .iter()
        .rev()
        .flat_map(|line| line.rsplit(','))
        .take(32)
    {
        let address: IpAddr = text
            .trim()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse()
            .ok()?;
        seen = Some(address.to_canonical());
        if !trusted(address.to_canonical()) {
            break;
        }
    }
    seen
}
