//! What the boundary costs: `cargo test --release -p lazaret-egress -- --ignored --nocapture measure`.

use std::time::Instant;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use lazaret_policy::Verdict;

use crate::message::ToBoundary;

use super::server;
use super::world::{Client, Settings, World, policy, rule, run};

/// Connections of which the median is told.
const CONNECTIONS: usize = 200;

/// Requests over one connection.
const REQUESTS: usize = 3000;

/// Bytes of a large body.
const LARGE: usize = 64 << 20;

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

async fn connections(world: &World, alpn: &str, direct: Option<std::net::SocketAddr>) -> f64 {
    let mut times = Vec::new();
    for _ in 0..CONNECTIONS {
        let start = Instant::now();
        let mut client = match direct {
            Some(address) => {
                let tcp = tokio::net::TcpStream::connect(address).await.unwrap();
                tcp.set_nodelay(true).unwrap();
                Client::one(
                    world
                        .handshake_over(tcp, "pass.test", &[alpn])
                        .await
                        .unwrap(),
                )
                .await
            }
            None => Client::one(world.tls("pass.test", "pass.test", &[alpn]).await.unwrap()).await,
        };
        assert_eq!(client.get("https://pass.test/").await.0, 200);
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    median(times)
}

async fn throughput(client: &mut Client) -> (f64, f64) {
    let start = Instant::now();
    for _ in 0..REQUESTS {
        assert_eq!(client.get("https://pass.test/").await.0, 200);
    }
    let rate = REQUESTS as f64 / start.elapsed().as_secs_f64();
    let request = client
        .request("POST", "https://pass.test/echo")
        .body(Full::new(Bytes::from(vec![7; LARGE])))
        .unwrap();
    let start = Instant::now();
    let mut body = client.send(request).await.into_body();
    let mut count = 0;
    while let Some(frame) = body.frame().await {
        count += frame.unwrap().into_data().unwrap().len();
    }
    assert_eq!(count, LARGE);
    let speed = 2.0 * LARGE as f64 / 1e6 / start.elapsed().as_secs_f64();
    (rate, speed)
}

#[test]
#[ignore = "it measures"]
fn measure() {
    run(async {
        let world = World::new(Settings::default());
        let config = world.authority.server("pass.test", &["h2", "http/1.1"]);
        let address = server::https(config).await;
        world.host("pass.test", address);
        let direct = connections(&world, "http/1.1", Some(address)).await;
        let passed = connections(&world, "http/1.1", None).await;
        println!("connection with one request, ms: direct {direct:.2}, passed {passed:.2}");
        let mut client = world.https("pass.test").await;
        println!(
            "passed, HTTP/1.1: requests/s, MB/s {:?}",
            throughput(&mut client).await
        );
        let inspected = rule("pass.test", Verdict::Ask);
        world.desk.take(ToBoundary::Policy(policy(vec![inspected])));
        let answering = async {
            loop {
                let ask = world.asked().await;
                world.answer(&ask, crate::message::Answer::Allow);
            }
        };
        let measuring = async {
            let looked = connections(&world, "http/1.1", None).await;
            println!("connection with one request, ms: inspected {looked:.2}");
            let mut client = world.https("pass.test").await;
            println!(
                "inspected, HTTP/1.1: requests/s, MB/s {:?}",
                throughput(&mut client).await
            );
            let mut client = world.https2("pass.test").await;
            println!(
                "inspected, HTTP/2: requests/s, MB/s {:?}",
                throughput(&mut client).await
            );
        };
        tokio::select! {
            () = measuring => {}
            () = answering => {}
        }
    });
}
