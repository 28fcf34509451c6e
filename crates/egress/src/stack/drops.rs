//! Frames that are dropped: counted by kind, and told without ever being many.

use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use lazaret_policy::{RuleId, Verdict};

use crate::desk::Desk;
use crate::message::DecisionRecord;

/// How long after one of a kind was told the next is.
const QUIET: Duration = Duration::from_secs(60);

/// Why a frame was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Too short or too long.
    Size,
    /// To or from another station.
    Station,
    /// A VLAN tag.
    Vlan,
    /// A protocol that is neither ARP nor IP.
    Ethertype,
    /// IPv6.
    Ipv6,
    /// An ARP packet that is no question of the guest.
    Arp,
    /// A header or a length that contradicts itself.
    Malformed,
    /// A wrong checksum.
    Checksum,
    /// Options of IP, such as a source route.
    Options,
    /// A fragment.
    Fragment,
    /// A sender's address that is not the guest's.
    Source,
    /// A destination that is none.
    Destination,
    /// To many: multicast and broadcast. It is what systems send by themselves, so it is not told.
    Multicast,
    /// ICMP that is no echo.
    Icmp,
    /// UDP.
    Udp,
    /// UDP to port 443.
    Quic,
    /// UDP to port 853.
    DnsOverQuic,
    /// Another protocol over IP.
    Protocol,
    /// A question that is none.
    Dns,
    /// A DHCP message that is none.
    Dhcp,
    /// TCP to an address of the names' range that no name has.
    Unbound,
    /// TCP to the gateway.
    Gateway,
    /// More connections than are held.
    Connections,
}

/// Every kind, in the order of their numbers.
const KINDS: [Kind; 23] = [
    Kind::Size,
    Kind::Station,
    Kind::Vlan,
    Kind::Ethertype,
    Kind::Ipv6,
    Kind::Arp,
    Kind::Malformed,
    Kind::Checksum,
    Kind::Options,
    Kind::Fragment,
    Kind::Source,
    Kind::Destination,
    Kind::Multicast,
    Kind::Icmp,
    Kind::Udp,
    Kind::Quic,
    Kind::DnsOverQuic,
    Kind::Protocol,
    Kind::Dns,
    Kind::Dhcp,
    Kind::Unbound,
    Kind::Gateway,
    Kind::Connections,
];

impl Kind {
    /// As it is told.
    fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Station => "station",
            Self::Vlan => "vlan",
            Self::Ethertype => "ethertype",
            Self::Ipv6 => "ipv6",
            Self::Arp => "arp",
            Self::Malformed => "malformed",
            Self::Checksum => "checksum",
            Self::Options => "ip-options",
            Self::Fragment => "fragment",
            Self::Source => "spoofed-source",
            Self::Destination => "destination",
            Self::Multicast => "multicast",
            Self::Icmp => "icmp",
            Self::Udp => "udp",
            Self::Quic => "quic",
            Self::DnsOverQuic => "dns-over-quic",
            Self::Protocol => "ip-protocol",
            Self::Dns => "dns",
            Self::Dhcp => "dhcp",
            Self::Unbound => "unbound-address",
            Self::Gateway => "gateway",
            Self::Connections => "connections",
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Ipv6 => "the machine's network has no IPv6",
            Self::Icmp => "ICMP does not leave the machine",
            Self::Udp => "UDP does not leave the machine; only TCP does",
            Self::Quic => "QUIC does not leave the machine; clients use TCP instead",
            Self::DnsOverQuic => "DNS over QUIC does not leave the machine",
            Self::Protocol => "only TCP leaves the machine",
            Self::Fragment => "fragments are not put together",
            Self::Source => "the sender's address is not the machine's",
            Self::Unbound => "no name has this address; look the name up again",
            Self::Gateway => "the gateway only answers DNS",
            Self::Connections => "too many connections are open",
            _ => "the frame is not one that leaves the machine",
        }
    }

    fn is_tcp(self) -> bool {
        matches!(self, Self::Unbound | Self::Gateway | Self::Connections)
    }
}

/// A frame that was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dropped {
    /// Why.
    pub(crate) kind: Kind,
    /// Where it was to go, as far as is known.
    pub(crate) to: Option<(Ipv4Addr, u16)>,
}

impl From<Kind> for Dropped {
    fn from(kind: Kind) -> Self {
        Self { kind, to: None }
    }
}

/// The counts.
#[derive(Debug)]
pub(crate) struct Drops {
    desk: Rc<Desk>,
    counts: [Count; KINDS.len()],
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    total: u64,
    untold: u64,
    told: Option<Instant>,
}

impl Drops {
    /// Nothing was dropped yet; `desk` tells what is.
    pub(crate) fn new(desk: Rc<Desk>) -> Self {
        Self {
            desk,
            counts: [Count::default(); KINDS.len()],
        }
    }

    /// How many were dropped, by kind; of those of which there were some.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let totals = self.counts.iter().map(|count| count.total);
        let counts = KINDS.into_iter().map(Kind::name).zip(totals);
        counts.filter(|(_, total)| *total > 0)
    }

    /// Counts, and tells the first of a kind and then one a minute at most.
    pub(crate) fn add(&mut self, dropped: Dropped, now: Instant) {
        let kind = dropped.kind;
        let count = &mut self.counts[kind as usize];
        count.total += 1;
        if kind == Kind::Multicast {
            return;
        }
        if count.told.is_some_and(|told| now < told + QUIET) {
            count.untold += 1;
            return;
        }
        count.told = Some(now);
        let mut reason = kind.reason().to_owned();
        if count.untold > 0 {
            reason = format!("{reason} (and {} more before)", count.untold);
        }
        count.untold = 0;
        let name = kind.name();
        let (host, port) = match dropped.to {
            Some((address, port)) => (address.to_string(), port),
            None => (String::new(), 0),
        };
        self.desk.record(DecisionRecord {
            verdict: Verdict::Deny,
            rule: RuleId(format!("builtin:{name}")),
            protocol: if kind.is_tcp() { "tcp" } else { name }.to_owned(),
            host,
            port,
            method: None,
            path: None,
            credentials: Vec::new(),
            reason: Some(reason),
        });
    }
}
