//! A server between a mirror and its upstream: it counts requests and delays every answer, as a
//! registry on another continent would.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A delaying server, whose threads end with the process.
pub(super) struct Delay {
    pub(super) address: String,
    requests: Arc<AtomicU64>,
}

impl Delay {
    /// Starts a server before `upstream` that answers after `delay`.
    pub(super) fn start(upstream: &str, delay: Duration) -> Result<Self, String> {
        let listener = TcpListener::bind("127.0.0.1:0").map_err(text)?;
        let address = listener.local_addr().map_err(text)?.to_string();
        let requests = Arc::new(AtomicU64::new(0));
        let (counted, upstream) = (Arc::clone(&requests), upstream.to_owned());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (counted, upstream) = (Arc::clone(&counted), upstream.clone());
                // A connection that breaks ends its thread; the measurement sees its own error.
                std::thread::spawn(move || relay(client, &upstream, delay, &counted));
            }
        });
        Ok(Self { address, requests })
    }

    /// Number of requests since the last call.
    pub(super) fn take(&self) -> u64 {
        self.requests.swap(0, Ordering::SeqCst)
    }
}

fn relay(
    client: TcpStream,
    upstream: &str,
    delay: Duration,
    requests: &AtomicU64,
) -> Result<(), String> {
    client.set_nodelay(true).map_err(text)?;
    let server = TcpStream::connect(upstream).map_err(text)?;
    server.set_nodelay(true).map_err(text)?;
    let (mut from_client, mut to_client) =
        (BufReader::new(client.try_clone().map_err(text)?), client);
    let (mut from_server, mut to_server) =
        (BufReader::new(server.try_clone().map_err(text)?), server);
    loop {
        let head = head(&mut from_client)?;
        if head.is_empty() {
            return Ok(());
        }
        requests.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(delay);
        to_server.write_all(head.as_bytes()).map_err(text)?;
        let answer = self::head(&mut from_server)?;
        to_client.write_all(answer.as_bytes()).map_err(text)?;
        let length = if head.starts_with("HEAD ") {
            0
        } else {
            length(&answer)
        };
        let copied = std::io::copy(&mut (&mut from_server).take(length), &mut to_client);
        if copied.map_err(text)? < length {
            return Ok(());
        }
    }
}

/// The lines of a message up to the empty one; nothing at the end of the connection.
fn head(stream: &mut impl BufRead) -> Result<String, String> {
    let mut head = String::new();
    loop {
        if stream.read_line(&mut head).map_err(text)? == 0 {
            return Ok(String::new());
        }
        if head.ends_with("\r\n\r\n") {
            return Ok(head);
        }
    }
}

fn length(head: &str) -> u64 {
    let mut lines = head.lines();
    let line = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then_some(value)
    });
    line.and_then(|value| value.trim().parse().ok())
        .unwrap_or(0)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
