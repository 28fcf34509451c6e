//! What is done with each frame. No I/O: frames come in, answers go to a queue.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Instant;

use lazaret_policy::Access;

use super::drops::{Dropped, Drops, Kind};
use super::segment::{Datagram, Frame, Segment};
use super::tcp::{Tcp, Wire};
use super::wire::{Link, send_arp, send_echo, send_udp, send_unreachable};
use crate::desk::{Desk, Destination};
use crate::dns::Over;
use crate::frames::Outbox;
use crate::message::Settings;
use crate::names::Names;
use crate::{dhcp, dns};

/// How many errors a guest is told by ICMP at once, and how many more each second.
const UNREACHABLE: u32 = 100;
/// The port of DNS.
pub(super) const DNS: u16 = 53;

/// The state of the guest's network.
#[derive(Debug)]
pub(crate) struct Engine {
    link: Link,
    desk: Rc<Desk>,
    names: Names,
    drops: Drops,
    /// Frames for QEMU.
    pub(super) outbox: Outbox,
    /// Connections.
    pub(super) tcp: Tcp,
    began: Instant,
    errors: Errors,
    /// QEMU has gone.
    pub(super) gone: bool,
}

impl Engine {
    /// For settings that were checked.
    ///
    /// # Errors
    /// There is no memory.
    pub(crate) fn new(settings: &Settings, desk: Rc<Desk>) -> io::Result<Self> {
        let link = Link::new(settings);
        // Keys that nobody knows: good for sequence numbers and for where the names begin.
        let seed = RandomState::new().hash_one(0_u8);
        let mut outbox = Outbox::new(link.mtu);
        let mut wire = Wire {
            outbox: &mut outbox,
            link: &link,
            now: smoltcp::time::Instant::ZERO,
        };
        let tcp = Tcp::new(seed, &mut wire)?;
        let began = Instant::now();
        Ok(Self {
            names: Names::new(settings.names, seed.rotate_left(32)),
            drops: Drops::new(Rc::clone(&desk)),
            errors: Errors::new(began),
            link,
            desk,
            outbox,
            tcp,
            began,
            gone: false,
        })
    }

    /// Takes a frame of the guest.
    pub(crate) fn take(&mut self, frame: &[u8]) {
        let outcome = match Frame::parse(frame, &self.link) {
            Ok(Frame::Arp(address)) => self.arp(address),
            Ok(Frame::Echo(address, message)) => self.echo(address, message, frame),
            Ok(Frame::Udp(datagram)) => self.udp(&datagram),
            Ok(Frame::Tcp(segment)) => self.tcp(&segment),
            Err(dropped) => Err(dropped),
        };
        if let Err(dropped) = outcome {
            self.drops.add(dropped, Instant::now());
        }
    }

    /// Serves connections that have something to do.
    pub(crate) fn serve(&mut self) {
        let (tcp, mut wire) = self.wire();
        tcp.serve(&mut wire);
    }

    /// When connections are to be served without a frame.
    pub(super) fn next_timer(&self) -> Option<Instant> {
        let at = self.tcp.next_timer()?;
        let micros = u64::try_from(at.total_micros()).unwrap_or_default();
        Some(self.began + std::time::Duration::from_micros(micros))
    }

