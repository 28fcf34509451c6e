use proptest::prelude::*;

use super::hosts::Hosts;
use super::tunnel::tunnel;
use super::{Origin, ProxyRoute};
use crate::options::Proxy;
use lazaret_values::Secret;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

fn hosts(entry: &str) -> Result<Hosts, String> {
    Hosts::parse(&[entry.to_owned()])
}

fn origin(text: &str) -> Origin {
    Origin::of(&text.parse().unwrap()).unwrap()
}

#[test]
fn lists_are_read_as_usual() {
    let check = |entry: &str, url: &str, expected: bool| {
        let found = hosts(entry).unwrap().contain(&origin(url));
        assert_eq!(found, expected, "{entry} {url}");
    };
    for (entry, url) in [
        ("*", "https://any.test"),
        ("reg.test", "https://reg.test"),
        ("Reg.Test", "https://REG.test:5000"),
        ("reg.test", "https://a.b.reg.test"),
        ("reg.test", "https://reg.test./x"),
        (".reg.test", "https://a.reg.test"),
        ("*.reg.test", "https://a.reg.test"),
        ("reg.test:5000", "http://reg.test:5000"),
        ("reg.test:443", "https://reg.test"),
        (" reg.test ", "https://reg.test"),
        ("10.1.2.3", "http://10.1.2.3:5000"),
        ("10.1.2.3:80", "http://10.1.2.3"),
        ("10.0.0.0/8", "http://10.255.0.1"),
        ("10.1.2.3/32", "http://10.1.2.3"),
        ("0.0.0.0/0", "http://8.8.8.8"),
        ("10.0.0.0/8", "http://[::ffff:10.0.0.1]"),
        ("::ffff:10.0.0.1", "http://10.0.0.1"),
        ("fd00::/8", "http://[fd12::1]"),
        ("::/0", "http://[2606:4700::1]"),
        ("fd00::1", "http://[fd00::1]:5000"),
        ("[fd00::1]:5000", "http://[fd00::1]:5000"),
    ] {
        check(entry, url, true);
    }
    for (entry, url) in [
        ("reg.test", "https://evilreg.test"),
        ("reg.test", "https://reg.test.evil"),
        (".reg.test", "https://reg.test"),
        ("reg.test:5000", "https://reg.test"),
        ("10.1.2.3", "http://10.1.2.30"),
        ("10.1.2.3:80", "https://10.1.2.3"),
        ("10.0.0.0/8", "http://11.0.0.1"),
        ("10.0.0.0/8", "http://10.evil.test"),
        ("10.1.2.2/31", "http://10.1.2.4"),
        ("fd00::/8", "http://10.0.0.1"),
        ("0.0.0.0/0", "http://[2606:4700::1]"),
        ("0.0.1", "http://10.0.0.1"),
    ] {
        check(entry, url, false);
    }
}

#[test]
fn what_is_no_list_is_refused() {
    for entry in [
        "",
        ".",
        "..a",
        "a..b",
        "a b",
        "a/b",
        "10.0.0.0/33",
        "::/129",
        "a:0",
        "a:x",
        "a:99999",
        "https://a",
        "[a]",
        "a,b",
        "**",
        "*a",
    ] {
        assert!(hosts(entry).is_err(), "{entry}");
    }
}

fn proxy(url: &str) -> Proxy {
    Proxy {
        url: url.to_owned(),
        credentials: None,
        direct: Vec::new(),
        by_name: Vec::new(),
    }
}

