//! Connections that are passed through, or refused as a whole.

use std::cell::RefCell;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

use lazaret_policy::Verdict;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::desk::Destination;
use crate::message::ToBoundary;
use crate::sniff::made;

use super::server::{self, listen};
use super::world::{Client, Settings, World, policy, rule, run};

/// The alert of a refusal.
const ACCESS_DENIED: [u8; 7] = [21, 3, 3, 0, 2, 2, 49];

fn without_authority() -> World {
    World::new(Settings {
        intercept: false,
        ..Settings::default()
    })
}

/// A server that keeps what it gets and answers with `answer` first.
async fn sink(answer: &'static [u8]) -> (std::net::SocketAddr, Rc<RefCell<Vec<u8>>>) {
    let got: Rc<RefCell<Vec<u8>>> = Rc::default();
    let kept = Rc::clone(&got);
    let address = listen(move |mut stream| {
        let kept = Rc::clone(&kept);
        async move {
            let mut piece = [0; 4096];
            let mut answer = Some(answer);
            while let Ok(count @ 1..) = stream.read(&mut piece).await {
                kept.borrow_mut().extend(&piece[..count]);
                if let Some(answer) = answer.take() {
                    stream.write_all(answer).await.unwrap();
                }
            }
        }
    })
    .await;
    (address, got)
}

async fn read_all(mut guest: tokio::io::DuplexStream) -> Vec<u8> {
    let mut read = Vec::new();
    guest.read_to_end(&mut read).await.unwrap();
    read
}

#[test]
fn tls_passes_untouched_to_the_server_that_is_meant() {
    run(async {
        let world = without_authority();
        let config = world.authority.server("pass.test", &["h2", "http/1.1"]);
        world.host("pass.test", server::https(config).await);
        for alpn in ["http/1.1", "h2"] {
            let stream = world.tls("pass.test", "pass.test", &[alpn]).await.unwrap();
            let mut client = match alpn {
                "h2" => Client::two(stream).await,
                _ => Client::one(stream).await,
            };
            let (status, told) = client.get("https://pass.test/x").await;
            assert_eq!(status, 200);
            assert!(told.contains("request 1"), "{told}");
        }
        for decision in world.decisions() {
            assert_eq!(decision.verdict, Verdict::Allow);
            assert_eq!((decision.protocol.as_str(), decision.path), ("tls", None));
        }
    });
}

