//! Addresses that are nobody's on the Internet, or the host's own: a connection there reaches what its
//! owner did not mean to be reached by a machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// The metadata services of clouds, which give credentials to whoever asks. The IPv4 ones are link-local
/// or shared, except for this one of Azure, which is public by its number.
const METADATA: [Ipv4Addr; 1] = [Ipv4Addr::new(168, 63, 129, 16)];
/// That of AWS for IPv6, beside being a unique local one.
const METADATA_6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// What an address is, if it is no public one.
pub(super) fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => special_4(address),
        IpAddr::V6(address) => special_6(address),
    }
}

/// Whether the host has this address itself. Nothing is sent: the system is asked from which address it
/// would reach it.
pub(super) fn is_own(address: IpAddr) -> bool {
    let any: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let from = UdpSocket::bind((any, 0)).and_then(|socket| {
        // Discard (RFC 863).
        socket.connect((address, 9))?;
        socket.local_addr()
    });
    from.is_ok_and(|from| from.ip() == address)
}

fn special_4(address: Ipv4Addr) -> Option<&'static str> {
    let kind = match address.octets() {
        [0, ..] => "no host (0.0.0.0/8)",
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => "private",
        [100, 64..=127, ..] => "shared behind a carrier's NAT",
        [127, ..] => "the host itself",
        [169, 254, 169, 254] => "a cloud's metadata service",
        [169, 254, ..] => "link-local",
        [192, 0, 0, _] => "reserved for protocols",
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => "for documentation",
        [192, 88, 99, _] => "a relay of 6to4",
        [198, 18..=19, ..] => "for benchmarks",
        [224..=239, ..] => "multicast",
        [240..=255, ..] => "reserved or broadcast",
        _ if METADATA.contains(&address) => "a cloud's metadata service",
        _ => return None,
    };
    Some(kind)
}

fn special_6(address: Ipv6Addr) -> Option<&'static str> {
    let groups = address.segments();
    let embedded = |high: u16, low: u16| {
        let [one, two] = high.to_be_bytes();
        let [three, four] = low.to_be_bytes();
        special_4(Ipv4Addr::new(one, two, three, four))
    };
    let kind = match groups {
        [0, 0, 0, 0, 0, 0, 0, 0] => "no host (::)",
        [0, 0, 0, 0, 0, 0, 0, 1] => "the host itself",
        // IPv4-mapped, IPv4-translated (RFC 2765), NAT64 (RFC 6052): what counts is the IPv4 address.
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => return embedded(high, low),
        [0, 0, 0, 0, 0, 0, ..] => "reserved (::/96)",
        [0x64, 0xff9b, 1, ..] => "a private NAT64 prefix",
        [0x100, 0, 0, 0, ..] => "for discarding",
        // 6to4 and the server of Teredo; the client of Teredo is written inverted.
        [0x2002, high, low, ..] => return embedded(high, low),
        [0x2001, 0, server_high, server_low, .., high, low] => {
            return embedded(server_high, server_low).or_else(|| embedded(!high, !low));
        }
        [0x2001, 2, 0, ..] => "for benchmarks",
        [0x2001, 0x10..=0x2f, ..] => "an identifier and no host (ORCHID)",
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => "for documentation",
        [0x5f00, ..] => "for segment routing",
        _ if address == METADATA_6 => "a cloud's metadata service",
        [0xfc00..=0xfdff, ..] => "private (unique local)",
        [0xfe80..=0xfebf, ..] => "link-local",
        [0xfec0..=0xfeff, ..] => "private (site-local)",
        [0xff00..=0xffff, ..] => "multicast",
        _ => return None,
    };
    Some(kind)
}