#[test]
fn settings_are_checked_and_not_shown() {
    for url in [
        "http://proxy.test:3128",
        "https://proxy.test",
        "http://[::1]:1/",
    ] {
        assert!(ProxyRoute::new(&proxy(url)).is_ok(), "{url}");
    }
    for url in [
        "",
        "proxy.test:3128",
        "socks5://proxy.test",
        "http://ada:hunter2@proxy.test",
        "http://proxy.test/path",
        "http://proxy.test/?hunter2",
        "http://proxy.test:0",
    ] {
        let error = ProxyRoute::new(&proxy(url)).err().unwrap();
        assert!(error.to_string().contains("URL of the proxy"), "{url}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
    let mut bare = proxy("http://proxy.test");
    bare.credentials = Some(Secret::new("hunter2"));
    let error = ProxyRoute::new(&bare).err().unwrap().to_string();
    assert!(error.contains("user:password"), "{error}");
    assert!(!error.contains("hunter2") && !format!("{bare:?}").contains("hunter2"));
    bare.credentials = None;
    bare.by_name = vec!["a b".to_owned()];
    let error = ProxyRoute::new(&bare).err().unwrap().to_string();
    assert!(error.contains("'a b'"), "{error}");
}

/// The outcome of a request for a tunnel that is answered so.
async fn answered(answer: &[u8]) -> Result<(), (String, bool)> {
    let (mut client, mut server) = tokio::io::duplex(1 << 20);
    server.write_all(answer).await.unwrap();
    server.shutdown().await.unwrap();
    let outcome = tunnel(&mut client, "reg.test:443", None).await;
    outcome.map_err(|refusal| (refusal.reason, refusal.is_transient))
}

#[tokio::test]
async fn answers_of_proxies_are_judged() {
    for good in [
        "HTTP/1.1 200 Connection established\r\n\r\n",
        "HTTP/1.0 200\r\nProxy-Agent: x\r\n\r\n",
        "HTTP/1.1 204 \r\n\r\n",
    ] {
        assert_eq!(answered(good.as_bytes()).await, Ok(()), "{good}");
    }
    let long = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    for (answer, words, is_transient) in [
        ("HTTP/1.1 407 X\r\n\r\n", "wants credentials", false),
        (
            "HTTP/1.1 403 X\r\n\r\nno",
            "opens no tunnel to reg.test:443",
            false,
        ),
        (
            "HTTP/1.1 503 X\r\n\r\nno",
            "cannot reach reg.test:443",
            true,
        ),
        (
            "HTTP/1.1 200 X\r\n\r\nHTTP/1.1 200",
            "more than the answer",
            false,
        ),
        ("HTTP/1.1 200 X\r\n", "closed", true),
        ("", "closed", true),
        ("SSH-2.0-x\r\n\r\n", "does not speak HTTP", false),
        ("HTTP/1.1 20\r\n\r\n", "does not speak HTTP", false),
        ("HTTP/1.1 100 X\r\n\r\n", "does not speak HTTP", false),
        (long.as_str(), "too long", false),
    ] {
        let (reason, transient) = answered(answer.as_bytes()).await.unwrap_err();
        assert!(reason.contains(words), "{answer}: {reason}");
        assert_eq!(transient, is_transient, "{answer}");
    }
}

#[tokio::test]
async fn the_request_is_one_for_a_tunnel() {
    let (mut client, mut server) = tokio::io::duplex(4096);
    let secret = Secret::new("Basic YWRhOnB3");
    let asked = tunnel(&mut client, "[fd00::1]:443", Some(&secret));
    let peer = async {
        let mut request = vec![0; 4096];
        let length = server.read(&mut request).await.unwrap();
        request.truncate(length);
        let answer = b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
        server.write_all(answer).await.unwrap();
        String::from_utf8(request).unwrap()
    };
    let (outcome, request) = tokio::join!(asked, peer);
    assert!(outcome.unwrap_err().reason.contains("does not accept"));
    assert!(request.starts_with("CONNECT [fd00::1]:443 HTTP/1.1\r\nHost: [fd00::1]:443\r\n"));
    assert!(request.contains("\r\nProxy-Authorization: Basic YWRhOnB3\r\n"));
    assert!(request.ends_with("\r\n\r\n"));
}

proptest! {
    #[test]
    fn no_entry_does_harm(entry in "\\PC{0,40}", bits in 0_u8..=128, host in any::<[u8; 16]>()) {
        let _ = hosts(&entry);
        let address = std::net::Ipv6Addr::from(host);
        let own = origin(&format!("http://[{address}]"));
        let network = format!("{address}/{bits}");
        let is_in = hosts(&network).unwrap().contain(&own);
        prop_assert_eq!(is_in, address.to_ipv4_mapped().is_none());
    }
}
