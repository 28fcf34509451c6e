//! Limits the addresses to which a server may send the client (server-side request forgery).
//!
//! A registry points its clients to other URLs: redirects, token realms, upload locations, next
//! pages. A server on the public internet must not point into the client's own networks.
//! The address of the connection is checked, after the name lookup.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The zone of an address, from far to near.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Zone {
    /// The internet.
    Public,
    /// Private networks: RFC 1918, RFC 6598, RFC 4193.
    Private,
    /// This machine.
    Loopback,
    /// Link-local, unspecified, multicast, broadcast: cloud metadata services are here.
    Link,
}

impl Zone {
    /// The zone of an address.
    pub(crate) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self::of_v4(v4),
            IpAddr::V6(v6) => match embedded_v4(v6) {
                Some(v4) => Self::of_v4(v4),
                None => Self::of_v6(v6),
            },
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        let [a, b, ..] = address.octets();
        if address.is_loopback() {
            Self::Loopback
        } else if address.is_link_local() || a == 0 || a >= 224 {
            Self::Link
        } else if address.is_private() || (a == 100 && (64..128).contains(&b)) {
            Self::Private
        } else {
            Self::Public
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        if address.is_loopback() {
            Self::Loopback
        } else if address.is_unspecified()
            || address.is_multicast()
            || address.is_unicast_link_local()
        {
            Self::Link
        } else if address.is_unique_local() || (address.segments()[0] & 0xffc0) == 0xfec0 {
            Self::Private
        } else {
            Self::Public
        }
    }
}

/// The IPv4 address inside an IPv6 address: mapped, compatible, NAT64 and 6to4.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = address.segments();
    let join = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match s {
        [0, 0, 0, 0, 0, 0xffff, high, low] => Some(join(high, low)),
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Some(join(high, low))
        }
        [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

/// The addresses to which connections are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reach {
    /// Any: the user named the host.
    Anywhere,
    /// Those to which a server in this zone may point.
    From(Zone),
}

impl Reach {
    /// Whether `address` is within reach.
    pub(crate) fn allows(self, address: IpAddr) -> bool {
        match (self, Zone::of(address)) {
            (Self::Anywhere, _) => true,
            (Self::From(from), Zone::Link) => from == Zone::Link,
            // A private or loopback server is the user's own: it may point to its own zone or
            // farther away.
            (Self::From(from), to) => to <= from,
        }
    }
}
