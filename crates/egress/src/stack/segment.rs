//! What a frame of the guest may be: everything else is dropped before it reaches any state.

use std::net::Ipv4Addr;

use super::checksum::Sum;
use super::drops::{Dropped, Kind};
use super::wire::{ICMP, IPV4_HEADER, Link, TCP, UDP};
use crate::frames::{ETHERNET, GATEWAY_MAC, GUEST_MAC};

/// A frame of the guest that is dealt with.
#[derive(Debug)]
pub(crate) enum Frame<'f> {
    /// Who has this address?
    Arp(Ipv4Addr),
    /// An echo request to an address; the message.
    Echo(Ipv4Addr, &'f [u8]),
    /// A datagram.
    Udp(Datagram<'f>),
    /// A segment.
    Tcp(Segment<'f>),
}

/// A UDP datagram.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Datagram<'f> {
    /// From the guest's port.
    pub(crate) from: u16,
    /// To this address.
    pub(crate) address: Ipv4Addr,
    /// And port.
    pub(crate) port: u16,
    /// What it carries.
    pub(crate) payload: &'f [u8],
    /// The whole IP packet.
    pub(crate) packet: &'f [u8],
}

/// A TCP segment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Segment<'f> {
    /// From the guest's port.
    pub(crate) from: u16,
    /// To this address.
    pub(crate) address: Ipv4Addr,
    /// And port.
    pub(crate) port: u16,
    /// Whether it opens a connection: SYN and neither ACK, RST nor FIN.
    pub(crate) opens: bool,
    /// The whole IP packet.
    pub(crate) packet: &'f [u8],
}

impl<'f> Frame<'f> {
    /// Reads a frame.
    ///
    /// # Errors
    /// Why it is dropped.
    pub(crate) fn parse(frame: &'f [u8], link: &Link) -> Result<Self, Dropped> {
        if frame.len() > link.mtu + ETHERNET {
            return Err(Kind::Size.into());
        }
        let (header, payload) = frame.split_at_checked(ETHERNET).ok_or(Kind::Size)?;
        let (to, from) = (&header[..6], &header[6..12]);
        if from != GUEST_MAC {
            return Err(Kind::Station.into());
        }
        let to_many = to[0] & 1 == 1;
        if !to_many && to != GATEWAY_MAC {
            return Err(Kind::Station.into());
        }
        match u16::from_be_bytes([header[12], header[13]]) {
            0x0800 => ipv4(payload, to_many, link),
            0x0806 => arp(payload, link),
            0x86dd if to_many => Err(Kind::Multicast.into()),
            // By it, QEMU announces a machine that goes on from a template (RFC 903).
            0x8035 if to_many => Err(Kind::Multicast.into()),
            0x86dd => Err(Kind::Ipv6.into()),
            0x8100 | 0x88a8 | 0x9100 => Err(Kind::Vlan.into()),
            _ => Err(Kind::Ethertype.into()),
        }
    }
}

/// A question of the guest for an address (RFC 826).
fn arp<'f>(packet: &[u8], link: &Link) -> Result<Frame<'f>, Dropped> {
    let packet: &[u8; 28] = packet.first_chunk().ok_or(Kind::Arp)?;
    // Ethernet, IPv4, their lengths, request.
    if packet[..8] != [0, 1, 8, 0, 6, 4, 0, 1] || packet[8..14] != GUEST_MAC {
        return Err(Kind::Arp.into());
    }
    let sender = address(packet, 14);
    // 0.0.0.0 asks whether an address is taken (RFC 5227).
    if sender != link.guest && !sender.is_unspecified() {
        return Err(Kind::Arp.into());
    }
    Ok(Frame::Arp(address(packet, 24)))
}