#[test]
fn a_first_message_in_pieces_passes_byte_for_byte() {
    run(async {
        let world = without_authority();
        let (address, got) = sink(b"\x15\x03\x03\0\x02\x02\x28").await;
        world.host("pass.test", address);
        let (mut guest, _) = world.connect("pass.test", 443);
        let share = vec![9; 20_000];
        let message = made::message(&[(0, &made::name("pass.test")), (51, &share)]);
        let mut bytes = made::records(&message, 500);
        // What a client may send before the server has answered.
        bytes.extend([20, 3, 3, 0, 1, 1, 23, 3, 3, 0, 2, 5, 5]);
        for piece in bytes.chunks(777) {
            guest.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        let mut alert = [0; 7];
        guest.read_exact(&mut alert).await.unwrap();
        guest.write_all(b"anything").await.unwrap();
        guest.shutdown().await.unwrap();
        read_all(guest).await;
        bytes.extend(b"anything");
        assert_eq!(*got.borrow(), bytes);
    });
}

#[test]
fn a_second_first_message_is_for_the_same_host() {
    /// A server that asks again, whose record has no more than the random.
    const AGAIN: &[u8] = b"\x16\x03\x03\x00\x26\x02\x00\x00\x22\x03\x03\
        \xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\
        \xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c";
    run(async {
        for (second, passes) in [("pass.test", true), ("other.test", false)] {
            let world = without_authority();
            let (address, got) = sink(AGAIN).await;
            world.host("pass.test", address);
            let (mut guest, reset) = world.connect("pass.test", 443);
            guest.write_all(&made::hello("pass.test")).await.unwrap();
            let mut told = [0; AGAIN.len()];
            guest.read_exact(&mut told).await.unwrap();
            guest.write_all(&made::hello(second)).await.unwrap();
            guest.shutdown().await.unwrap();
            read_all(guest).await;
            assert_eq!(reset.get(), !passes);
            let name = second.as_bytes();
            let got = got.borrow();
            let times = got.windows(name.len()).filter(|window| *window == name);
            assert_eq!(times.count(), if passes { 2 } else { 0 });
        }
    });
}

#[test]
fn a_server_may_speak_first() {
    run(async {
        let world = World::new(Settings::default());
        let server = listen(|mut stream| async move {
            stream.write_all(b"220 ready\r\n").await.unwrap();
            let mut line = [0; 6];
            stream.read_exact(&mut line).await.unwrap();
            stream.write_all(&line).await.unwrap();
        })
        .await;
        world.host("pass.test", server);
        let (mut guest, _) = world.connect("pass.test", 25);
        let mut banner = [0; 11];
        guest.read_exact(&mut banner).await.unwrap();
        guest.write_all(b"QUIT\r\n").await.unwrap();
        guest.shutdown().await.unwrap();
        assert_eq!(read_all(guest).await, b"QUIT\r\n");
        assert_eq!(world.decision().protocol, "tcp");
    });
}

#[test]
fn a_server_may_end_before_anything_is_said() {
    run(async {
        let world = World::new(Settings::default());
        let server = listen(|mut stream| async move {
            stream.write_all(b"sorry").await.unwrap();
        })
        .await;
        world.host("pass.test", server);
        let (guest, _) = world.connect("pass.test", 25);
        let (mut read, _write) = tokio::io::split(guest);
        let mut told = Vec::new();
        read.read_to_end(&mut told).await.unwrap();
        assert_eq!(told, b"sorry");
    });
}

#[test]
fn a_forged_or_missing_server_name_is_told_that_it_is_refused() {
    run(async {
        for (said, reason) in [("other.test", "sni-mismatch"), ("28.0.0.1", "no-sni")] {
            let world = World::new(Settings::default());
            let (address, got) = sink(b"").await;
            world.host("pass.test", address);
            // The client gets a certificate for what it has asked for.
            let stream = world.tls("pass.test", said, &["http/1.1"]).await;
            let mut client = Client::one(stream.unwrap()).await;
            let (status, told) = client.get(&format!("https://{said}/")).await;
            assert_eq!(status, 403);
            assert!(told.contains(reason), "{told}");
            let decision = world.decision();
            assert_eq!(decision.verdict, Verdict::Deny);
            assert!(decision.rule.0.ends_with(reason));
            assert!(got.borrow().is_empty());
        }
    });
}

#[test]
fn without_an_authority_tls_ends_with_an_alert() {
    run(async {
        let hidden = made::message(&[(0, &made::name("pass.test")), (0xfe0d, &[1])]);
        for (bytes, host, rule) in [
            (made::hello("denied.test"), "denied.test", "builtin:default"),
            (
                made::hello("other.test"),
                "pass.test",
                "builtin:sni-mismatch",
            ),
            (made::records(&hidden, 999), "pass.test", "builtin:ech"),
            (made::hello("ask.test"), "ask.test", "builtin:no-authority"),
        ] {
            let world = without_authority();
            let (address, got) = sink(b"").await;
            world.host("pass.test", address);
            let (mut guest, _) = world.connect(host, 443);
            guest.write_all(&bytes).await.unwrap();
            assert_eq!(read_all(guest).await, ACCESS_DENIED);
            let decision = world.decision();
            assert_eq!(
                (decision.verdict, decision.rule.0.as_str()),
                (Verdict::Deny, rule)
            );
            assert!(got.borrow().is_empty());
        }
    });
}

#[test]
fn a_hidden_first_message_is_answered_by_ourselves() {
    run(async {
        let world = World::new(Settings::default());
        let (address, got) = sink(b"").await;
        world.host("pass.test", address);
        let (mut guest, _) = world.connect("pass.test", 443);
        let name = made::name("pass.test");
        let hidden = made::message(&[(0, &name), (0xfe0d, &[1, 2, 3, 0x5a, 0x5a])]);
        guest.write_all(&made::records(&hidden, 999)).await.unwrap();
        guest.shutdown().await.unwrap();
        read_all(guest).await;
        let theirs = [0x5a, 0x5a];
        assert!(!got.borrow().windows(2).any(|window| window == theirs));
        assert_eq!(world.decision().rule.0, "builtin:handshake");
    });
}

#[test]
fn a_denied_host_answers_with_the_reason() {
    run(async {
        let world = World::new(Settings::default());
        let mut client = world.https("denied.test").await;
        let (status, told) = client.get("https://denied.test/a?secret=1").await;
        assert_eq!(status, 403);
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["error"]["type"], "refused");
        assert_eq!(told["host"], "denied.test");
        assert_eq!(told["rule"], "builtin:default");
        assert_eq!(told["hint"], "lazaret policy allow denied.test --port 443");
        let decision = world.decision();
        assert_eq!(decision.path.as_deref(), Some("/a"));
        assert_eq!(world.dials(), 0);
    });
}

