//! Tests of the parsers of headers and other text of clients.

use std::net::IpAddr;

use http::HeaderMap;
use proptest::prelude::*;

use super::support::{basic, head};
use crate::api_keys;
use crate::form::Form;
use crate::header::{Credential, Malformed, authority, forwarded_for, forwarded_tls};
use crate::jwt::Unverified;
use crate::network::Network;
use crate::scope::{Scope, Scopes};

#[test]
fn credentials_are_read_strictly() {
    let parsed = Credential::parse(&basic("alice", "pass:word"));
    let expected = Credential::Basic {
        user: "alice".to_owned(),
        password: "pass:word".to_owned(),
    };
    assert_eq!(parsed, Ok(expected));
    assert_eq!(
        Credential::parse("bEARER  a.b-c_d"),
        Ok(Credential::Bearer("a.b-c_d".to_owned()))
    );
    let wrong = [
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic YWxpY2U=",
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer a\"b",
        "Digest x",
        "Negotiate x",
        "YWxpY2U6cHc=",
        // alice:p<newline>w, which would forge lines of a log
        "Basic YWxpY2U6cAp3",
    ];
    for text in wrong {
        assert!(Credential::parse(text).is_err(), "{text:?}");
    }
    let mut headers = HeaderMap::new();
    headers.append("authorization", "Bearer a".parse().unwrap());
    headers.append("authorization", "Bearer b".parse().unwrap());
    assert_eq!(Credential::of(&headers), Err(Malformed::Several));
    assert!(!format!("{:?}", Credential::parse("Bearer sesame")).contains("sesame"));
}

#[test]
fn hosts_are_hosts() {
    let of = |host: &str| {
        let mut head = head("GET", "/v2/", None);
        head.headers.insert("host", host.parse().unwrap());
        authority(&head).map(|host| host.as_str().to_owned())
    };
    assert_eq!(of("Example.com:5000").as_deref(), Some("example.com:5000"));
    assert_eq!(of("[::1]:5000").as_deref(), Some("[::1]:5000"));
    for wrong in [
        "",
        "a b",
        "evil\",scope=\"x",
        "user@host",
        "host/path",
        "host:0",
        "a..b",
        "host:99999",
    ] {
        assert_eq!(of(wrong), None, "{wrong:?}");
    }
    let mut two = head("GET", "/v2/", None);
    two.headers
        .append("host", "other.example.com".parse().unwrap());
    assert_eq!(authority(&two), None);
    assert!(
        authority(&head("GET", "https://h2.example.com/v2/", None))
            .is_some_and(|h| h.as_str() == "h2.example.com")
    );
}

#[test]
fn only_the_last_untrusted_address_counts() {
    let networks: Vec<Network> = ["10.0.0.0/8", "::1", "2001:db8::/32"]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    let trusted = |address: IpAddr| networks.iter().any(|network| network.contains(address));
    let client = |lines: &[&str]| {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        forwarded_for(&headers, trusted).map(|address| address.to_string())
    };
    assert_eq!(client(&["192.0.2.9"]).as_deref(), Some("192.0.2.9"));
    assert_eq!(
        client(&["1.1.1.1, 192.0.2.9, 10.1.2.3"]).as_deref(),
        Some("192.0.2.9")
    );
    assert_eq!(
        client(&["1.1.1.1", "192.0.2.9, ::1"]).as_deref(),
        Some("192.0.2.9")
    );
    assert_eq!(client(&["::ffff:192.0.2.9"]).as_deref(), Some("192.0.2.9"));
    assert_eq!(client(&["10.0.0.1"]).as_deref(), Some("10.0.0.1"));
    assert_eq!(client(&["nonsense, 10.0.0.1"]), None);
    assert_eq!(client(&[]), None);
    let mut headers = HeaderMap::new();
    headers.append("x-forwarded-proto", "http, https".parse().unwrap());
    assert_eq!(forwarded_tls(&headers), Some(true));
    for wrong in ["10.0.0.0/33", "10.0.0/8", "::/129", "x", "/8", "10.0.0.0/"] {
        assert!(wrong.parse::<Network>().is_err(), "{wrong}");
    }
    let everything: Network = "0.0.0.0/0".parse().unwrap();
    assert!(everything.contains("203.0.113.7".parse().unwrap()));
    assert!(!everything.contains("2001:db8::1".parse().unwrap()));
}

#[test]
fn scopes_are_read_as_clients_write_them() {
    let scopes: Scopes =
        "repository:acme/app:pull,push repository:acme/app:pull,delete registry:catalog:*"
            .parse()
            .unwrap();
    assert_eq!(
        scopes.to_string(),
        "repository:acme/app:pull,push,delete registry:catalog:*"
    );
    let class: Scope = "repository(plugin):acme/app:pull".parse().unwrap();
    assert_eq!(class.to_string(), "repository:acme/app:pull");
    let port: Scope = "repository:localhost:5000/app:pull".parse().unwrap();
    assert_eq!(port.name, "localhost:5000/app");
    assert!(port.wants().is_empty(), "it is no repository of ours");
    for wrong in [
        "x",
        "a:b",
        "repository::pull",
        ":a:b",
        "repository:a\"b:pull",
        "repository:a:p\"l",
    ] {
        assert!(wrong.parse::<Scopes>().is_err(), "{wrong}");
    }
    let many = (0..100)
        .map(|n| format!("repository:r{n}:pull "))
        .collect::<String>();
    assert!(many.parse::<Scopes>().is_err());
}

proptest! {
    #[test]
    fn parsers_take_anything(text in "\\PC{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Credential::parse(&text);
        let _ = Credential::parse(&format!("Basic {text}"));
        let _ = text.parse::<Scopes>();
        let _ = text.parse::<Network>();
        let _ = Form::parse(&text);
        let _ = api_keys::is_key(&text);
        let _ = Unverified::parse(&text);
        let mut headers = HeaderMap::new();
        if let Ok(value) = http::HeaderValue::from_bytes(&bytes) {
            headers.insert("authorization", value.clone());
            headers.insert("x-forwarded-for", value.clone());
            headers.insert("x-forwarded-proto", value);
        }
        let _ = Credential::of(&headers);
        let _ = forwarded_for(&headers, |_| false);
        let _ = forwarded_tls(&headers);
    }

    #[test]
    fn basic_credentials_come_through(user in "[^:\\pC]{0,30}", password in "[^\\pC]{0,60}") {
        let parsed = Credential::parse(&basic(&user, &password));
        prop_assert_eq!(parsed, Ok(Credential::Basic { user, password }));
    }

    #[test]
    fn scopes_come_through(
        names in prop::collection::vec("[a-z]{1,5}(/[a-z]{1,5}){0,2}", 1..6),
        actions in prop::sample::subsequence(vec!["pull", "push", "delete", "*"], 1..4),
    ) {
        let text: Vec<String> = names
            .iter()
            .map(|name| format!("repository:{name}:{}", actions.join(",")))
            .collect();
        let scopes: Scopes = text.join(" ").parse().unwrap();
        prop_assert_eq!(&scopes.to_string().parse::<Scopes>().unwrap(), &scopes);
        // The text can be put between quotes in a challenge.
        prop_assert!(!scopes.to_string().contains(['"', '\\']));
    }

    #[test]
    fn forms_come_through(value in "\\PC{0,40}") {
        let encoded: String = value.bytes().map(|b| format!("%{b:02X}")).collect();
        let form = Form::parse(&format!("a=1&b={encoded}&c")).unwrap();
        prop_assert_eq!(form.get("b"), Some(value.as_str()));
        prop_assert_eq!(form.get("c"), Some(""));
    }
}