fn ipv4<'f>(payload: &'f [u8], to_many: bool, link: &Link) -> Result<Frame<'f>, Dropped> {
    let header: &[u8; IPV4_HEADER] = payload.first_chunk().ok_or(Kind::Malformed)?;
    if header[0] >> 4 != 4 || header[0] & 15 < 5 {
        return Err(Kind::Malformed.into());
    }
    if header[0] & 15 > 5 {
        return Err(Kind::Options.into());
    }
    let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
    let packet = payload.get(..length).ok_or(Kind::Malformed)?;
    let body = packet.get(IPV4_HEADER..).ok_or(Kind::Malformed)?;
    if Sum::default().add(header).finish() != [0; 2] {
        return Err(Kind::Checksum.into());
    }
    let (from, to) = (address(header, 12), address(header, 16));
    let drop = |kind| Dropped {
        kind,
        to: Some((to, 0)),
    };
    // More fragments, or not the first; the highest bit must be zero.
    if header[6] & 0xbf != 0 || header[7] != 0 {
        return Err(drop(Kind::Fragment));
    }
    let protocol = header[9];
    let configures = protocol == UDP && from.is_unspecified() && to.is_broadcast();
    if from != link.guest && !configures {
        return Err(drop(Kind::Source));
    }
    if to.is_multicast() || link.is_broadcast(to) || to_many {
        // Only DHCP is for everyone.
        let datagram = match protocol {
            UDP if to.is_broadcast() => udp(packet, body, from, to)?,
            _ => return Err(drop(Kind::Multicast)),
        };
        return match datagram.port {
            67 => Ok(Frame::Udp(datagram)),
            _ => Err(drop(Kind::Multicast)),
        };
    }
    let [first, ..] = to.octets();
    if to == link.guest || first == 0 || first == 127 || first >= 240 {
        return Err(drop(Kind::Destination));
    }
    match protocol {
        TCP => tcp(packet, body, from, to).map(Frame::Tcp),
        UDP => udp(packet, body, from, to).map(Frame::Udp),
        ICMP => {
            if Sum::default().add(body).finish() != [0; 2] {
                return Err(drop(Kind::Checksum));
            }
            match body {
                [8, 0, _, _, _, _, _, _, ..] => Ok(Frame::Echo(to, body)),
                _ => Err(drop(Kind::Icmp)),
            }
        }
        _ => Err(drop(Kind::Protocol)),
    }
}

fn tcp<'f>(
    packet: &'f [u8],
    body: &'f [u8],
    from: Ipv4Addr,
    to: Ipv4Addr,
) -> Result<Segment<'f>, Dropped> {
    let header: &[u8; 20] = body.first_chunk().ok_or(Kind::Malformed)?;
    let port = u16::from_be_bytes([header[2], header[3]]);
    let drop = |kind| Dropped {
        kind,
        to: Some((to, port)),
    };
    let guest = u16::from_be_bytes([header[0], header[1]]);
    let length = usize::from(header[12] >> 4) * 4;
    if guest == 0 || port == 0 || length < header.len() || length > body.len() {
        return Err(drop(Kind::Malformed));
    }
    let sum = Sum::default().pseudo(from, to, TCP, body.len()).add(body);
    if sum.finish() != [0; 2] {
        return Err(drop(Kind::Checksum));
    }
    // FIN, SYN, RST, PSH, ACK from the lowest bit.
    let flags = header[13];
    Ok(Segment {
        from: guest,
        address: to,
        port,
        opens: flags & 0b1_0111 == 0b0_0010,
        packet,
    })
}

fn udp<'f>(
    packet: &'f [u8],
    body: &'f [u8],
    from: Ipv4Addr,
    to: Ipv4Addr,
) -> Result<Datagram<'f>, Dropped> {
    let header: &[u8; 8] = body.first_chunk().ok_or(Kind::Malformed)?;
    let port = u16::from_be_bytes([header[2], header[3]]);
    let drop = |kind| Dropped {
        kind,
        to: Some((to, port)),
    };
    let length = usize::from(u16::from_be_bytes([header[4], header[5]]));
    let body = body.get(..length).ok_or(drop(Kind::Malformed))?;
    let payload = body.get(header.len()..).ok_or(drop(Kind::Malformed))?;
    // Zero is no checksum.
    if header[6..] != [0; 2] {
        let sum = Sum::default().pseudo(from, to, UDP, body.len()).add(body);
        if sum.finish() != [0; 2] {
            return Err(drop(Kind::Checksum));
        }
    }
    Ok(Datagram {
        from: u16::from_be_bytes([header[0], header[1]]),
        address: to,
        port,
        payload,
        packet,
    })
}

fn address(bytes: &[u8], at: usize) -> Ipv4Addr {
    Ipv4Addr::new(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3])
}
