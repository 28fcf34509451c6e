//! Hosts with ports, as registries are named by them.

use std::fmt;
use std::net::Ipv6Addr;

/// `HOST` or `HOST:PORT`: a name in lower case, an IPv4 address, or an IPv6 address in brackets. The
/// letters are those of the host of an image's reference (distribution, `reference`), so that the text needs
/// no escapes in any file, and is no path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Authority {
    host: String,
    port: Option<u16>,
}

/// Longest name of a host, in bytes (RFC 1035, section 2.3.4).
const LONGEST: usize = 253;

impl Authority {
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let (host, port) = split(text)?;
        let port = port.map(number).transpose()?;
        if let Some(address) = host.strip_prefix('[') {
            let address = address.strip_suffix(']').ok_or("it has no ']'")?;
            let parsed = address.parse::<Ipv6Addr>();
            parsed.map_err(|_| "there is no IPv6 address in its brackets")?;
        } else {
            check(host)?;
        }
        let host = host.to_owned();
        Ok(Self { host, port })
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.port
    }

    pub(super) fn is_ipv6(&self) -> bool {
        self.host.starts_with('[')
    }

    /// Whether only this machine can be meant.
    pub(super) fn is_loopback(&self) -> bool {
        let address = self.host.parse::<std::net::Ipv4Addr>();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

fn split(text: &str) -> Result<(&str, Option<&str>), &'static str> {
    let end = match text.strip_prefix('[') {
        Some(rest) => rest.find(']').map_or(text.len(), |at| at + 2),
        None => text.find(':').unwrap_or(text.len()),
    };
    match text.split_at(end) {
        (host, "") => Ok((host, None)),
        (host, rest) => match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None => Err("something other than a port follows the address"),
        },
    }
}

fn number(text: &str) -> Result<u16, &'static str> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    let port = text.parse().ok().filter(|_| digits);
    port.ok_or("its port is no number from 1 to 65535")
}

fn check(host: &str) -> Result<(), &'static str> {
    if host.is_empty() {
        return Err("it has no host");
    }
    if host.len() > LONGEST {
        return Err("its host is longer than 253 characters");
    }
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("a host is written in lower case");
    }
    let sound = |label: &str| {
        let inside = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty()
            && label.bytes().all(inside)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if !host.split('.').all(sound) {
        return Err(
            "a host has letters, digits and '-' between its dots (other scripts as 'xn--...')",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
