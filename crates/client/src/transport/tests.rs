use std::net::IpAddr;
use std::time::Duration;

use http::{HeaderMap, Uri, header};
use proptest::prelude::*;

use super::origin::{Origin, PlainHttp, resolve};
use super::reach::{Reach, Zone};
use super::retry::{Backoff, retry_after};
use crate::options::{Options, Retry};

#[test]
fn addresses_lie_in_zones() {
    let check = |address: &str, zone: Zone| {
        assert_eq!(Zone::of(address.parse().unwrap()), zone, "{address}");
    };
    for public in [
        "8.8.8.8",
        "100.63.0.1",
        "100.128.0.1",
        "172.32.0.1",
        "2606:4700::1",
        "64:ff9b::808:808",
    ] {
        check(public, Zone::Public);
    }
    for private in [
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "fec0::1",
    ] {
        check(private, Zone::Private);
    }
    for loopback in [
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
    ] {
        check(loopback, Zone::Loopback);
    }
    for link in [
        "169.254.169.254",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "fe80::1",
        "::",
        "ff02::1",
        "::ffff:169.254.169.254",
    ] {
        check(link, Zone::Link);
    }
}

#[test]
fn servers_point_outwards_only() {
    let check = |from: Zone, address: &str, allowed: bool| {
        let address: IpAddr = address.parse().unwrap();
        assert_eq!(
            Reach::From(from).allows(address),
            allowed,
            "{from:?} {address}"
        );
        assert!(Reach::Anywhere.allows(address));
    };
    check(Zone::Public, "8.8.8.8", true);
    check(Zone::Public, "10.0.0.1", false);
    check(Zone::Public, "127.0.0.1", false);
    check(Zone::Public, "169.254.169.254", false);
    check(Zone::Private, "8.8.8.8", true);
    check(Zone::Private, "10.0.0.1", true);
    check(Zone::Private, "127.0.0.1", false);
    check(Zone::Private, "169.254.169.254", false);
    check(Zone::Loopback, "10.0.0.1", true);
    check(Zone::Loopback, "::1", true);
    check(Zone::Loopback, "169.254.169.254", false);
    check(Zone::Link, "169.254.169.254", true);
}

#[tokio::test]
async fn the_reach_is_checked_on_the_address_behind_a_name() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let transport = super::Transport::new(&Options::default()).unwrap();
    for host in ["localhost", "127.0.0.1", "0x7f000001", "2130706433"] {
        let outgoing = super::Outgoing {
            method: http::Method::GET,
            uri: format!("http://{host}:{port}/").parse().unwrap(),
            headers: HeaderMap::new(),
            authorization: None,
            payload: super::Payload::Empty,
            reach: Reach::From(Zone::Public),
        };
        let failure = transport.send(outgoing).await.unwrap_err();
        // Unusual spellings of addresses are refused by the check or by the resolver.
        if !host.contains('0') || host.contains('.') {
            assert!(!failure.is_transient(), "{host}: {failure:?}");
        }
    }
    let nobody = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(nobody.is_err(), "a connection was made");
}

#[test]
fn locations_are_resolved() {
    let base: Uri = "https://reg.test:5000/v2/a/blobs/uploads/?x=1"
        .parse()
        .unwrap();
    let check = |target: &str, expected: Option<&str>| {
        let found = resolve(&base, target).map(|uri| uri.to_string());
        assert_eq!(found.as_deref(), expected, "{target}");
    };
    check("/v2/b?c=d", Some("https://reg.test:5000/v2/b?c=d"));
    check(
        "?n=2",
        Some("https://reg.test:5000/v2/a/blobs/uploads/?n=2"),
    );
    check(
        "next",
        Some("https://reg.test:5000/v2/a/blobs/uploads/next"),
    );
    check("//other.test/x", Some("https://other.test/x"));
    check("http://other.test/x#fragment", Some("http://other.test/x"));
    check("https://user:pw@other.test/", None);
    check("ftp://other.test/", None);
    check("javascript:alert(1)", None);
    check("", None);
    check("https://", None);
    check("https:///path", None);
    check("https://other.test:99999/", None);
}

#[test]
fn origins_are_scheme_host_and_port() {
    let origin = |text: &str| Origin::of(&text.parse().unwrap());
    assert_eq!(origin("https://a.test/x"), origin("https://A.TEST:443/y"));
    assert_ne!(origin("https://a.test/"), origin("http://a.test/"));
    assert_ne!(origin("https://a.test/"), origin("https://a.test:444/"));
    assert_ne!(origin("https://a.test/"), origin("https://b.test/"));
    assert_eq!(
        origin("http://[::1]:80/").unwrap().to_string(),
        "http://[::1]"
    );
    assert!(origin("http://[::1]/").unwrap().is_loopback());
    assert!(!origin("http://localhost.evil.test/").unwrap().is_loopback());
}

