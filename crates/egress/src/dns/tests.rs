//! Questions and answers, and what is neither.

use std::net::Ipv4Addr;

use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, RecordType};
use proptest::prelude::*;

use super::{Over, answer};
use crate::names::Names;

const RANGE: (Ipv4Addr, u8) = (Ipv4Addr::new(28, 208, 0, 0), 14);

fn names() -> Names {
    Names::new(RANGE, 7)
}

fn question(name: &str, kind: RecordType) -> Message {
    let mut message = Message::new(0x1234, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    message
}

/// Asks over UDP; only `db` is named by the policy.
fn ask(names: &mut Names, message: &Message) -> Message {
    let bytes = message.to_vec().unwrap();
    let bytes = answer(&bytes, Over::Udp, names, |name| name == "db").unwrap();
    assert!(bytes.len() <= 512);
    let answer = Message::from_vec(&bytes).unwrap();
    assert_eq!(answer.metadata.id, 0x1234);
    assert_eq!(answer.metadata.message_type, MessageType::Response);
    assert!(answer.metadata.recursion_desired && answer.metadata.recursion_available);
    assert!(!answer.metadata.truncation);
    assert_eq!(answer.queries, message.queries);
    answer
}

fn address(answer: &Message) -> Ipv4Addr {
    assert_eq!(answer.metadata.response_code, ResponseCode::NoError);
    match &answer.answers[..] {
        [record] => {
            assert_eq!(record.ttl, 60);
            match &record.data {
                RData::A(address) => address.0,
                data => panic!("{data}"),
            }
        }
        answers => panic!("{answers:?}"),
    }
}

#[track_caller]
fn assert_empty(answer: &Message, code: ResponseCode) {
    assert_eq!(answer.metadata.response_code, code);
    assert!(answer.answers.is_empty());
    assert_eq!(answer.authorities.len(), 1);
    assert_eq!(answer.authorities[0].record_type(), RecordType::SOA);
}

#[test]
fn a_name_has_one_address_for_ever() {
    let mut names = names();
    let first = address(&ask(&mut names, &question("Example.COM.", RecordType::A)));
    let other = address(&ask(&mut names, &question("example.org.", RecordType::A)));
    let again = address(&ask(&mut names, &question("example.com.", RecordType::A)));
    assert_eq!(first, again);
    assert_ne!(first, other);
    assert!(names.contains(first));
    assert_eq!(names.name(first), Some("example.com"));
    let reverse = first.octets().map(|octet| octet.to_string());
    let reverse = format!(
        "{}.{}.{}.{}.in-addr.arpa.",
        reverse[3], reverse[2], reverse[1], reverse[0]
    );
    let answer = ask(&mut names, &question(&reverse, RecordType::PTR));
    assert_eq!(answer.answers[0].data.to_string(), "example.com.");
    let nobody = ask(
        &mut names,
        &question("1.2.3.4.in-addr.arpa.", RecordType::PTR),
    );
    assert_empty(&nobody, ResponseCode::NXDomain);
}

#[test]
fn other_types_are_empty_and_bind_nothing() {
    let mut names = names();
    for kind in [
        RecordType::AAAA,
        RecordType::HTTPS,
        RecordType::SVCB,
        RecordType::TXT,
        RecordType::MX,
        RecordType::SRV,
        RecordType::NS,
        RecordType::SOA,
        RecordType::ANY,
        RecordType::Unknown(999),
    ] {
        let answer = ask(&mut names, &question("example.com.", kind));
        assert_empty(&answer, ResponseCode::NoError);
    }
    assert_empty(
        &ask(&mut names, &question(".", RecordType::NS)),
        ResponseCode::NoError,
    );
    let first = address(&ask(
        &mut names,
        &question("first.example.com.", RecordType::A),
    ));
    let mut fresh = self::names();
    assert_eq!(fresh.bind("other"), Some(first));
}

#[test]
fn the_guest_is_localhost() {
    let mut names = names();
    for name in ["localhost.", "a.localhost.", "LOCALHOST."] {
        let answer = ask(&mut names, &question(name, RecordType::A));
        assert_eq!(address(&answer), Ipv4Addr::LOCALHOST);
        let answer = ask(&mut names, &question(name, RecordType::AAAA));
        assert_eq!(answer.answers[0].data.to_string(), "::1");
    }
    let reverse = question("1.0.0.127.in-addr.arpa.", RecordType::PTR);
    assert_eq!(
        ask(&mut names, &reverse).answers[0].data.to_string(),
        "localhost."
    );
}

#[test]
fn names_that_could_not_exist_do_not() {
    let mut names = names();
    for name in [
        "printer.local.",
        "web.",
        "github.com.corp.",
        "github.com.default.svc.cluster.local.",
        "github.com.eu-west-1.compute.internal.",
        "x.home.arpa.",
        "x.onion.",
        "x.invalid.",
        "127.1.",
        "10.0.0.1.",
        "1.",
        "0x7f.1.",
        "a.0x7f000001.",
        "8.b.d.0.1.0.0.2.ip6.arpa.",
    ] {
        for kind in [RecordType::A, RecordType::AAAA, RecordType::TXT] {
            let answer = ask(&mut names, &question(name, kind));
            assert_empty(&answer, ResponseCode::NXDomain);
        }
    }
    for label in [&b"a b"[..], b"a\0b", b"a.b", b"caf\xc3\xa9", b"*", b"a/b"] {
        let name = Name::from_labels([label, b"com"]).unwrap();
        let mut message = question("x.", RecordType::A);
        message.queries[0].set_name(name);
        let answer = ask(&mut names, &message);
        assert_empty(&answer, ResponseCode::NXDomain);
    }
    // Those that somebody means do.
    for name in [
        "host.lazaret.internal.",
        "db.",
        "_service.example.com.",
        "xn--caf-dma.com.",
        "mylocal.dev.",
        "notlocalhost.dev.",
    ] {
        let answer = ask(&mut names, &question(name, RecordType::A));
        assert!(names.contains(address(&answer)), "{name}");
    }
}

#[test]
fn edns_is_answered_with_edns() {
    let mut names = names();
    let mut message = question("example.com.", RecordType::A);
    let mut edns = Edns::new();
    edns.set_max_payload(4096).set_dnssec_ok(true);
    message.set_edns(edns.clone());
    let answer = ask(&mut names, &message);
    address(&answer);
    assert_eq!(answer.edns.unwrap().max_payload(), 1232);
    edns.set_version(1);
    message.set_edns(edns);
    let answer = ask(&mut names, &message);
    assert_eq!(u16::from(answer.metadata.response_code), 16);
    assert!(answer.answers.is_empty());
    let plain = ask(&mut names, &question("example.com.", RecordType::A));
    assert!(plain.edns.is_none());
}

#[test]
fn what_is_no_question_is_told_so_or_not_answered() {
    let mut names = names();
    let bytes = question("example.com.", RecordType::A).to_vec().unwrap();
    let mut reply = |bytes: &[u8]| {
        answer(bytes, Over::Udp, &mut names, |_| false)
            .map(|bytes| Message::from_vec(&bytes).unwrap().metadata.response_code)
    };
    assert_eq!(reply(&[]), None);
    assert_eq!(reply(&bytes[..11]), None);
    assert_eq!(reply(&bytes[..12]), Some(ResponseCode::FormErr));
    assert_eq!(reply(&bytes[..20]), Some(ResponseCode::FormErr));
    let changed = |at: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[at] = value;
        bytes
    };
    // A response, an update, several questions, answers in a question, too much behind it.
    assert_eq!(reply(&changed(2, 0x80)), None);
    assert_eq!(reply(&changed(2, 5 << 3)), Some(ResponseCode::NotImp));
    assert_eq!(reply(&changed(5, 2)), Some(ResponseCode::FormErr));
    assert_eq!(reply(&changed(4, 0xff)), Some(ResponseCode::FormErr));
    assert_eq!(reply(&changed(7, 1)), Some(ResponseCode::FormErr));
    assert_eq!(reply(&changed(10, 0xff)), Some(ResponseCode::FormErr));
    let mut chaos = question("version.bind.", RecordType::TXT);
    chaos.queries[0].set_query_class(DNSClass::CH);
    assert_eq!(reply(&chaos.to_vec().unwrap()), Some(ResponseCode::Refused));
    let transfer = question("example.com.", RecordType::AXFR);
    assert_eq!(
        reply(&transfer.to_vec().unwrap()),
        Some(ResponseCode::Refused)
    );
}

