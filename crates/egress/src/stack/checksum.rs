//! The checksum of the Internet protocols (RFC 1071).

use std::net::Ipv4Addr;

/// A sum that is not folded yet; of big-endian words, whatever the processor's order.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum(u64);

impl Sum {
    /// Adds bytes, which begin at an even place.
    pub(super) fn add(self, bytes: &[u8]) -> Self {
        let mut sum = 0_u64;
        let (words, rest) = bytes.as_chunks::<4>();
        for word in words {
            sum += u64::from(u32::from_ne_bytes(*word));
        }
        let mut last = [0; 4];
        last[..rest.len()].copy_from_slice(rest);
        Self(self.0 + sum + u64::from(u32::from_ne_bytes(last)))
    }

    /// Adds what TCP and UDP sum up of the header below them.
    pub(super) fn pseudo(self, from: Ipv4Addr, to: Ipv4Addr, protocol: u8, length: usize) -> Self {
        let [high, low] = u16::try_from(length).unwrap_or_default().to_be_bytes();
        self.add(&from.octets())
            .add(&to.octets())
            .add(&[0, protocol, high, low])
    }

    /// The checksum as it is written. Over bytes with a right one it is zero.
    pub(super) fn finish(self) -> [u8; 2] {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum >> 16) + (sum & 0xffff);
        }
        let sum = u16::try_from(sum).unwrap_or_default();
        (!sum).to_ne_bytes()
    }
}
