//! Tests large content over reused connections, in ranges, and with readers that stop.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::support::{Served, served};

const SIZE: usize = 5 * 1024 * 1024 + 321;

fn content() -> Vec<u8> {
    (0..SIZE)
        .map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()[2])
        .collect()
}

fn request(path: &str, more: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: registry\r\n{more}\r\n")
}

/// Reads one response and returns its body.
fn answer(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    body
}

fn pushed(served: &Served, content: &[u8]) -> String {
    let digest = served.push_blob("acme/app", content);
    format!("/v2/acme/app/blobs/{digest}")
}

#[test]
fn files_and_other_answers_share_a_connection() {
    let (_parent, served) = served();
    let content = content();
    let path = pushed(&served, &content);
    let mut stream = served.connect();
    // Pipelined, so that responses wait for each other in the server.
    let parts = [
        (0, SIZE - 1),
        (1, SIZE - 2),
        (SIZE - 100_000, SIZE - 1),
        (7, 70_007),
    ];
    for (first, last) in parts {
        let range = format!("Range: bytes={first}-{last}\r\n");
        stream.write_all(request(&path, &range).as_bytes()).unwrap();
        stream.write_all(request("/v2/", "").as_bytes()).unwrap();
    }
    for (first, last) in parts {
        assert!(
            answer(&mut stream) == content[first..=last],
            "{first}-{last}"
        );
        assert_eq!(answer(&mut stream), b"{}");
    }
}

#[test]
fn a_reader_that_leaves_does_no_harm() {
    let (_parent, served) = served();
    let content = content();
    let path = pushed(&served, &content);
    for _ in 0..8 {
        let mut stream = served.connect();
        stream.write_all(request(&path, "").as_bytes()).unwrap();
        let mut some = vec![0; 100_000];
        stream.read_exact(&mut some).unwrap();
    }
    assert!(served.get(&path).body == content);
}

#[test]
fn a_slow_reader_gets_everything() {
    let (_parent, served) = served();
    let content = content();
    let path = pushed(&served, &content);
    let mut stream = served.connect();
    stream.write_all(request(&path, "").as_bytes()).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(answer(&mut stream) == content);
}
