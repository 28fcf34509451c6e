//! Guests that try to get past.

use lazaret_policy::{Rule, Verdict};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::LocalSet;

use super::server;
use super::world::{Settings, World, rule, run};

/// What a plain connection with `pass.test` answers to these bytes.
async fn answer(world: &World, bytes: &[u8]) -> String {
    let (mut guest, _) = world.connect("pass.test", 80);
    guest.write_all(bytes).await.unwrap();
    let mut told = Vec::new();
    while !told.ends_with(b"}\n") && guest.read_buf(&mut told).await.unwrap() > 0 {}
    String::from_utf8_lossy(&told).into_owned()
}

async fn plain() -> World {
    let world = World::new(Settings::default());
    world.host("pass.test", server::http(false).await);
    world
}

#[test]
fn requests_that_could_be_read_in_two_ways_do_not_pass() {
    run(async {
        let cases: [(&[u8], &str); 14] = [
            (b"GET / HTTP/1.1\r\n\r\n", "403"),
            (b"GET / HTTP/1.0\r\n\r\n", "403"),
            (b"GET / HTTP/1.1\r\nhost: pass.test\r\nhost: pass.test\r\n\r\n", "400"),
            (b"GET / HTTP/1.1\r\nhost: a@pass.test\r\n\r\n", "400"),
            (b"GET / HTTP/1.1\r\nhost: pass.test:99999\r\n\r\n", "403"),
            (b"GET http://other.test/ HTTP/1.1\r\nhost: pass.test\r\n\r\n", "400"),
            (b"GET http://other.test/ HTTP/1.1\r\nhost: other.test\r\n\r\n", "403"),
            (b"GET https://pass.test/ HTTP/1.1\r\nhost: pass.test\r\n\r\n", "400"),
            (b"CONNECT other.test:443 HTTP/1.1\r\nhost: other.test:443\r\n\r\n", "403"),
            (b"CONNECT pass.test:80 HTTP/1.1\r\nhost: pass.test:80\r\n\r\n", "403"),
            (
                b"POST / HTTP/1.1\r\nhost: pass.test\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
                "400",
            ),
            (
                b"POST / HTTP/1.1\r\nhost: pass.test\r\ntransfer-encoding: chunked, x\r\n\r\n0\r\n\r\n",
                "400",
            ),
            (b"GET / HTTP/1.1\r\nhost : pass.test\r\n\r\n", "400"),
            (b"GET  /  HTTP/1.1\r\nhost: pass.test\r\n\r\n", "400"),
        ];
        for (bytes, status) in cases {
            let world = plain().await;
            let told = answer(&world, bytes).await;
            let shown = String::from_utf8_lossy(bytes);
            assert_eq!(told.get(9..12), Some(status), "{shown} {told}");
            let passed = world
                .decisions()
                .iter()
                .any(|one| one.verdict == Verdict::Allow);
            assert!(!passed, "{shown}");
        }
    });
}

#[test]
fn a_request_inside_a_request_is_decided_or_never_sent() {
    run(async {
        let world = plain().await;
        // A server that goes by the length would see a second request.
        let bytes = b"POST /one HTTP/1.1\r\nhost: pass.test\r\ncontent-length: 60\r\n\
            transfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /two HTTP/1.1\r\nhost: other.test\r\n\r\n";
        let told = answer(&world, bytes).await;
        assert!(!told.contains("/two"), "{told}");
        assert!(told.matches("HTTP/1.1 200").count() <= 1, "{told}");
        for decision in world.decisions() {
            let path = decision.path.as_deref();
            assert!(path == Some("/one") || decision.verdict == Verdict::Deny);
        }
    });
}

#[test]
fn requests_that_follow_without_waiting_are_decided_one_by_one() {
    run(async {
        let world = plain().await;
        let (mut guest, _) = world.connect("pass.test", 80);
        let bytes = b"GET /one HTTP/1.1\r\nhost: pass.test\r\n\r\n\
            GET /two HTTP/1.1\r\nhost: other.test\r\n\r\n\
            GET /three HTTP/1.1\r\nhost: pass.test\r\nconnection: close\r\n\r\n";
        guest.write_all(bytes).await.unwrap();
        let mut told = String::new();
        guest.read_to_string(&mut told).await.unwrap();
        let statuses: Vec<_> = told
            .split("HTTP/1.1 ")
            .skip(1)
            .filter_map(|part| part.get(..4))
            .collect();
        assert_eq!(
            statuses
                .iter()
                .filter(|status| status.trim() == "200")
                .count(),
            2,
            "{told}"
        );
        let decided: Vec<_> = world
            .decisions()
            .into_iter()
            .map(|one| (one.path.unwrap(), one.verdict))
            .collect();
        assert_eq!(
            decided,
            [
                ("/one".to_owned(), Verdict::Allow),
                ("/two".to_owned(), Verdict::Deny),
                ("/three".to_owned(), Verdict::Allow)
            ]
        );
    });
}

