//! The guest's address by DHCP (RFC 2131): one guest, one lease, always the same.

#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;

use crate::frames::GUEST_MAC;

/// Bytes before the options: the fixed fields and the magic cookie.
const FIXED: usize = 240;
const COOKIE: [u8; 4] = [99, 130, 83, 99];
/// Seconds of a lease.
const SECONDS: u32 = 86_400;

const DISCOVER: u8 = 1;
const OFFER: u8 = 2;
const REQUEST: u8 = 3;
const ACK: u8 = 5;
const NAK: u8 = 6;
const INFORM: u8 = 8;

/// What the guest is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lease {
    /// Its address.
    pub(crate) guest: Ipv4Addr,
    /// The gateway, which also answers DHCP and names.
    pub(crate) gateway: Ipv4Addr,
    /// The mask of their network.
    pub(crate) mask: Ipv4Addr,
    /// The largest packet.
    pub(crate) mtu: u16,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Where it goes: a guest without an address only hears what is for everybody.
    pub(crate) to: Ipv4Addr,
    /// The message.
    pub(crate) message: Vec<u8>,
}

/// Answers a message; `None` if it is none of the guest's that wants an answer.
pub(crate) fn reply(message: &[u8], lease: &Lease) -> Option<Reply> {
    let (fixed, options) = message.split_first_chunk::<FIXED>()?;
    // A request, Ethernet.
    if fixed[..3] != [1, 1, 6] || fixed[28..34] != GUEST_MAC || fixed[236..] != COOKIE {
        return None;
    }
    let current = address(&fixed[12..16])?;
    let mut kind = None;
    let mut wanted = (!current.is_unspecified()).then_some(current);
    let mut server = lease.gateway;
    for (code, value) in Options(options) {
        match code {
            50 => wanted = Some(address(value)?),
            53 => kind = value.first().copied(),
            54 => server = address(value)?,
            _ => {}
        }
    }
    let answer = match kind? {
        DISCOVER => OFFER,
        // An offer of somebody else was taken.
        REQUEST if server != lease.gateway => return None,
        REQUEST if wanted == Some(lease.guest) => ACK,
        REQUEST => NAK,
        INFORM => ACK,
        _ => return None,
    };
    let leases = kind != Some(INFORM) && answer != NAK;
    let mut message = vec![0; FIXED];
    message[..4].copy_from_slice(&[2, 1, 6, 0]);
    // The transaction; the flags.
    message[4..8].copy_from_slice(&fixed[4..8]);
    message[10..12].copy_from_slice(&fixed[10..12]);
    if answer == ACK {
        message[12..16].copy_from_slice(&current.octets());
    }
    if leases {
        message[16..20].copy_from_slice(&lease.guest.octets());
    }
    message[28..44].copy_from_slice(&fixed[28..44]);
    message[236..].copy_from_slice(&COOKIE);
    let mut option = |code: u8, value: &[u8]| {
        message.push(code);
        message.push(u8::try_from(value.len()).unwrap_or_default());
        message.extend(value);
    };
    option(53, &[answer]);
    option(54, &lease.gateway.octets());
    if leases {
        option(51, &SECONDS.to_be_bytes());
    }
    if answer != NAK {
        option(1, &lease.mask.octets());
        option(3, &lease.gateway.octets());
        option(6, &lease.gateway.octets());
        option(26, &lease.mtu.to_be_bytes());
    }
    message.push(255);
    let to = if current == lease.guest && answer != NAK {
        current
    } else {
        Ipv4Addr::BROADCAST
    };
    Some(Reply { to, message })
}

/// Options, as codes and values; what is cut off is left out.
struct Options<'o>(&'o [u8]);

impl<'o> Iterator for Options<'o> {
    type Item = (u8, &'o [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (&code, rest) = self.0.split_first()?;
            self.0 = rest;
            match code {
                0 => {}
                255 => return None,
                _ => {
                    let (&length, rest) = rest.split_first()?;
                    let (value, rest) = rest.split_at_checked(usize::from(length))?;
                    self.0 = rest;
                    return Some((code, value));
                }
            }
        }
    }
}

fn address(bytes: &[u8]) -> Option<Ipv4Addr> {
    <[u8; 4]>::try_from(bytes).ok().map(Ipv4Addr::from)
}