    /// Now, as smoltcp counts.
    pub(super) fn now(&self) -> smoltcp::time::Instant {
        let micros = self.began.elapsed().as_micros();
        smoltcp::time::Instant::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    /// Begins a connection to a port of the guest.
    ///
    /// # Errors
    /// There is no place for it.
    pub(super) fn call(&mut self, port: u16) -> io::Result<super::table::Id> {
        let now = self.now();
        self.tcp.call(port, &self.link, now)
    }

    /// Where a connection to this address and port goes.
    pub(super) fn destination(&self, address: Ipv4Addr, port: u16) -> Destination {
        Destination {
            name: self.names.name(address).map(str::to_owned),
            address: address.into(),
            port,
        }
    }

    /// Whether a connection that was accepted is one for the name service.
    pub(super) fn is_for_names(&self, destination: &Destination) -> bool {
        destination.port == DNS
            && destination.name.is_none()
            && (destination.address == self.link.gateway
                || matches!(self.desk.access(destination), Access::Deny(_)))
    }

    /// Answers a question for a name; `None` if it is no question.
    pub(super) fn answer(&mut self, question: &[u8], over: Over) -> Option<Vec<u8>> {
        let desk = &self.desk;
        let named = |name: &str| desk.names_host(name);
        dns::answer(question, over, &mut self.names, named)
    }

    /// How many frames were dropped, by kind.
    pub(super) fn dropped(&self) -> Vec<(&'static str, u64)> {
        self.drops.counts().collect()
    }

    fn wire(&mut self) -> (&mut Tcp, Wire<'_>) {
        let now = self.now();
        let wire = Wire {
            outbox: &mut self.outbox,
            link: &self.link,
            now,
        };
        (&mut self.tcp, wire)
    }

    fn arp(&mut self, address: Ipv4Addr) -> Result<(), Dropped> {
        if address != self.link.gateway && !self.names.contains(address) {
            // It may look for others, or ask for itself, without an answer.
            return if self.link.is_local(address) {
                Ok(())
            } else {
                Err(Kind::Arp.into())
            };
        }
        send_arp(&mut self.outbox, &self.link, address);
        Ok(())
    }

    fn echo(&mut self, address: Ipv4Addr, message: &[u8], frame: &[u8]) -> Result<(), Dropped> {
        if address == self.link.gateway || self.names.name(address).is_some() {
            send_echo(&mut self.outbox, &self.link, address, message);
            return Ok(());
        }
        self.unreachable(address, 13, &frame[crate::frames::ETHERNET..]);
        Err(Dropped {
            kind: Kind::Icmp,
            to: Some((address, 0)),
        })
    }

    fn udp(&mut self, datagram: &Datagram<'_>) -> Result<(), Dropped> {
        let &Datagram {
            from,
            address,
            port,
            ..
        } = datagram;
        let drop = |kind| Dropped {
            kind,
            to: Some((address, port)),
        };
        let for_gateway = address.is_broadcast() || address == self.link.gateway;
        match port {
            67 if for_gateway => {
                let link = &self.link;
                let lease = dhcp::Lease {
                    guest: link.guest,
                    gateway: link.gateway,
                    mask: link.mask(),
                    mtu: u16::try_from(link.mtu).unwrap_or(u16::MAX),
                };
                let reply = dhcp::reply(datagram.payload, &lease).ok_or(drop(Kind::Dhcp))?;
                let (gateway, to) = ((link.gateway, 67), (reply.to, 68));
                send_udp(&mut self.outbox, gateway, to, &reply.message);
                Ok(())
            }
            DNS => {
                let answer = self.answer(datagram.payload, Over::Udp);
                let answer = answer.ok_or(drop(Kind::Dns))?;
                let to = (self.link.guest, from);
                send_udp(&mut self.outbox, (address, DNS), to, &answer);
                Ok(())
            }
            _ => {
                self.unreachable(address, 3, datagram.packet);
                Err(drop(match port {
                    443 => Kind::Quic,
                    853 => Kind::DnsOverQuic,
                    _ => Kind::Udp,
                }))
            }
        }
    }

    fn tcp(&mut self, segment: &Segment<'_>) -> Result<(), Dropped> {
        let (tcp, mut wire) = self.wire();
        if tcp.segment(segment, &mut wire) {
            return Ok(());
        }
        if !segment.opens {
            tcp.reject(segment, &mut wire);
            return Ok(());
        }
        let outcome = self.admit(segment).and_then(|()| {
            let (tcp, mut wire) = self.wire();
            tcp.open(segment, &mut wire)
        });
        outcome.map_err(|kind| {
            let (tcp, mut wire) = self.wire();
            tcp.reject(segment, &mut wire);
            Dropped {
                kind,
                to: Some((segment.address, segment.port)),
            }
        })
    }

    fn admit(&self, segment: &Segment<'_>) -> Result<(), Kind> {
        let address = segment.address;
        if self.names.contains(address) && self.names.name(address).is_none() {
            return Err(Kind::Unbound);
        }
        if self.link.is_local(address) && (address != self.link.gateway || segment.port != DNS) {
            return Err(Kind::Gateway);
        }
        Ok(())
    }

    fn unreachable(&mut self, address: Ipv4Addr, code: u8, packet: &[u8]) {
        if self.errors.may_tell(Instant::now()) {
            send_unreachable(&mut self.outbox, &self.link, address, code, packet);
        }
    }
}

/// Errors that may still be told by ICMP.
#[derive(Debug)]
struct Errors {
    left: u32,
    refilled: Instant,
}

impl Errors {
    fn new(now: Instant) -> Self {
        Self {
            left: UNREACHABLE,
            refilled: now,
        }
    }

    fn may_tell(&mut self, now: Instant) -> bool {
        if now.duration_since(self.refilled).as_secs() >= 1 {
            *self = Self::new(now);
        }
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }
}
