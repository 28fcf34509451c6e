//! Which addresses may be used, and what becomes of a connection.

use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::time::Duration;

use lazaret_policy::{Document, Layer, Rule, Verdict};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::address::{is_own, special};
use super::{Dial, HostDialer};
use crate::desk::{Desk, Destination};

fn dialer(allowed: &[&str]) -> HostDialer {
    let rules = allowed.iter().map(|pattern| Rule {
        pattern: (*pattern).to_owned(),
        ports: Vec::new(),
        methods: Vec::new(),
        paths: Vec::new(),
        verdict: Verdict::Allow,
        tls_terminate: None,
        description: None,
    });
    let document = Document {
        origin: "test".to_owned(),
        layer: Layer::Policy,
        default: None,
        rules: rules.collect(),
    };
    let (holder, _) = mpsc::unbounded_channel();
    let hold = Duration::from_secs(1);
    HostDialer::new(Rc::new(Desk::new(vec![document], Vec::new(), hold, holder)))
}

fn literal(address: &str, port: u16) -> Destination {
    Destination {
        name: None,
        address: address.parse().unwrap(),
        port,
    }
}

fn named(name: &str, port: u16) -> Destination {
    Destination {
        name: Some(name.to_owned()),
        address: Ipv4Addr::new(28, 208, 0, 1).into(),
        port,
    }
}

#[test]
fn addresses_that_are_nobody_s_on_the_internet_are_known() {
    for address in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b::a00:1",
        "64:ff9b:1::808:808",
        "100::1",
        "2001:0:a00:1::1",
        "2001::f5ff:fffe",
        "2001:2::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:a00:1::1",
        "2002:7f00:1::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fd12:3456::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(special(address.parse().unwrap()).is_some(), "{address}");
    }
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.216.34",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "198.17.0.1",
        "198.20.0.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2001:4860:4860::8888",
        "64:ff9b::808:808",
        "2002:808:808::1",
        "::ffff:8.8.8.8",
        "2a00:1450::1",
    ] {
        assert_eq!(special(address.parse().unwrap()), None, "{address}");
    }
}

#[test]
fn the_host_s_own_addresses_are_known() {
    assert!(is_own(IpAddr::from([127, 0, 0, 1])));
    assert!(!is_own(IpAddr::from([93, 184, 216, 34])));
}

#[tokio::test]
async fn a_private_address_is_refused_with_its_reason() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let dialer = dialer(&["*", "localhost"]);
    for (destination, words) in [
        (literal("127.0.0.1", port), "127.0.0.1 is the host itself"),
        (literal("::ffff:127.0.0.1", port), "the host itself"),
        (literal("10.1.2.3", 80), "10.1.2.3 is private"),
        (literal("169.254.169.254", 80), "metadata"),
        (named("localhost", port), "localhost is at "),
        (named("host.lazaret.internal", port), "the host itself"),
    ] {
        let refusal = dialer.dial(&destination).await.unwrap_err();
        assert_eq!(refusal.rule.0, "builtin:private-address");
        assert!(refusal.reason.contains(words), "{}", refusal.reason);
        assert!(refusal.reason.contains("a rule that names this address"));
    }
    // Nobody has come.
    let accepted = tokio::time::timeout(Duration::from_millis(20), listener.accept()).await;
    assert!(accepted.is_err());
}

#[tokio::test]
async fn an_address_that_a_rule_names_is_used() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    for (rule, destination) in [
        ("127.0.0.1", literal("127.0.0.1", port)),
        ("127.0.0.0/8", literal("127.0.0.1", port)),
        (
            "host.lazaret.internal",
            named("host.lazaret.internal", port),
        ),
    ] {
        let stream = dialer(&[rule]).dial(&destination).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap().port(), port, "{rule}");
        assert!(stream.nodelay().unwrap());
    }
}

#[tokio::test]
async fn a_name_without_an_address_is_told() {
    let destination = named("name-that-is-nobody-s.invalid", 443);
    let refusal = dialer(&[]).dial(&destination).await.unwrap_err();
    assert_eq!(refusal.rule.0, "builtin:unresolved");
    assert!(
        refusal
            .reason
            .starts_with("name-that-is-nobody-s.invalid has no address"),
        "{}",
        refusal.reason
    );
}

#[tokio::test]
async fn the_first_address_that_answers_is_used() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let end = listener.local_addr().unwrap();
    let closed = {
        let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
        other.local_addr().unwrap()
    };
    let stream = super::race::connect(&[closed, end]).await.unwrap();
    assert_eq!(stream.peer_addr().unwrap(), end);
    let error = super::race::connect(&[closed, closed]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    assert!(super::race::connect(&[]).await.is_err());
}

#[test]
fn families_take_turns() {
    let ends = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"].map(|end| end.parse().unwrap());
    let order: Vec<String> = super::race::by_turns(&ends)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(order, ["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"]);
}
