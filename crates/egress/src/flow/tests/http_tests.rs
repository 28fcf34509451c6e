//! Requests that are looked into.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper_util::rt::TokioIo;
use lazaret_policy::Verdict;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::spawn_local;

use crate::message::{Answer, ToBoundary};

use super::server;
use super::world::{Client, Settings, World, policy, rule, run, text};

/// A world whose requests to `ask.test` are looked into and always allowed.
async fn inspected(alpn: &[&str]) -> World {
    let world = World::new(Settings::default());
    let config = world.authority.server("ask.test", alpn);
    world.host("ask.test", server::https(config).await);
    world
}

/// Allows every request while something is done.
async fn allowing<T>(world: &World, done: impl Future<Output = T>) -> T {
    let answering = async {
        loop {
            let ask = world.asked().await;
            world.answer(&ask, Answer::Allow);
        }
    };
    tokio::select! {
        done = done => done,
        () = answering => unreachable!(),
    }
}

#[test]
fn plain_requests_are_checked_one_by_one() {
    run(async {
        let world = World::new(Settings::default());
        world.host("pass.test", server::http(false).await);
        let (stream, _) = world.connect("pass.test", 80);
        let mut client = Client::one(stream).await;
        for (number, path) in ["one", "two"].iter().enumerate() {
            let (status, told) = client.get(&format!("http://pass.test/{path}")).await;
            assert_eq!(status, 200);
            let expected = format!("/{path} HTTP/1.1 request {}", number + 1);
            assert!(told.contains(&expected), "{told}");
        }
        for url in ["http://other.test/", "http://pass.test:8080/"] {
            let (status, told) = client.get(url).await;
            assert_eq!(status, 403);
            assert!(told.contains("builtin:host-mismatch"), "{told}");
        }
        let denied = policy(vec![rule("pass.test", Verdict::Deny)]);
        world.desk.take(ToBoundary::Policy(denied));
        assert_eq!(client.get("http://pass.test/three").await.0, 403);
        assert_eq!(world.decisions().len(), 5);
        assert_eq!(world.dials(), 1);
    });
}

#[test]
fn http2_without_tls_passes_although_the_server_speaks_first() {
    run(async {
        let world = World::new(Settings::default());
        world.host("pass.test", server::http(true).await);
        let (stream, _) = world.connect("pass.test", 50051);
        // The server's first frame is there before the client says anything.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let mut client = Client::two(stream).await;
        let (status, told) = client.get("http://pass.test:50051/x").await;
        assert_eq!(status, 200);
        assert!(told.contains("/x HTTP/2.0"), "{told}");
    });
}

#[test]
fn versions_of_both_sides_are_independent() {
    run(async {
        for server in [&["h2", "http/1.1"][..], &["http/1.1"], &[]] {
            for two in [false, true] {
                let world = inspected(server).await;
                let mut client = match two {
                    true => world.https2("ask.test").await,
                    false => world.https("ask.test").await,
                };
                let (status, told) = allowing(&world, client.get("https://ask.test/x?y")).await;
                assert_eq!(status, 200);
                let version = if two && server.len() == 2 {
                    "HTTP/2.0"
                } else {
                    "HTTP/1.1"
                };
                assert!(told.contains(version), "{two} {server:?} {told}");
                assert!(told.contains("/x?y"), "{told}");
            }
        }
    });
}

#[test]
fn a_client_is_offered_what_the_server_is_known_to_have() {
    run(async {
        let world = inspected(&["http/1.1"]).await;
        let mut client = world.https2("ask.test").await;
        allowing(&world, client.get("https://ask.test/")).await;
        let both = ["h2", "http/1.1"];
        let stream = world.tls("ask.test", "ask.test", &both).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    });
}

#[test]
fn connections_to_the_server_are_kept() {
    run(async {
        let world = inspected(&["http/1.1"]).await;
        let mut client = world.https("ask.test").await;
        for number in 1..4 {
            let (_, told) = allowing(&world, client.get("https://ask.test/")).await;
            assert!(told.contains(&format!("request {number}")), "{told}");
        }
        assert_eq!(world.dials(), 1);
    });
}