#[test]
fn what_is_not_http_is_reset_where_it_is_refused() {
    run(async {
        for (host, reason) in [
            ("denied.test", "builtin:default"),
            ("ask.test", "builtin:not-http"),
        ] {
            let world = World::new(Settings::default());
            let (mut guest, reset) = world.connect(host, 22);
            guest.write_all(b"SSH-2.0-x\r\n").await.unwrap();
            assert_eq!(read_all(guest).await, b"");
            assert!(reset.get());
            let decision = world.decision();
            assert_eq!(
                (decision.protocol.as_str(), decision.rule.0.as_str()),
                ("tcp", reason)
            );
        }
    });
}

#[test]
fn a_server_that_is_not_there_is_told_over_tls() {
    run(async {
        let world = World::new(Settings::default());
        let mut client = world.https("pass.test").await;
        let (status, told) = client.get("https://pass.test/").await;
        assert_eq!(status, 502);
        assert!(told.contains("pass.test has no address"), "{told}");
    });
}

#[test]
fn an_address_is_spoken_to_over_tls_only_where_a_rule_names_it() {
    run(async {
        for (pattern, said, passes) in [
            ("*", "pass.test", false),
            ("*", "192.0.2.1", false),
            ("192.0.2.1", "pass.test", true),
            ("192.0.2.1", "192.0.2.1", true),
        ] {
            let world = World::new(Settings {
                rules: vec![rule(pattern, Verdict::Allow)],
                intercept: false,
                ..Settings::default()
            });
            let config = world.authority.server(said, &["http/1.1"]);
            world.host("192.0.2.1", server::https(config).await);
            let (guest, _) = world.reach(Destination {
                name: None,
                address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
                port: 443,
            });
            let stream = world.handshake_over(guest, said, &["http/1.1"]).await;
            assert_eq!(stream.is_ok(), passes, "{pattern} {said}");
            if let Ok(stream) = stream {
                let mut client = Client::one(stream).await;
                assert_eq!(client.get(&format!("https://{said}/")).await.0, 200);
                continue;
            }
            assert_eq!(world.decision().rule.0, "builtin:literal-address");
        }
    });
}

#[test]
fn a_policy_that_denies_ends_what_had_passed() {
    run(async {
        let world = World::new(Settings::default());
        let (address, _) = sink(b"hello").await;
        world.host("pass.test", address);
        let (mut guest, reset) = world.connect("pass.test", 7);
        guest.write_all(b"x\r\n").await.unwrap();
        let mut told = [0; 5];
        guest.read_exact(&mut told).await.unwrap();
        let denied = policy(vec![rule("pass.test", Verdict::Deny)]);
        world.desk.take(ToBoundary::Policy(denied));
        assert_eq!(read_all(guest).await, b"");
        assert!(reset.get());
        assert_eq!(world.decisions()[1].verdict, Verdict::Deny);
    });
}
