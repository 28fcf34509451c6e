//! Parses published ports and volumes.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use lazaret_values::Printable;

use crate::{Error, GuestPath};

/// A TCP port of the machine that appears on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Port {
    /// Address on the host; by default the IPv4 loopback.
    pub address: IpAddr,
    /// Port on the host; `None` lets the host choose.
    pub host: Option<u16>,
    /// Port in the machine.
    pub guest: u16,
}

impl FromStr for Port {
    type Err = Error;

    /// Parses `GUEST`, `HOST:GUEST`, `ADDRESS:HOST:GUEST` or `ADDRESS::GUEST`, with or without `/tcp`. The
    /// host chooses for a port of 0. A single port
    /// is the same on both sides.
    fn from_str(text: &str) -> Result<Self, Error> {
        let fail = |reason| Error::Port {
            text: Printable::excerpt(text),
            reason,
        };
        let text = text.strip_suffix("/tcp").unwrap_or(text);
        if text.contains('/') {
            return Err(fail("only TCP is published"));
        }
        let number = |digits: &str| {
            Some(digits)
                .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
                .and_then(|digits| digits.parse::<u16>().ok())
                .filter(|port| *port > 0)
                .ok_or_else(|| fail("not a port from 1 to 65535"))
        };
        let (rest, guest) = match text.rsplit_once(':') {
            Some((rest, guest)) => (Some(rest), number(guest)?),
            None => (None, number(text)?),
        };
        let Some(rest) = rest else {
            return Ok(Self {
                address: Ipv4Addr::LOCALHOST.into(),
                host: Some(guest),
                guest,
            });
        };
        let (address, host) = match rest.rsplit_once(':') {
            Some((address, host)) => (
                parse_address(address).ok_or_else(|| fail("not an IP address before the ports"))?,
                host,
            ),
            None => (Ipv4Addr::LOCALHOST.into(), rest),
        };
        let host = match host {
            "" | "0" => None,
            digits => Some(number(digits)?),
        };
        Ok(Self {
            address,
            host,
            guest,
        })
    }
}

fn parse_address(text: &str) -> Option<IpAddr> {
    if text == "localhost" {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    match text.strip_prefix('[') {
        Some(inner) => Some(inner.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?.into()),
        None => Some(text.parse::<Ipv4Addr>().ok()?.into()),
    }
}

/// A named volume, which outlives the machine, or a folder of the host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Volume {
    /// Name of the volume, or absolute path on the host.
    pub source: String,
    /// Its path in the machine.
    pub path: GuestPath,
    /// Whether the machine cannot write to it.
    pub read_only: bool,
}

impl Volume {
    /// Whether the source is a path on the host. An artifact never has one.
    #[must_use]
    pub fn is_host_path(&self) -> bool {
        self.source.starts_with('/')
    }
}

impl FromStr for Volume {
    type Err = Error;

    /// Parses `NAME:/path[:ro|:rw]` or `/host/path:/path[:ro|:rw]`.
    fn from_str(text: &str) -> Result<Self, Error> {
        let fail = |reason| Error::Volume {
            text: Printable::excerpt(text),
            reason,
        };
        let (rest, read_only) = match text.rsplit_once(':') {
            Some((rest, "ro")) => (rest, true),
            Some((rest, "rw")) => (rest, false),
            _ => (text, false),
        };
        let (source, path) = rest
            .split_once(':')
            .ok_or_else(|| fail("expected NAME:/path"))?;
        if path.contains(':') {
            return Err(fail("what follows the path is not 'ro' or 'rw'"));
        }
        let is_name = source.len() <= 63
            && source.starts_with(|c: char| c.is_ascii_alphanumeric())
            && source
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
        if !is_name && !source.starts_with('/') {
            return Err(fail("the source is not a volume name or absolute path"));
        }
        let path = path.parse::<GuestPath>().map_err(|error| match error {
            Error::MountPath { reason, .. } => fail(reason),
            other => other,
        })?;
        Ok(Self {
            source: source.to_owned(),
            path,
            read_only,
        })
    }
}

impl fmt::Display for Volume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = if self.read_only { ":ro" } else { "" };
        write!(f, "{}:{}{mode}", self.source, self.path)
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            IpAddr::V4(address) => write!(f, "{address}:")?,
            IpAddr::V6(address) => write!(f, "[{address}]:")?,
        }
        if let Some(host) = self.host {
            write!(f, "{host}")?;
        }
        write!(f, ":{}", self.guest)
    }
}