#[test]
fn bodies_stream_in_both_directions_at_once() {
    run(async {
        for (alpn, two) in [("h2", true), ("http/1.1", false), ("http/1.1", true)] {
            let world = inspected(&[alpn]).await;
            let (sender, receiver) = tokio::sync::mpsc::channel::<Bytes>(1);
            let frames = futures_util::stream::unfold(receiver, |mut receiver| async {
                let bytes = receiver.recv().await?;
                Some((Ok::<_, std::io::Error>(Frame::data(bytes)), receiver))
            });
            let body = http_body_util::BodyExt::boxed_unsync(StreamBody::new(frames));
            let request = Request::post("https://ask.test/echo");
            let stream = |alpn| world.tls("ask.test", "ask.test", alpn);
            let mut response = if two {
                let io = TokioIo::new(stream(&["h2"]).await.unwrap());
                let executor = hyper_util::rt::TokioExecutor::new();
                let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io)
                    .await
                    .unwrap();
                spawn_local(connection);
                let sent = sender.send_request(request.body(body).unwrap());
                allowing(&world, sent).await.unwrap()
            } else {
                let io = TokioIo::new(stream(&["http/1.1"]).await.unwrap());
                let (mut sender, connection) =
                    hyper::client::conn::http1::handshake(io).await.unwrap();
                spawn_local(connection);
                let request = request.uri("/echo").header("host", "ask.test");
                let sent = sender.send_request(request.body(body).unwrap());
                allowing(&world, sent).await.unwrap()
            };
            // Each piece comes back before the next one is sent.
            for number in 0..20 {
                let piece = Bytes::from(vec![number; 10_000]);
                sender.send(piece.clone()).await.unwrap();
                let mut back = Vec::new();
                while back.len() < piece.len() {
                    let frame = response.body_mut().frame().await.unwrap().unwrap();
                    back.extend(frame.into_data().unwrap());
                }
                assert_eq!(back, piece);
            }
            drop(sender);
            let rest = response.into_body().collect().await.unwrap();
            assert!(rest.to_bytes().is_empty());
        }
    });
}

#[test]
fn trailers_pass_as_calls_of_grpc_need_them() {
    run(async {
        let world = inspected(&["h2"]).await;
        let io = TokioIo::new(world.tls("ask.test", "ask.test", &["h2"]).await.unwrap());
        let executor = hyper_util::rt::TokioExecutor::new();
        let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io)
            .await
            .unwrap();
        spawn_local(connection);
        let mut trailers = HeaderMap::new();
        trailers.insert("x-asked", HeaderValue::from_static("1"));
        let frames = [
            Ok::<_, std::io::Error>(Frame::data(Bytes::from("call"))),
            Ok(Frame::trailers(trailers)),
        ];
        let request = Request::post("https://ask.test/trailers")
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(StreamBody::new(futures_util::stream::iter(frames)))
            .unwrap();
        let response = allowing(&world, sender.send_request(request))
            .await
            .unwrap();
        let collected = response.into_body().collect().await.unwrap();
        let trailers = collected.trailers().unwrap();
        assert_eq!(trailers["grpc-status"], "0");
        assert_eq!(trailers["x-asked"], "1");
        assert_eq!(collected.to_bytes(), "call");
    });
}

#[test]
fn a_refused_call_of_grpc_is_only_trailers() {
    run(async {
        let world = World::new(Settings::default());
        let mut client = world.https2("denied.test").await;
        let request = client
            .request("POST", "https://denied.test/service/Call")
            .header("content-type", "application/grpc+proto")
            .body(Full::new(Bytes::from("call")))
            .unwrap();
        let response = client.send(request).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["grpc-status"], "7");
        let message = response.headers()["grpc-message"].to_str().unwrap();
        assert!(
            message.contains("lazaret policy allow denied.test"),
            "{message}"
        );
        assert!(http_body::Body::is_end_stream(response.body()));
    });
}

