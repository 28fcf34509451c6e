//! The addresses that a server may send the client to (server-side request forgery).
//!
//! A registry points its clients elsewhere: redirects, token realms, upload locations, next
//! pages. One on the public internet has no business pointing into the client's own networks.
//! The check is made on the address that is connected to, after the name lookup.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The place of an address, from far to near.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Zone {
    /// The internet.
    Public,
    /// RFC 1918, RFC 6598, RFC 4193.
    Private,
    /// This machine.
    Loopback,
    /// Link-local, unspecified, multicast, broadcast: cloud metadata services live here.
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

/// IPv4 inside IPv6: mapped, compatible, NAT64 and 6to4.
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

/// The addresses that may be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Reach {
    /// Any: the user named the host.
    Anywhere,
    /// Those that a server in this zone may point to.
    From(Zone),
}

impl Reach {
    /// Whether `address` is within reach.
    pub(crate) fn allows(self, address: IpAddr) -> bool {
        match (self, Zone::of(address)) {
            (Self::Anywhere, _) => true,
            (Self::From(from), Zone::Link) => from == Zone::Link,
            // A private or loopback server is the user's own: it may point to where it is or
            // farther away.
            (Self::From(from), to) => to <= from,
        }
    }
}
