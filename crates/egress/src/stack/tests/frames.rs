//! Frames by hand: what is answered, what is dropped, and that it is told.

use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use super::super::checksum::Sum;
use super::super::memory::MOST;
use super::super::wire::{GATEWAY, GUEST, ICMP, NAMES, TCP, UDP};
use super::guest::{Network, network};
use super::on_one_thread;
use crate::frames::{GATEWAY_MAC, GUEST_MAC};

const SERVER: Ipv4Addr = Ipv4Addr::new(93, 184, 216, 34);

/// A frame with an IP packet, checksums filled in.
pub(super) fn ipv4(from: Ipv4Addr, to: Ipv4Addr, protocol: u8, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    let place = match protocol {
        TCP => Some(16),
        UDP => Some(6),
        ICMP => Some(2),
        _ => None,
    };
    if let Some(place) = place {
        let mut sum = Sum::default();
        if protocol != ICMP {
            sum = sum.pseudo(from, to, protocol, body.len());
        }
        let sum = sum.add(&body).finish();
        body[place..place + 2].copy_from_slice(&sum);
    }
    let mut header = vec![0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, protocol, 0, 0];
    header.extend(from.octets());
    header.extend(to.octets());
    let length = u16::try_from(header.len() + body.len()).unwrap();
    header[2..4].copy_from_slice(&length.to_be_bytes());
    let sum = Sum::default().add(&header).finish();
    header[10..12].copy_from_slice(&sum);
    [ethernet(0x0800), header, body].concat()
}

/// The beginning of a frame to the gateway.
pub(super) fn ethernet(protocol: u16) -> Vec<u8> {
    [&GATEWAY_MAC[..], &GUEST_MAC, &protocol.to_be_bytes()].concat()
}

/// A UDP datagram of the guest.
pub(super) fn udp(to: Ipv4Addr, port: u16, payload: &[u8]) -> Vec<u8> {
    udp_from(GUEST, to, 5000, port, payload)
}

pub(super) fn udp_from(
    from: Ipv4Addr,
    to: Ipv4Addr,
    from_port: u16,
    port: u16,
    payload: &[u8],
) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap();
    let header = [from_port, port, length, 0].map(u16::to_be_bytes).concat();
    ipv4(from, to, UDP, &[header, payload.to_vec()].concat())
}

