//! Causes of failures beyond their words, so that a caller can say what to do.

use std::fmt;

/// Troubles that a user can mend and that a server's words do not tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// A server that was addressed by TLS speaks plain HTTP.
    PlainServer,
    /// No authority that is trusted signed the server's certificate.
    UnknownAuthority,
    /// A server that was reached by TLS points to plain HTTP.
    TlsTurnedOff,
    /// A server points to plain HTTP on a host that was not listed for it.
    PlainNotListed,
    /// Anything else; the error says all there is.
    Other,
}

/// The reason why a URL is not downloaded from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UrlFault {
    /// It is no URL.
    NotUrl,
    /// Its scheme is neither `http` nor `https`, or it has user information.
    NotHttp,
    /// Its host is no name and no address.
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
