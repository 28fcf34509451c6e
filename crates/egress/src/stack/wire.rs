//! The guest's network: its addresses, and the frames that this process makes itself.

use std::net::Ipv4Addr;

use super::checksum::Sum;
use crate::frames::{ETHERNET, GATEWAY_MAC, GUEST_MAC, Outbox};
use crate::message::Settings;

/// The guest's address, unless something else is set: from a small private network that hardly anybody
/// has.
pub const GUEST: Ipv4Addr = Ipv4Addr::new(10, 255, 255, 254);
/// The gateway's address, unless something else is set.
pub const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 255, 255, 253);
/// Bits of their network.
pub const PREFIX: u8 = 30;
/// The range from which names get addresses, unless something else is set. Clients that refuse private
/// and reserved addresses take it for a public one (198.18.0.0/15, 100.64.0.0/10 and 240.0.0.0/4 they
/// refuse). Nothing on the Internet answers from it, and fewer private networks borrow it than 11.0.0.0/8.
pub const NAMES: (Ipv4Addr, u8) = (Ipv4Addr::new(28, 208, 0, 0), 14);
/// The largest packet, unless something else is set: what the guest can send without offloads at the
/// best throughput.
pub const MTU: u16 = 9000;

/// Bytes of an IPv4 header.
pub(crate) const IPV4_HEADER: usize = 20;
/// Bytes of a UDP header.
const UDP_HEADER: usize = 8;
pub(crate) const ICMP: u8 = 1;
pub(crate) const TCP: u8 = 6;
pub(crate) const UDP: u8 = 17;

/// The addresses of the guest's network.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    /// The guest's.
    pub(crate) guest: Ipv4Addr,
    /// The gateway's.
    pub(crate) gateway: Ipv4Addr,
    /// Bits of their network.
    pub(crate) prefix: u8,
    /// The largest IP packet.
    pub(crate) mtu: usize,
}

impl Link {
    /// Of checked settings.
    pub(crate) fn new(settings: &Settings) -> Self {
        Self {
            guest: settings.guest,
            gateway: settings.gateway,
            prefix: settings.prefix,
            mtu: usize::from(settings.mtu),
        }
    }

    /// The mask of the network.
    pub(crate) fn mask(&self) -> Ipv4Addr {
        let bits = u32::from(self.prefix).min(32);
        Ipv4Addr::from_bits(u32::MAX.checked_shl(32 - bits).unwrap_or(0))
    }

    /// Whether an address means every station.
    pub(crate) fn is_broadcast(&self, address: Ipv4Addr) -> bool {
        let host = !self.mask().to_bits();
        let network = self.guest.to_bits() & !host;
        address.is_broadcast() || host > 1 && address.to_bits() == network | host
    }

    /// Whether an address is of the guest's network.
    pub(crate) fn is_local(&self, address: Ipv4Addr) -> bool {
        (address.to_bits() ^ self.guest.to_bits()) & self.mask().to_bits() == 0
    }
}

/// Begins a frame to the guest.
pub(crate) fn ethernet(frame: &mut [u8], protocol: u16) {
    frame[..6].copy_from_slice(&GUEST_MAC);
    frame[6..12].copy_from_slice(&GATEWAY_MAC);
    frame[12..ETHERNET].copy_from_slice(&protocol.to_be_bytes());
}

/// Sends an answer to an ARP question: the gateway has the address.
pub(crate) fn send_arp(outbox: &mut Outbox, link: &Link, address: Ipv4Addr) {
    outbox.push(ETHERNET + 28, |frame| {
        ethernet(frame, 0x0806);
        let packet = &mut frame[ETHERNET..];
        packet[..8].copy_from_slice(&[0, 1, 8, 0, 6, 4, 0, 2]);
        packet[8..14].copy_from_slice(&GATEWAY_MAC);
        packet[14..18].copy_from_slice(&address.octets());
        packet[18..24].copy_from_slice(&GUEST_MAC);
        packet[24..28].copy_from_slice(&link.guest.octets());
    });
}

/// Sends an IP packet with a body of `length` bytes that `write` fills in.
fn send_ipv4(
    outbox: &mut Outbox,
    from: Ipv4Addr,
    to: Ipv4Addr,
    protocol: u8,
    length: usize,
    write: impl FnOnce(&mut [u8]),
) {
    let total = IPV4_HEADER + length;
    let Ok(total_field) = u16::try_from(total) else {
        return;
    };
    outbox.push(ETHERNET + total, |frame| {
        ethernet(frame, 0x0800);
        let (header, body) = frame[ETHERNET..].split_at_mut(IPV4_HEADER);
        header.copy_from_slice(&[
            0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, protocol, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        ]);
        header[2..4].copy_from_slice(&total_field.to_be_bytes());
        header[12..16].copy_from_slice(&from.octets());
        header[16..20].copy_from_slice(&to.octets());
        let sum = Sum::default().add(header).finish();
        header[10..12].copy_from_slice(&sum);
        write(body);
    });
}

/// Sends a UDP datagram to the guest; `to` is its address or everybody's.
pub(crate) fn send_udp(
    outbox: &mut Outbox,
    (from, from_port): (Ipv4Addr, u16),
    (to, to_port): (Ipv4Addr, u16),
    payload: &[u8],
) {
    let length = UDP_HEADER + payload.len();
    let Ok(length_field) = u16::try_from(length) else {
        return;
    };
    send_ipv4(outbox, from, to, UDP, length, |body| {
        body[..2].copy_from_slice(&from_port.to_be_bytes());
        body[2..4].copy_from_slice(&to_port.to_be_bytes());
        body[4..6].copy_from_slice(&length_field.to_be_bytes());
        body[6..8].fill(0);
        body[UDP_HEADER..].copy_from_slice(payload);
        let sum = Sum::default().pseudo(from, to, UDP, length).add(body);
        // Zero would be no checksum.
        let sum = match sum.finish() {
            [0, 0] => [0xff; 2],
            sum => sum,
        };
        body[6..8].copy_from_slice(&sum);
    });
}

/// Answers an echo request.
pub(crate) fn send_echo(outbox: &mut Outbox, link: &Link, from: Ipv4Addr, request: &[u8]) {
    send_icmp(outbox, link, from, request.len(), |body| {
        body.copy_from_slice(request);
        body[0] = 0;
    });
}

/// Says that a packet has not got to its destination: `code` is 3 for a port, 13 for a prohibition.
pub(crate) fn send_unreachable(
    outbox: &mut Outbox,
    link: &Link,
    from: Ipv4Addr,
    code: u8,
    packet: &[u8],
) {
    // The header and eight bytes more (RFC 792).
    let quoted = &packet[..packet.len().min(IPV4_HEADER + 8)];
    send_icmp(outbox, link, from, 8 + quoted.len(), |body| {
        body[..8].copy_from_slice(&[3, code, 0, 0, 0, 0, 0, 0]);
        body[8..].copy_from_slice(quoted);
    });
}

fn send_icmp(
    outbox: &mut Outbox,
    link: &Link,
    from: Ipv4Addr,
    length: usize,
    write: impl FnOnce(&mut [u8]),
) {
    send_ipv4(outbox, from, link.guest, ICMP, length, |body| {
        write(body);
        body[2..4].fill(0);
        let sum = Sum::default().add(body).finish();
        body[2..4].copy_from_slice(&sum);
    });
}
