//! Requests and connections about which a person is asked.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use lazaret_policy::Verdict;
use tokio::io::AsyncWriteExt as _;

use crate::message::{Answer, FromBoundary, ToBoundary};

use super::server;
use super::world::{Client, Settings, World, policy, rule, run, text};

async fn asking(hold: Duration) -> World {
    let world = World::new(Settings {
        hold,
        ..Settings::default()
    });
    let config = world.authority.server("ask.test", &["h2", "http/1.1"]);
    world.host("ask.test", server::https(config).await);
    world
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn a_request_is_held_until_it_is_answered() {
    run(async {
        for two in [false, true] {
            let world = asking(LONG).await;
            // The handshake does not wait for an answer.
            let mut client = match two {
                true => world.https2("ask.test").await,
                false => world.https("ask.test").await,
            };
            let (told, ask) = tokio::join!(client.get("https://ask.test/a?b"), async {
                let ask = world.asked().await;
                assert_eq!(world.dials(), 0);
                world.answer(&ask, Answer::Allow);
                ask
            });
            assert_eq!(told.0, 200);
            assert_eq!(ask.method.as_deref(), Some("GET"));
            assert_eq!(ask.path.as_deref(), Some("/a"));
            assert!(!ask.connection);
            let (told, ()) = tokio::join!(client.get("https://ask.test/b"), async {
                let ask = world.asked().await;
                world.answer(&ask, Answer::Deny);
            });
            assert_eq!(told.0, 403);
            assert!(told.1.contains("it was asked for and denied"), "{}", told.1);
            let verdicts: Vec<_> = world.decisions().iter().map(|one| one.verdict).collect();
            assert_eq!(verdicts, [Verdict::Allow, Verdict::Deny]);
        }
    });
}

#[test]
fn nobody_answers_in_time() {
    run(async {
        let world = asking(Duration::from_millis(50)).await;
        let mut client = world.https("ask.test").await;
        let (status, told) = client.get("https://ask.test/").await;
        assert_eq!(status, 403);
        assert!(told.contains("not answered in time"), "{told}");
        assert_eq!(world.dials(), 0);
    });
}

#[test]
fn a_question_is_taken_back_when_the_client_has_gone() {
    run(async {
        for two in [false, true] {
            let world = asking(LONG).await;
            let mut client = match two {
                true => world.https2("ask.test").await,
                false => world.https("ask.test").await,
            };
            let request = client
                .request("POST", "https://ask.test/")
                .body(Full::new(Bytes::from("unread")))
                .unwrap();
            let ask = tokio::select! {
                _ = client.send(request) => panic!("it was answered"),
                ask = world.asked() => ask,
            };
            drop(client);
            let over = world
                .until(|message| match message {
                    FromBoundary::AskOver { ask } => Some(*ask),
                    _ => None,
                })
                .await;
            assert_eq!(over, ask.ask);
            assert_eq!(world.dials(), 0);
        }
    });
}

#[test]
fn a_new_policy_decides_what_is_held() {
    run(async {
        let world = asking(LONG).await;
        let mut client = world.https("ask.test").await;
        let (told, ()) = tokio::join!(client.get("https://ask.test/"), async {
            world.asked().await;
            let allowed = policy(vec![rule("ask.test", Verdict::Allow)]);
            world.desk.take(ToBoundary::Policy(allowed));
        });
        assert_eq!(told.0, 200);
    });
}

#[test]
fn requests_of_one_connection_are_held_each_by_itself() {
    run(async {
        let world = asking(LONG).await;
        let client = world.https2("ask.test").await;
        let Client::Two(sender) = client else {
            panic!("HTTP/2 was asked for");
        };
        let get = |path: &str| {
            let mut client = Client::Two(sender.clone());
            let url = format!("https://ask.test/{path}");
            async move { client.get(&url).await.0 }
        };
        let (one, other, ()) = tokio::join!(get("one"), get("other"), async {
            let (first, second) = (world.asked().await, world.asked().await);
            for ask in [&second, &first] {
                let allowed = ask.path.as_deref() == Some("/one");
                world.answer(ask, if allowed { Answer::Allow } else { Answer::Deny });
            }
        });
        assert_eq!((one, other), (200, 403));
    });
}

#[test]
fn a_held_request_is_sent_with_its_body_after_the_answer() {
    run(async {
        let world = asking(LONG).await;
        let mut client = world.https("ask.test").await;
        let body = Bytes::from(vec![b'x'; 500_000]);
        let request = client
            .request("POST", "https://ask.test/echo")
            .body(Full::new(body.clone()))
            .unwrap();
        let (response, ()) = tokio::join!(client.send(request), async {
            let ask = world.asked().await;
            world.answer(&ask, Answer::Allow);
        });
        let (status, echoed) = text(response).await;
        assert_eq!((status, echoed.len()), (200, body.len()));
    });
}

#[test]
fn a_plain_request_is_held_as_well() {
    run(async {
        let world = asking(LONG).await;
        world.host("ask.test", server::http(false).await);
        let (mut stream, _) = world.connect("ask.test", 80);
        stream.write_all(b"GE").await.unwrap();
        let rest = async {
            stream
                .write_all(b"T / HTTP/1.1\r\nhost: ask.test\r\nconnection: close\r\n\r\n")
                .await
                .unwrap();
            let mut told = String::new();
            tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut told)
                .await
                .unwrap();
            told
        };
        let (told, ()) = tokio::join!(rest, async {
            let ask = world.asked().await;
            world.answer(&ask, Answer::Allow);
        });
        assert!(told.starts_with("HTTP/1.1 200 OK\r\n"), "{told}");
    });
}