#[test]
fn headers_of_one_connection_go_no_further() {
    run(async {
        let world = plain().await;
        let bytes = b"GET / HTTP/1.1\r\nhost: pass.test\r\nX-Kept: 1\r\nx-named: 1\r\n\
            connection: close, x-named, host\r\nkeep-alive: 1\r\nproxy-authorization: x\r\n\
            te: gzip, trailers\r\nupgrade: h2c\r\nhttp2-settings: x\r\n\r\n";
        let (mut guest, _) = world.connect("pass.test", 80);
        guest.write_all(bytes).await.unwrap();
        let mut told = String::new();
        guest.read_to_string(&mut told).await.unwrap();
        for absent in [
            "x-named",
            "keep-alive:",
            "proxy-auth",
            "upgrade",
            "http2-",
            "gzip",
        ] {
            assert!(!told.contains(absent), "{absent}: {told}");
        }
        for present in ["x-kept: 1", "host: pass.test", "te: trailers"] {
            assert!(told.contains(present), "{present}: {told}");
        }
    });
}

#[test]
fn a_switch_to_http_again_is_taken_out() {
    run(async {
        let world = plain().await;
        let bytes = b"GET /x HTTP/1.1\r\nhost: pass.test\r\nconnection: upgrade, close\r\n\
            upgrade: h2c\r\n\r\n";
        let (mut guest, _) = world.connect("pass.test", 80);
        guest.write_all(bytes).await.unwrap();
        let mut told = String::new();
        guest.read_to_string(&mut told).await.unwrap();
        assert!(told.starts_with("HTTP/1.1 200"), "{told}");
        assert!(!told.contains("h2c"), "{told}");
    });
}

#[test]
fn text_of_the_guest_is_printable_where_it_is_told() {
    run(async {
        let world = plain().await;
        let path = "a".repeat(5000);
        let bytes = format!("GET /{path} HTTP/1.1\r\nhost: other\r\n\r\n");
        answer(&world, bytes.as_bytes()).await;
        let decision = world.decision();
        assert!(decision.path.unwrap().chars().count() <= 1025);
    });
}

/// Runs a test whose clock runs when nothing else does; for tests without sockets.
fn run_paused(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, test);
}

#[test]
fn who_is_slow_is_not_waited_for() {
    run_paused(async {
        let starts: [&[u8]; 5] = [
            b"",
            b"\x16\x03\x01\x02",
            b"GET /",
            b"GET / HTTP/1.1\r\nhost: a",
            b"PRI * HTTP/2",
        ];
        for bytes in starts {
            for host in ["ask.test", "denied.test"] {
                let world = World::new(Settings {
                    rules: vec![rule("ask.test", Verdict::Ask)],
                    ..Settings::default()
                });
                let (mut guest, _) = world.connect(host, 443);
                guest.write_all(bytes).await.unwrap();
                let mut told = Vec::new();
                guest.read_to_end(&mut told).await.unwrap();
                assert!(!told.starts_with(b"HTTP/1.1 2"));
                assert_eq!(world.dials(), 0);
            }
        }
    });
}

#[test]
fn who_stops_in_the_middle_of_a_handshake_is_not_waited_for() {
    run_paused(async {
        let world = World::new(Settings::default());
        let (mut guest, _) = world.connect("ask.test", 443);
        guest
            .write_all(&crate::sniff::made::hello("ask.test"))
            .await
            .unwrap();
        let mut told = Vec::new();
        guest.read_to_end(&mut told).await.unwrap();
        assert_eq!(world.decision().rule.0, "builtin:handshake");
    });
}

#[test]
fn a_header_that_makes_another_request_of_it_is_decided_as_that_request() {
    run(async {
        let read = Rule {
            methods: vec!["GET".to_owned()],
            paths: vec!["/a/**".to_owned()],
            ..rule("pass.test", Verdict::Allow)
        };
        let cases = [
            ("", "200"),
            ("x-http-method-override: get\r\n", "200"),
            ("x-http-method-override: DELETE\r\n", "403"),
            ("X-HTTP-Method: POST\r\n", "403"),
            ("X_HTTP_Method_Override: DELETE\r\n", "403"),
            (
                "x-method-override: GET\r\nx-method-override: PUT\r\n",
                "400",
            ),
            ("x-original-url: /a/c\r\nX_Rewrite_URL: /a/d\r\n", "400"),
            ("x-original-url: /a/c?q=1\r\n", "200"),
            ("x-original-url: /b\r\n", "403"),
            ("x-rewrite-url: /a/../b\r\n", "403"),
        ];
        for (header, status) in cases {
            let world = World::new(Settings {
                rules: vec![read.clone()],
                ..Settings::default()
            });
            world.host("pass.test", server::http(false).await);
            let (mut guest, _) = world.connect("pass.test", 80);
            let request = format!("GET /a/b HTTP/1.1\r\nhost: pass.test\r\n{header}\r\n");
            guest.write_all(request.as_bytes()).await.unwrap();
            let mut told = [0; 12];
            guest.read_exact(&mut told).await.unwrap();
            assert_eq!(&told[9..], status.as_bytes(), "{header}");
        }
    });
}
