//! Origins, resolution of relative references, and the rule for plain HTTP.

use std::fmt;
use std::net::IpAddr;

use http::Uri;
use lazaret_oci::Registry;

use crate::options::Options;

/// Scheme, host and port: the unit within which credentials may travel.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    /// Whether the scheme is `https`.
    pub(crate) tls: bool,
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of an absolute `http` or `https` URL without user information.
    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        let tls = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return None;
        }
        // Not `Authority::port`, which ignores a port that is out of range.
        let port = match authority.as_str().strip_prefix(authority.host())? {
            "" if tls => 443,
            "" => 80,
            port => port
                .strip_prefix(':')?
                .parse()
                .ok()
                .filter(|port| *port > 0)?,
        };
        Some(Self {
            tls,
            host: authority.host().to_ascii_lowercase(),
            port,
        })
    }

    /// The host, with brackets when it is an IPv6 address.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The host without brackets.
    pub(super) fn bare_host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The host when it is an address, and not a name.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.bare_host().parse().ok()
    }

    /// The port, explicit or the default.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn is_default_port(&self) -> bool {
        self.port == if self.tls { 443 } else { 80 }
    }

    fn as_registry(&self) -> Option<Registry> {
        format!("{}:{}", self.host, self.port).parse().ok()
    }

    /// Whether the host is this machine, by exact match.
    pub(crate) fn is_loopback(&self) -> bool {
        self.as_registry().is_some_and(|host| host.is_loopback())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host)?;
        if self.is_default_port() {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

/// The hosts that are reached without TLS.
#[derive(Debug, Clone)]
pub(crate) struct PlainHttp {
    listed: Vec<String>,
    all: bool,
    tls: Vec<String>,
    tls_all: bool,
}

impl PlainHttp {
    pub(crate) fn new(options: &Options) -> Self {
        let lower = |names: &[String]| names.iter().map(|n| n.to_ascii_lowercase()).collect();
        Self {
            listed: lower(&options.plain_http),
            all: options.plain_http_all,
            tls: lower(&options.tls),
            tls_all: options.tls_all,
        }
    }

    /// Whether a registry that the user named is reached over plain HTTP.
    pub(crate) fn allows(&self, registry: &Registry) -> bool {
        let is_in = |list: &[String]| list.iter().any(|name| name == registry.as_str());
        self.all
            || (!is_in(&self.tls)
                && ((registry.is_loopback() && !self.tls_all) || is_in(&self.listed)))
    }

    /// Whether a server at `from` may point to `to`, as far as TLS is concerned: never from
    /// TLS to plain HTTP, and from plain HTTP only to hosts that may use plain HTTP.
    pub(crate) fn allows_step(&self, from: &Origin, to: &Origin) -> bool {
        if to.tls {
            return true;
        }
        if from.tls {
            return false;
        }
        let full = format!("{}:{}", to.host, to.port);
        from.host == to.host
            || (to.is_loopback() && from.is_loopback())
            || self
                .listed
                .iter()
                .any(|name| *name == full || (to.is_default_port() && *name == to.host))
    }
}

/// Resolves a `Location` or `Link` against the URL of its response (RFC 3986, section 5, without
/// dot segments). `None` when the result is not a plain `http(s)` URL.
pub(crate) fn resolve(base: &Uri, target: &str) -> Option<Uri> {
    let target = target.trim();
    if target.is_empty() || target.len() > 8192 {
        return None;
    }
    let target = target.split('#').next().unwrap_or_default();
    let scheme = base.scheme_str()?;
    let authority = base.authority()?;
    let text = if has_scheme(target) {
        target.to_owned()
    } else if let Some(rest) = target.strip_prefix("//") {
        format!("{scheme}://{rest}")
    } else if target.starts_with('/') {
        format!("{scheme}://{authority}{target}")
    } else if target.starts_with('?') {
        format!("{scheme}://{authority}{}{target}", base.path())
    } else {
        let folder = base
            .path()
            .rsplit_once('/')
            .map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{target}")
    };
    let uri = text.parse::<Uri>().ok()?;
    Origin::of(&uri).map(|_| uri)
}

/// Whether the text starts with `scheme:` (RFC 3986). A colon in a later segment is not a scheme.
fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
    })
}
