//! Addresses of servers: scheme, host and port.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use lazaret_values::Printable;

use super::authority::Authority;
use super::error::Error;

/// `http://HOST[:PORT]` or `https://HOST[:PORT]`, without a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    plain: bool,
    authority: Authority,
}

impl Origin {
    /// Whether it is spoken to without TLS.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// `HOST` or `HOST:PORT`.
    #[must_use]
    pub fn host(&self) -> String {
        self.authority.to_string()
    }

    pub(super) fn is_ipv6(&self) -> bool {
        self.authority.is_ipv6()
    }

    /// The error of an engine that cannot be given this address.
    pub(super) fn refused(&self, reason: &'static str) -> Error {
        Error::Address {
            text: self.to_string(),
            reason,
        }
    }

    /// Whether only this machine can be meant.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.authority.is_loopback()
    }
}

impl FromStr for Origin {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refused = |reason| Error::Address {
            text: Printable::excerpt(text),
            reason,
        };
        let (plain, rest) = if let Some(rest) = text.strip_prefix("https://") {
            (false, rest)
        } else if let Some(rest) = text.strip_prefix("http://") {
            (true, rest)
        } else {
            return Err(refused("it begins with neither 'http://' nor 'https://'"));
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#']) {
            return Err(refused("it has more than a host and a port"));
        }
        if rest.contains('@') {
            return Err(refused("it has a user's name in it"));
        }
        let authority = Authority::parse(rest).map_err(refused)?;
        Ok(Self { plain, authority })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.plain { "http" } else { "https" };
        write!(f, "{scheme}://{}", self.authority)
    }
}

/// The address of a mirror, with the file of the authority that its certificate is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirrorUrl {
    origin: Origin,
    certificates: Option<PathBuf>,
}

impl MirrorUrl {
    /// A mirror that is spoken to without TLS, or whose certificate the node trusts already.
    #[must_use]
    pub fn new(origin: Origin) -> Self {
        let certificates = None;
        Self {
            origin,
            certificates,
        }
    }

    /// A mirror whose certificate is checked against the authorities in a file of PEM. `path` is what
    /// engines open: absolute, and below the root folder of the wish.
    ///
    /// # Errors
    /// [`Error::Path`] for a path that is not absolute or not text, [`Error::Address`] for an address without TLS.
    pub fn with_certificates(origin: Origin, path: &Path) -> Result<Self, Error> {
        if origin.is_plain() {
            return Err(origin.refused("a certificate belongs to an address with 'https://'"));
        }
        let text = path
            .to_str()
            .filter(|text| !text.contains(char::is_control));
        if text.is_none() || !is_inside(path) {
            return Err(Error::Path {
                path: path.to_owned(),
            });
        }
        let certificates = Some(path.to_owned());
        Ok(Self {
            origin,
            certificates,
        })
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The file of certificates, as engines open it.
    #[must_use]
    pub fn certificates(&self) -> Option<&Path> {
        self.certificates.as_deref()
    }

    /// The file of certificates as text; [`MirrorUrl::with_certificates`] takes no other.
    pub(super) fn certificates_text(&self) -> Option<&str> {
        self.certificates.as_deref().and_then(Path::to_str)
    }
}

/// Whether a path is absolute and stays below the root folder as it is written.
pub(super) fn is_inside(path: &Path) -> bool {
    let mut parts = path.components();
    parts.next() == Some(Component::RootDir)
        && parts.all(|part| matches!(part, Component::Normal(_)))
        && path.file_name().is_some()
}

#[cfg(test)]
mod tests;
