//! What smoltcp takes for a network device: at most one packet to take, and the queue of frames to
//! QEMU.

use smoltcp::phy::{self, Checksum, ChecksumCapabilities, DeviceCapabilities, Medium};
use smoltcp::time::Instant;

use super::checksum::Sum;
use super::wire::{IPV4_HEADER, Link, TCP, ethernet};
use crate::frames::{ETHERNET, Outbox};

/// The device for one call of smoltcp. It carries IP: Ethernet is added and taken off here.
#[derive(Debug)]
pub(super) struct Device<'d> {
    packet: Option<&'d [u8]>,
    outbox: &'d mut Outbox,
    mtu: usize,
}

impl<'d> Device<'d> {
    /// A device that has this packet, if any, for smoltcp.
    pub(super) fn new(packet: Option<&'d [u8]>, outbox: &'d mut Outbox, link: &Link) -> Self {
        Self {
            packet,
            outbox,
            mtu: link.mtu,
        }
    }
}

impl phy::Device for Device<'_> {
    type RxToken<'t>
        = Received<'t>
    where
        Self: 't;
    type TxToken<'t>
        = Sent<'t>
    where
        Self: 't;

    fn receive(&mut self, _: Instant) -> Option<(Received<'_>, Sent<'_>)> {
        let packet = self.packet.take()?;
        Some((Received(packet), Sent(self.outbox)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Sent<'_>> {
        (!self.outbox.is_full()).then_some(Sent(self.outbox))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ip;
        capabilities.max_transmission_unit = self.mtu;
        // Checked when the frame came; filled in when one is sent.
        capabilities.checksum = ChecksumCapabilities::ignored();
        capabilities.checksum.ipv4 = Checksum::Tx;
        capabilities
    }
}

/// The packet that has come.
#[derive(Debug)]
pub(super) struct Received<'t>(&'t [u8]);

impl phy::RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, take: F) -> R {
        take(self.0)
    }
}

/// A place for a packet.
#[derive(Debug)]
pub(super) struct Sent<'t>(&'t mut Outbox);

impl phy::TxToken for Sent<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
        self.0.push(ETHERNET + length, |frame| {
            ethernet(frame, 0x0800);
            let packet = &mut frame[ETHERNET..];
            let result = write(packet);
            fill_checksum(packet);
            result
        })
    }
}

/// Fills in the checksum of TCP, which smoltcp has left at zero.
fn fill_checksum(packet: &mut [u8]) {
    let Some((header, body)) = packet.split_at_mut_checked(IPV4_HEADER) else {
        return;
    };
    if header[9] != TCP || body.len() < 20 {
        return;
    }
    let [length_high, length_low] = u16::try_from(body.len()).unwrap_or_default().to_be_bytes();
    let sum = Sum::default()
        .add(&header[12..])
        .add(&[0, TCP, length_high, length_low])
        .add(body)
        .finish();
    body[16..18].copy_from_slice(&sum);
}