#[test]
fn both_sides_may_switch_to_something_else() {
    run(async {
        let world = inspected(&["h2", "http/1.1"]).await;
        let mut stream = world
            .tls("ask.test", "ask.test", &["http/1.1"])
            .await
            .unwrap();
        let request = b"GET /switch HTTP/1.1\r\nhost: ask.test\r\nconnection: Upgrade\r\n\
            upgrade: websocket\r\nsec-websocket-key: x\r\n\r\nping!";
        stream.write_all(request).await.unwrap();
        let mut told = Vec::new();
        allowing(&world, stream.read_to_end(&mut told))
            .await
            .unwrap();
        let told = String::from_utf8(told).unwrap();
        assert!(told.starts_with("HTTP/1.1 101 "), "{told}");
        assert!(
            told.to_lowercase().contains("upgrade: websocket\r\n"),
            "{told}"
        );
        assert!(told.ends_with("\r\n\r\npong ping!"), "{told}");
        assert_eq!(world.decision().path.as_deref(), Some("/switch"));
    });
}

#[test]
fn a_refused_switch_stays_refused() {
    run(async {
        let world = World::new(Settings::default());
        let mut stream = world.tls("denied.test", "denied.test", &[]).await.unwrap();
        let request =
            b"GET /switch HTTP/1.1\r\nhost: denied.test\r\nconnection: Upgrade, close\r\n\
            upgrade: websocket\r\n\r\nping!";
        stream.write_all(request).await.unwrap();
        let mut told = String::new();
        stream.read_to_string(&mut told).await.unwrap();
        assert!(told.starts_with("HTTP/1.1 403 "), "{told}");
    });
}

#[test]
fn a_body_is_asked_for_only_when_the_request_may_pass() {
    run(async {
        let world = inspected(&["http/1.1"]).await;
        let mut stream = world.tls("ask.test", "ask.test", &[]).await.unwrap();
        let head = b"POST /echo HTTP/1.1\r\nhost: ask.test\r\ncontent-length: 4\r\n\
            expect: 100-continue\r\nconnection: close\r\n\r\n";
        stream.write_all(head).await.unwrap();
        let mut told = vec![0; 25];
        allowing(&world, stream.read_exact(&mut told))
            .await
            .unwrap();
        assert_eq!(told, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(b"body").await.unwrap();
        let mut rest = String::new();
        stream.read_to_string(&mut rest).await.unwrap();
        assert!(
            rest.starts_with("HTTP/1.1 200 OK\r\n") && rest.ends_with("body"),
            "{rest}"
        );

        let mut stream = world.tls("denied.test", "denied.test", &[]).await.unwrap();
        let head = String::from_utf8(head.to_vec()).unwrap();
        let head = head.replace("ask.test", "denied.test");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut told = String::new();
        stream.read_to_string(&mut told).await.unwrap();
        assert!(told.starts_with("HTTP/1.1 403 "), "{told}");
    });
}

#[test]
fn a_server_with_a_bad_certificate_is_told_with_the_reason() {
    run(async {
        let world = World::new(Settings::default());
        let config = world.authority.server("other.test", &["http/1.1"]);
        world.host("ask.test", server::https(config).await);
        let mut client = world.https("ask.test").await;
        let (status, told) = allowing(&world, client.get("https://ask.test/")).await;
        assert_eq!(status, 502);
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["error"]["type"], "unreachable");
        let reason = told["reason"].as_str().unwrap();
        assert!(
            reason.starts_with("no TLS with ask.test: invalid peer certificate"),
            "{reason}"
        );
        assert_eq!(world.decision().verdict, Verdict::Deny);
    });
}

#[test]
fn a_large_body_of_a_refused_request_does_not_hide_the_answer() {
    run(async {
        let world = World::new(Settings::default());
        for two in [false, true] {
            let mut client = match two {
                true => world.https2("denied.test").await,
                false => world.https("denied.test").await,
            };
            for _ in 0..2 {
                let request = client
                    .request("PUT", "https://denied.test/")
                    .body(Full::new(Bytes::from(vec![0; 3 << 20])))
                    .unwrap();
                assert_eq!(text(client.send(request).await).await.0, 403);
            }
        }
    });
}
