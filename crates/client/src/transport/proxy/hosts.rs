//! Lists of hosts in the notation of `NO_PROXY`, as Go's `golang.org/x/net/http/httpproxy` reads it.

use std::net::IpAddr;

use crate::transport::origin::Origin;

/// A list of hosts.
#[derive(Debug)]
pub(super) struct Hosts(Vec<Rule>);

#[derive(Debug)]
enum Rule {
    All,
    /// An address, and a port unless all are meant.
    Address(IpAddr, Option<u16>),
    /// A network, with the length of its prefix in bits.
    Network(IpAddr, u8),
    /// A name in lower case, and whether it stands only for names below it.
    Name {
        name: String,
        is_below: bool,
        port: Option<u16>,
    },
}

impl Hosts {
    /// Parses a list; the fault of a bad entry is told.
    pub(super) fn parse(list: &[String]) -> Result<Self, String> {
        let rules = list.iter().map(|text| {
            let bad = || format!("'{}' is no host for a proxy's list", text.escape_debug());
            Rule::parse(text.trim()).ok_or_else(bad)
        });
        Ok(Self(rules.collect::<Result<_, _>>()?))
    }

    /// Whether the list has the host of `origin`.
    pub(super) fn contain(&self, origin: &Origin) -> bool {
        let address = origin.address().map(|address| address.to_canonical());
        self.0.iter().any(|rule| rule.matches(origin, address))
    }
}

impl Rule {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        if let Some((address, bits)) = text.split_once('/') {
            let address: IpAddr = address.parse().ok()?;
            let bits: u8 = bits.parse().ok()?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            return (bits <= most).then_some(Self::Network(address, bits));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Some(Self::Address(address.to_canonical(), None));
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok().filter(|port| *port > 0)?)),
            None => (text, None),
        };
        let bare = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        if let Ok(address) = bare.unwrap_or(host).parse::<IpAddr>() {
            return Some(Self::Address(address.to_canonical(), port));
        }
        // `*.host` is a usual way to write `.host`.
        let host = host
            .strip_prefix('*')
            .filter(|host| host.starts_with('.'))
            .unwrap_or(host);
        let name = host.strip_prefix('.').unwrap_or(host);
        let is_name = name.split('.').all(|label| {
            let is_letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
            !label.is_empty() && label.bytes().all(is_letter)
        });
        is_name.then(|| Self::Name {
            name: name.to_ascii_lowercase(),
            is_below: host.starts_with('.'),
            port,
        })
    }

    fn matches(&self, origin: &Origin, address: Option<IpAddr>) -> bool {
        let is_port = |port: &Option<u16>| port.is_none_or(|port| port == origin.port());
        match self {
            Self::All => true,
            Self::Address(own, port) => address == Some(*own) && is_port(port),
            Self::Network(network, bits) => {
                address.is_some_and(|address| is_within(address, *network, *bits))
            }
            Self::Name {
                name,
                is_below,
                port,
            } => {
                let host = origin.host().trim_end_matches('.');
                let is_named = match host.strip_suffix(name.as_str()) {
                    Some("") => !is_below,
                    Some(before) => before.ends_with('.'),
                    None => false,
                };
                address.is_none() && is_named && is_port(port)
            }
        }
    }
}

/// Whether the first `bits` of two addresses of one kind are the same.
fn is_within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let same = |one: u128, other: u128, length: u32| {
        // A shift by the whole length would overflow.
        let shift = length - u32::from(bits);
        one.checked_shr(shift).unwrap_or(0) == other.checked_shr(shift).unwrap_or(0)
    };
    match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => {
            same(u32::from(one).into(), u32::from(other).into(), 32)
        }
        (IpAddr::V6(one), IpAddr::V6(other)) => same(one.into(), other.into(), 128),
        _ => false,
    }
}