#[test]
fn when_there_are_too_many_names_the_known_ones_still_resolve() {
    let mut names = Names::new((Ipv4Addr::new(28, 208, 1, 0), 24), 3);
    let first = address(&ask(
        &mut names,
        &question("n0.example.com.", RecordType::A),
    ));
    for number in 1..254 {
        let name = format!("n{number}.example.com.");
        address(&ask(&mut names, &question(&name, RecordType::A)));
    }
    let one_more = ask(&mut names, &question("n254.example.com.", RecordType::A));
    assert_eq!(one_more.metadata.response_code, ResponseCode::ServFail);
    assert!(one_more.answers.is_empty());
    let again = ask(&mut names, &question("n0.example.com.", RecordType::A));
    assert_eq!(address(&again), first);
}

proptest! {
    #[test]
    fn bytes_never_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let mut names = names();
        if let Some(answer) = answer(&bytes, Over::Udp, &mut names, |_| false) {
            prop_assert!(answer.len() <= 1232);
            prop_assert_eq!(&answer[..2], &bytes[..2]);
            prop_assert!(answer[2] & 0x80 != 0);
        }
    }

    #[test]
    fn a_changed_question_never_breaks_it(
        labels in proptest::collection::vec("[a-z0-9][a-z0-9_]{0,20}", 1..6),
        kind in any::<u16>(),
        place in any::<proptest::sample::Index>(),
        value in any::<u8>(),
    ) {
        let name = format!("{}.", labels.join("."));
        let message = question(&name, RecordType::from(kind));
        let mut bytes = message.to_vec().unwrap();
        let mut names = names();
        let right = answer(&bytes, Over::Udp, &mut names, |_| false);
        prop_assert!(right.is_some());
        let place = place.index(bytes.len());
        bytes[place] = value;
        if let Some(answer) = answer(&bytes, Over::Udp, &mut names, |_| false) {
            prop_assert!(answer.len() <= 1232);
            prop_assert_eq!(&answer[..2], &bytes[..2]);
        }
    }
}
