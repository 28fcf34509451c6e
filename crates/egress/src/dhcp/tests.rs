//! Messages as clients send them.

use std::net::Ipv4Addr;

use super::{Lease, reply};
use crate::frames::GUEST_MAC;

const LEASE: Lease = Lease {
    guest: Ipv4Addr::new(10, 255, 255, 254),
    gateway: Ipv4Addr::new(10, 255, 255, 253),
    mask: Ipv4Addr::new(255, 255, 255, 252),
    mtu: 9000,
};

fn message(current: Ipv4Addr, options: &[&[u8]]) -> Vec<u8> {
    let mut message = vec![0; 240];
    message[..3].copy_from_slice(&[1, 1, 6]);
    message[4..8].copy_from_slice(b"xid!");
    message[12..16].copy_from_slice(&current.octets());
    message[28..34].copy_from_slice(&GUEST_MAC);
    message[236..].copy_from_slice(&[99, 130, 83, 99]);
    message.extend(options.concat());
    message.push(255);
    message
}

fn option(message: &[u8], wanted: u8) -> Option<Vec<u8>> {
    super::Options(&message[240..])
        .find(|(code, _)| *code == wanted)
        .map(|(_, value)| value.to_vec())
}

#[test]
fn a_client_gets_its_lease() {
    let none = Ipv4Addr::UNSPECIFIED;
    let offer = reply(&message(none, &[&[53, 1, 1]]), &LEASE).unwrap();
    assert_eq!(offer.to, Ipv4Addr::BROADCAST);
    assert_eq!(offer.message[..3], [2, 1, 6]);
    assert_eq!(&offer.message[4..8], b"xid!");
    assert_eq!(offer.message[16..20], LEASE.guest.octets());
    assert_eq!(option(&offer.message, 53), Some(vec![2]));
    let wanted = [&[50, 4][..], &LEASE.guest.octets()].concat();
    let server = [&[54, 4][..], &LEASE.gateway.octets()].concat();
    let request = message(none, &[&[53, 1, 3], &[0, 0], &wanted, &server]);
    let ack = reply(&request, &LEASE).unwrap().message;
    assert_eq!(option(&ack, 53), Some(vec![5]));
    assert_eq!(option(&ack, 1), Some(LEASE.mask.octets().to_vec()));
    assert_eq!(option(&ack, 3), Some(LEASE.gateway.octets().to_vec()));
    assert_eq!(option(&ack, 6), Some(LEASE.gateway.octets().to_vec()));
    assert_eq!(option(&ack, 26), Some(vec![0x23, 0x28]));
    assert!(option(&ack, 51).is_some());
    // Renewed, it answers to where the client is.
    let renewed = reply(&message(LEASE.guest, &[&[53, 1, 3]]), &LEASE).unwrap();
    assert_eq!(renewed.to, LEASE.guest);
    assert_eq!(option(&renewed.message, 53), Some(vec![5]));
    // Information needs no lease.
    let told = reply(&message(LEASE.guest, &[&[53, 1, 8]]), &LEASE).unwrap();
    assert_eq!(told.message[16..20], [0; 4]);
    assert_eq!(option(&told.message, 51), None);
}

#[test]
fn another_address_is_not_acknowledged() {
    let none = Ipv4Addr::UNSPECIFIED;
    let request = message(none, &[&[53, 1, 3], &[50, 4, 192, 168, 1, 7]]);
    let nak = reply(&request, &LEASE).unwrap();
    assert_eq!(option(&nak.message, 53), Some(vec![6]));
    assert_eq!(nak.to, Ipv4Addr::BROADCAST);
    assert_eq!(nak.message[16..20], [0; 4]);
}

#[test]
fn what_is_no_request_of_the_guest_is_not_answered() {
    let good = message(Ipv4Addr::UNSPECIFIED, &[&[53, 1, 1]]);
    assert!(reply(&good, &LEASE).is_some());
    for (place, value) in [(0, 2), (1, 6), (2, 8), (28, 7), (236, 0)] {
        let mut bytes = good.clone();
        bytes[place] = value;
        assert_eq!(reply(&bytes, &LEASE), None, "byte {place}");
    }
    for length in 0..good.len() - 1 {
        // Cut off, it has no kind.
        assert_eq!(reply(&good[..length], &LEASE), None);
    }
    for option in [&[53, 1, 4][..], &[53, 1, 7], &[53, 0], &[50, 3, 1, 2, 3]] {
        let bytes = message(Ipv4Addr::UNSPECIFIED, &[option]);
        assert_eq!(reply(&bytes, &LEASE), None);
    }
    let other = message(
        Ipv4Addr::UNSPECIFIED,
        &[&[53, 1, 3], &[54, 4, 192, 168, 1, 1]],
    );
    assert_eq!(reply(&other, &LEASE), None);
}
