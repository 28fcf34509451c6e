//! Names of registries, repositories and tags (distribution-spec 1.1, "Pulling manifests").

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use lazaret_values::Printable;

use crate::Error;

/// A registry, `host[:port]`. The host is a domain, an IPv4 or a bracketed IPv6 address.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Registry(String);

impl Registry {
    /// The text `host[:port]`, as in a reference and in credential files.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host without port and brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let (host, _) = split_port(&self.0);
        host.strip_prefix('[')
            .and_then(|h| h.strip_suffix(']'))
            .unwrap_or(host)
    }

    /// The port, if the text has one.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        split_port(&self.0).1.and_then(|port| port.parse().ok())
    }

    /// Whether the host is this machine: exactly `localhost`, `127.0.0.0/8` or `::1`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        host == "localhost"
            || host
                .parse::<Ipv4Addr>()
                .is_ok_and(|address| address.is_loopback())
            || host
                .parse::<Ipv6Addr>()
                .is_ok_and(|address| address.is_loopback())
    }

    /// Whether the first component of a reference is a registry: it has a dot or a colon, is
    /// bracketed, or is `localhost` (the rule of `distribution/reference`).
    pub(crate) fn looks_like(text: &str) -> bool {
        text == "localhost" || text.contains(['.', ':', '['])
    }
}

impl FromStr for Registry {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fail = |reason| Error::Registry {
            text: Printable::excerpt(text),
            reason,
        };
        if text.len() > 255 {
            return Err(fail("longer than 255 characters"));
        }
        let (host, port) = split_port(text);
        if let Some(port) = port
            && (port.is_empty()
                || !port.bytes().all(|b| b.is_ascii_digit())
                || !port.parse::<u16>().is_ok_and(|port| port > 0))
        {
            return Err(fail("the port is not a number from 1 to 65535"));
        }
        if let Some(inner) = host.strip_prefix('[') {
            let address = inner
                .strip_suffix(']')
                .ok_or_else(|| fail("unclosed '['"))?;
            address
                .parse::<Ipv6Addr>()
                .map_err(|_| fail("not an IPv6 address"))?;
        } else if !host.split('.').all(is_label) {
            return Err(fail("the host is not a domain name or address"));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

/// Splits `host:port` at the last colon outside brackets.
fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rfind(':') {
        Some(colon) if !text[colon..].contains(']') => (&text[..colon], Some(&text[colon + 1..])),
        _ => (text, None),
    }
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && label
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// A repository name: lower-case components joined by `/`, at most 255 characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Repository(String);

impl Repository {
    /// The name, as in a URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The components, from left to right.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('/')
    }
}

impl FromStr for Repository {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fail = |reason| Error::Repository {
            text: Printable::excerpt(text),
            reason,
        };
        if text.is_empty() {
            return Err(fail("it is empty"));
        }
        if text.len() > 255 {
            return Err(fail("longer than 255 characters"));
        }
        if !text.split('/').all(is_component) {
            return Err(fail(
                "each component is lower-case letters and digits, joined by '.', '_', '__' or '-'s",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Whether it has the form `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`.
fn is_component(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let mut rest = text.as_bytes();
    loop {
        let length = rest.iter().take_while(|b| word(**b)).count();
        if length == 0 {
            return false;
        }
        rest = &rest[length..];
        if rest.is_empty() {
            return true;
        }
        let separator = rest.iter().take_while(|b| !word(**b)).count();
        let joint = &rest[..separator];
        if !(joint == b"." || joint == b"_" || joint == b"__" || joint.iter().all(|b| *b == b'-')) {
            return false;
        }
        rest = &rest[separator..];
    }
}

/// A tag: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl Tag {
    /// The tag, as in a URL.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Tag {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let valid = (1..=128).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
            && !text.starts_with(['.', '-']);
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::Tag {
                text: Printable::excerpt(text),
            })
        }
    }
}

macro_rules! text_newtype {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}
text_newtype!(Registry, Repository, Tag);