#[test]
fn plain_http_is_for_loopback_and_the_list() {
    let rule = |listed: &[&str], all: bool, tls: &[&str]| {
        PlainHttp::new(&Options {
            plain_http: listed.iter().map(|s| (*s).to_owned()).collect(),
            plain_http_all: all,
            tls: tls.iter().map(|s| (*s).to_owned()).collect(),
            ..Options::default()
        })
    };
    let check = |rule: &PlainHttp, registry: &str, plain: bool| {
        assert_eq!(rule.allows(&registry.parse().unwrap()), plain, "{registry}");
    };
    let bare = rule(&[], false, &["localhost:5001"]);
    for plain in [
        "localhost",
        "localhost:5000",
        "127.0.0.1:1",
        "127.255.0.1",
        "[::1]:5000",
    ] {
        check(&bare, plain, true);
    }
    for secure in [
        "localhost.evil",
        "127.0.0.1.evil.test",
        "reg.test",
        "10.0.0.1:5000",
        "[::2]",
        "localhost:5001",
        "x.localhost",
    ] {
        check(&bare, secure, false);
    }
    let listed = rule(&["Reg.test:5000", "10.0.0.1"], false, &[]);
    check(&listed, "reg.test:5000", true);
    check(&listed, "reg.test", false);
    check(&listed, "10.0.0.1", true);
    check(&listed, "10.0.0.1:81", false);
    check(&rule(&[], true, &[]), "reg.test", true);

    let step = |rule: &PlainHttp, from: &str, to: &str| {
        let origin = |text: &str| Origin::of(&text.parse().unwrap()).unwrap();
        rule.allows_step(&origin(from), &origin(to))
    };
    assert!(step(&bare, "https://a.test", "https://b.test"));
    assert!(step(&bare, "http://127.0.0.1:1", "https://b.test"));
    assert!(!step(&bare, "https://a.test", "http://a.test"));
    assert!(!step(&bare, "https://localhost", "http://localhost"));
    assert!(step(&bare, "http://127.0.0.1:1", "http://localhost:2"));
    assert!(!step(&bare, "http://127.0.0.1:1", "http://b.test"));
    assert!(!step(&listed, "http://reg.test:5000", "http://127.0.0.1"));
    assert!(step(&listed, "http://reg.test:5000", "http://10.0.0.1/"));
    assert!(!step(
        &rule(&[], true, &[]),
        "http://reg.test",
        "http://other.test"
    ));
    assert!(step(
        &rule(&[], true, &[]),
        "http://reg.test",
        "http://reg.test:81"
    ));
}

#[test]
fn waits_grow_and_end() {
    let mut backoff = Backoff::new(Retry::default());
    let waits: Vec<_> = std::iter::from_fn(|| backoff.after_failure(None)).collect();
    assert_eq!(waits.len(), 4, "five tries");
    for (n, wait) in waits.iter().enumerate() {
        let full = Duration::from_millis(100 << n);
        assert!(*wait >= full / 2 && *wait <= full, "{n}: {wait:?}");
    }
    let mut backoff = Backoff::new(Retry::default());
    assert_eq!(
        backoff.after_failure(Some(Duration::from_secs(20))),
        Some(Duration::from_secs(20))
    );
    assert!(
        backoff
            .after_failure(Some(Duration::from_secs(41)))
            .is_none(),
        "over the budget"
    );
}

#[test]
fn retry_after_is_seconds_or_a_date() {
    let parse = |text: &str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, text.parse().unwrap());
        retry_after(&headers)
    };
    assert_eq!(parse("7"), Some(Duration::from_secs(7)));
    assert_eq!(parse("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
    assert!(parse("Tue, 31 Dec 2999 23:59:59 GMT").unwrap() > Duration::from_secs(1_000_000));
    assert_eq!(parse("soon"), None);
    assert_eq!(parse("-1"), None);
}

proptest! {
    #[test]
    fn resolving_never_leaves_http(target in "\\PC{0,80}") {
        let base: Uri = "https://reg.test/v2/a".parse().unwrap();
        if let Some(uri) = resolve(&base, &target) {
            prop_assert!(Origin::of(&uri).is_some());
            prop_assert!(!uri.authority().unwrap().as_str().contains('@'));
        }
    }

    #[test]
    fn backoff_stays_within_its_budget(wishes in proptest::collection::vec(proptest::option::of(0_u64..100), 0..20)) {
        let policy = Retry { tries: 50, ..Retry::default() };
        let mut backoff = Backoff::new(policy);
        let mut total = Duration::ZERO;
        for wish in wishes {
            match backoff.after_failure(wish.map(Duration::from_secs)) {
                Some(wait) => total += wait,
                None => break,
            }
        }
        prop_assert!(total <= policy.budget + Duration::from_millis(1));
    }
}