/// A TCP segment of the guest without options.
fn tcp(to: Ipv4Addr, from_port: u16, port: u16, flags: u8) -> Vec<u8> {
    let mut header = [from_port, port].map(u16::to_be_bytes).concat();
    header.extend([0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    ipv4(GUEST, to, TCP, &header)
}

/// Changes a header of a frame and sets its checksum right.
fn with_header(mut frame: Vec<u8>, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let header = &mut frame[14..34];
    change(header);
    header[10..12].fill(0);
    let sum = Sum::default().add(header).finish();
    frame[24..26].copy_from_slice(&sum);
    frame
}

/// What is told of a frame that is dropped, by its protocol and rule.
async fn told(network: &mut Network, frame: &[u8]) -> (String, String) {
    network.guest.send(frame);
    let mut denials = Vec::new();
    while denials.is_empty() {
        network.guest.poll();
        tokio::task::yield_now().await;
        denials = network.denials();
    }
    assert_eq!(denials.len(), 1, "{denials:?}");
    let denial = denials.remove(0);
    assert!(denial.reason.is_some());
    (denial.protocol, denial.rule.0)
}

#[test]
fn what_is_no_frame_of_the_guest_is_dropped_and_told_by_kind() {
    on_one_thread(async {
        let mut network = network();
        let good = tcp(SERVER, 1, 80, 2);
        let mut station = good.clone();
        station[11] ^= 1;
        let mut other_gateway = good.clone();
        other_gateway[5] ^= 1;
        let mut vlan = ethernet(0x8100);
        vlan.extend([0, 1, 8, 0]);
        let mut broken = good.clone();
        *broken.last_mut().unwrap() ^= 1;
        let mut header = good.clone();
        header[22] ^= 1;
        let source = ipv4(Ipv4Addr::new(10, 1, 2, 3), SERVER, TCP, &good[34..]);
        let options = with_header(good.clone(), |header| header[0] = 0x46);
        let fragment = with_header(good.clone(), |header| header[6] = 0x20);
        let later = with_header(good.clone(), |header| header[7] = 1);
        let long = with_header(good.clone(), |header| header[3] += 1);
        let short_tcp = ipv4(GUEST, SERVER, TCP, &[0; 18]);
        let offset = {
            let mut body = good[34..].to_vec();
            body[12] = 0xf0;
            body[16..18].fill(0);
            ipv4(GUEST, SERVER, TCP, &body)
        };
        let loopback = ipv4(GUEST, Ipv4Addr::LOCALHOST, TCP, &good[34..]);
        let cases: Vec<(Vec<u8>, &str)> = vec![
            (good[..10].to_vec(), "size"),
            (vec![0; 9100], "size"),
            (station, "station"),
            (other_gateway, "station"),
            (vlan, "vlan"),
            (ethernet(0x88cc), "ethertype"),
            ([ethernet(0x86dd), vec![0x60; 60]].concat(), "ipv6"),
            ([ethernet(0x0806), vec![0; 28]].concat(), "arp"),
            (good[..30].to_vec(), "malformed"),
            (long, "malformed"),
            (short_tcp, "malformed"),
            (offset, "malformed"),
            (broken, "checksum"),
            (header, "checksum"),
            (options, "ip-options"),
            (fragment, "fragment"),
            (later, "fragment"),
            (source, "spoofed-source"),
            (loopback, "destination"),
            (ipv4(GUEST, SERVER, 47, &[0; 20]), "ip-protocol"),
            (
                ipv4(GUEST, SERVER, ICMP, &[13, 0, 0, 0, 0, 0, 0, 0]),
                "icmp",
            ),
        ];
        let mut seen = Vec::new();
        for (frame, kind) in cases {
            if seen.contains(&kind) {
                // Only the first of a kind is told.
                network.guest.send(&frame);
                network.wait(Duration::from_millis(5)).await;
                assert_eq!(network.denials(), []);
                continue;
            }
            seen.push(kind);
            let expected = (kind.to_owned(), format!("builtin:{kind}"));
            assert_eq!(told(&mut network, &frame).await, expected);
        }
        assert_eq!(network.stack.connections(), 0);
    });
}

#[test]
fn what_systems_send_to_everybody_by_themselves_is_not_told() {
    on_one_thread(async {
        let mut network = network();
        let mut solicitation = [ethernet(0x86dd), vec![0x60; 60]].concat();
        solicitation[..6].copy_from_slice(&[0x33, 0x33, 0, 0, 0, 2]);
        let mut mdns = udp(Ipv4Addr::new(224, 0, 0, 251), 5353, b"x");
        mdns[..6].copy_from_slice(&[1, 0, 0x5e, 0, 0, 0xfb]);
        let mut broadcast = udp(Ipv4Addr::BROADCAST, 137, b"x");
        broadcast[..6].fill(0xff);
        for frame in [&solicitation, &mdns, &broadcast] {
            network.guest.send(frame);
        }
        // A frame to ordinary people shows that the others were dealt with.
        let answer = network.ask(&udp(SERVER, 443, b"x")).await;
        assert_eq!(answer[34..36], [3, 3]);
        assert_eq!(network.denials().len(), 1);
    });
}

#[test]
fn arp_is_answered_for_the_gateway_and_the_range_of_names() {
    on_one_thread(async {
        let mut network = network();
        let question = |address: Ipv4Addr| {
            let mut frame = ethernet(0x0806);
            frame[..6].fill(0xff);
            frame.extend([0, 1, 8, 0, 6, 4, 0, 1]);
            frame.extend(GUEST_MAC);
            frame.extend(GUEST.octets());
            frame.extend([0; 6]);
            frame.extend(address.octets());
            frame
        };
        // Nobody answers for the guest's own address, or for one of the world.
        network.guest.send(&question(GUEST));
        network.guest.send(&question(SERVER));
        for address in [GATEWAY, NAMES.0] {
            let answer = network.ask(&question(address)).await;
            assert_eq!(answer[20..22], [0, 2]);
            assert_eq!(answer[22..28], GATEWAY_MAC);
            assert_eq!(answer[28..32], address.octets());
            assert_eq!(answer[32..38], GUEST_MAC);
            assert_eq!(answer[38..42], GUEST.octets());
        }
    });
}

#[test]
fn udp_is_refused_at_once() {
    on_one_thread(async {
        let mut network = network();
        for (port, protocol) in [(443, "quic"), (853, "dns-over-quic"), (123, "udp")] {
            let frame = udp(SERVER, port, b"hello");
            let answer = network.ask(&frame).await;
            assert_eq!(answer[26..30], SERVER.octets());
            assert_eq!(answer[30..34], GUEST.octets());
            // Destination unreachable, port; and what it is about.
            assert_eq!(answer[34..36], [3, 3]);
            assert_eq!(answer[42..70], frame[14..42]);
            assert_eq!(Sum::default().add(&answer[34..]).finish(), [0; 2]);
            assert_eq!(Sum::default().add(&answer[14..34]).finish(), [0; 2]);
            let denials = network.denials();
            assert_eq!(denials.len(), 1);
            assert_eq!(denials[0].protocol, protocol);
            assert_eq!(denials[0].host, SERVER.to_string());
            assert_eq!(denials[0].port, port);
        }
    });
}

#[test]
fn echo_is_answered_by_the_gateway_and_for_nobody_else() {
    on_one_thread(async {
        let mut network = network();
        let request = [&[8, 0, 0, 0, 1, 2, 3, 4][..], &[0x55; 1000]].concat();
        let frame = ipv4(GUEST, GATEWAY, ICMP, &request);
        let answer = network.ask(&frame).await;
        assert_eq!(answer[34], 0);
        assert_eq!(answer[38..], frame[38..]);
        assert_eq!(Sum::default().add(&answer[34..]).finish(), [0; 2]);
        let answer = network.ask(&ipv4(GUEST, SERVER, ICMP, &request)).await;
        assert_eq!(answer[34..36], [3, 13]);
    });
}

#[test]
fn tcp_to_an_address_without_a_name_or_to_the_gateway_is_reset_and_told() {
    on_one_thread(async {
        let mut network = network();
        let nobody = Ipv4Addr::from_bits(NAMES.0.to_bits() + 77);
        for (address, port, kind) in [(nobody, 443, "unbound-address"), (GATEWAY, 80, "gateway")] {
            let handle = network.guest.connect(address, port);
            network
                .until(|guest| (!guest.socket(handle).is_open()).then_some(()))
                .await;
            let denials = network.denials();
            assert_eq!(denials.len(), 1);
            assert_eq!(denials[0].rule.0, format!("builtin:{kind}"));
            assert_eq!(denials[0].host, address.to_string());
        }
        assert_eq!(network.stack.connections(), 0);
    });
}

#[test]
fn a_flood_of_syns_leaves_place_for_others() {
    on_one_thread(async {
        let mut network = network();
        for number in 0..20_000_u32 {
            let server = Ipv4Addr::from_bits(SERVER.to_bits() + number % 50);
            let port = u16::try_from(number % 5000 + 1).unwrap();
            while !network.guest.try_send(&tcp(server, port, port, 2)) {
                network.guest.poll();
                tokio::task::yield_now().await;
            }
        }
        let (_, _incoming) = network.connected(SERVER, 30_000).await;
        assert!(network.stack.connections() <= 600);
    });
}

#[test]
fn ten_thousand_connections_are_held_to_the_limit() {
    on_one_thread(async {
        let mut network = network();
        let stack = Rc::clone(&network.stack);
        let held = Rc::new(std::cell::RefCell::new(Vec::new()));
        let holds = Rc::clone(&held);
        tokio::task::spawn_local(async move {
            loop {
                let incoming = stack.accept().await;
                holds.borrow_mut().push(incoming);
            }
        });
        // The handshakes by hand: SYN, and ACK of whatever comes.
        let mut acknowledged = 0;
        for number in 0..10_000_u32 {
            let server = Ipv4Addr::from_bits(SERVER.to_bits() + number / 1000);
            let port = u16::try_from(number + 1).unwrap();
            while !network.guest.try_send(&tcp(server, port, 443, 2)) {
                acknowledged += acknowledge(&mut network);
                tokio::task::yield_now().await;
            }
            acknowledged += acknowledge(&mut network);
            tokio::task::yield_now().await;
        }
        for _ in 0..1000 {
            acknowledged += acknowledge(&mut network);
            tokio::task::yield_now().await;
        }
        assert!(acknowledged >= MOST);
        assert_eq!(held.borrow().len(), MOST);
        assert_eq!(network.stack.connections(), MOST);
        assert_eq!(network.denials().len(), 1);
        let dropped = network.stack.dropped();
        assert_eq!(dropped, [("connections", 10_000 - MOST as u64)]);
        // When they end, there is place again.
        held.borrow_mut().clear();
        let stack = Rc::clone(&network.stack);
        network
            .until(|_| (stack.connections() == 0).then_some(()))
            .await;
    });
}

/// Answers each SYN-ACK that has come, and tells how many there were.
fn acknowledge(network: &mut Network) -> usize {
    let mut count = 0;
    while let Some(frame) = network.guest.receive() {
        if frame.len() < 54 || frame[23] != TCP || frame[47] & 0x12 != 0x12 {
            continue;
        }
        let mut body = frame[34..54].to_vec();
        body[..2].copy_from_slice(&frame[36..38]);
        body[2..4].copy_from_slice(&frame[34..36]);
        let sequence = u32::from_be_bytes(frame[38..42].try_into().unwrap());
        body[4..8].copy_from_slice(&frame[42..46]);
        body[8..12].copy_from_slice(&(sequence.wrapping_add(1)).to_be_bytes());
        body[12] = 0x50;
        body[13] = 0x10;
        body[14..16].fill(0xff);
        body[16..18].fill(0);
        let server = Ipv4Addr::new(frame[26], frame[27], frame[28], frame[29]);
        network.guest.send(&ipv4(GUEST, server, TCP, &body));
        count += 1;
    }
    count
}
