//! Causes of failures, so that a caller can give advice.

use std::fmt;

/// Causes that a user can remedy and that messages do not distinguish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// A server that was addressed with TLS speaks plain HTTP.
    PlainServer,
    /// No trusted authority signed the server's certificate.
    UnknownAuthority,
    /// The server presents the certificate of an authority as its own.
    AuthorityAsServer,
    /// A server that was reached with TLS points to plain HTTP.
    TlsTurnedOff,
    /// A server points to plain HTTP on a host that is not listed for it.
    PlainNotListed,
    /// A server answers a request of the API by pointing to something else (303), as GHCR does for
    /// what it does not have.
    SeeOther,
    /// Any other cause; the message says all that is known.
    Other,
}

/// The reason for refusing to download from a URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UrlFault {
    /// The text is not a URL.
    NotUrl,
    /// Its scheme is neither `http` nor `https`, or it has user information.
    NotHttp,
    /// Its host is neither a name nor an address.
    BadHost,
    /// Its host may not be reached over plain HTTP: it is not this machine, and not listed.
    PlainNotListed,
}

impl fmt::Display for UrlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotUrl => "it is not a URL",
            Self::NotHttp => "it is not an http or https URL",
            Self::BadHost => "its host is not one",
            Self::PlainNotListed => {
                "plain HTTP is for this machine and the hosts listed for it only"
            }
        })
    }
}
