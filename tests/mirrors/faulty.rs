//! A server before an upstream that can be told to fail.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How the upstream fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It does not.
    None,
    /// It answers with this status.
    Status(u16),
    /// It takes connections and says nothing.
    Silent,
    /// Each byte of a body is another.
    WrongBytes,
    /// Bodies end in the middle.
    Cut,
}

/// Every way to fail.
pub(super) const FAULTS: [Fault; 9] = [
    Fault::Status(401),
    Fault::Status(403),
    Fault::Status(404),
    Fault::Status(429),
    Fault::Status(500),
    Fault::Status(503),
    Fault::WrongBytes,
    Fault::Cut,
    Fault::Silent,
];

/// A server whose threads end with the test.
pub(super) struct Faulty {
    pub(super) address: String,
    fault: Arc<Mutex<Fault>>,
    requests: Arc<AtomicUsize>,
}

impl Faulty {
    pub(super) fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let fault = Arc::new(Mutex::new(Fault::None));
        let requests = Arc::new(AtomicUsize::new(0));
        let (told, counted, upstream) = (
            Arc::clone(&fault),
            Arc::clone(&requests),
            upstream.to_owned(),
        );
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (told, counted) = (Arc::clone(&told), Arc::clone(&counted));
                let upstream = upstream.clone();
                // A connection that breaks ends its thread; the test sees what its client makes of it.
                std::thread::spawn(move || relay(client, &upstream, &told, &counted));
            }
        });
        Self {
            address,
            fault,
            requests,
        }
    }

    pub(super) fn fail(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    /// Number of requests since the last call.
    pub(super) fn take(&self) -> usize {
        self.requests.swap(0, Ordering::SeqCst)
    }
}

fn relay(
    client: TcpStream,
    upstream: &str,
    told: &Mutex<Fault>,
    counted: &AtomicUsize,
) -> std::io::Result<()> {
    let server = TcpStream::connect(upstream)?;
    let (mut from_client, mut to_client) = (BufReader::new(client.try_clone()?), client);
    let (mut from_server, mut to_server) = (BufReader::new(server.try_clone()?), server);
    loop {
        let head = head(&mut from_client)?;
        if head.is_empty() {
            return Ok(());
        }
        counted.fetch_add(1, Ordering::SeqCst);
        let fault = *told.lock().unwrap();
        match fault {
            Fault::Silent => {
                std::thread::sleep(Duration::from_secs(600));
                return Ok(());
            }
            Fault::Status(status) => {
                let answer = format!("HTTP/1.1 {status} no\r\nContent-Length: 0\r\n\r\n");
                to_client.write_all(answer.as_bytes())?;
                continue;
            }
            Fault::None | Fault::WrongBytes | Fault::Cut => {}
        }
        to_server.write_all(head.as_bytes())?;
        let answer = self::head(&mut from_server)?;
        to_client.write_all(answer.as_bytes())?;
        let length = match head.starts_with("HEAD ") {
            true => 0,
            false => length(&answer),
        };
        let mut body = vec![0; length];
        from_server.read_exact(&mut body)?;
        match fault {
            Fault::WrongBytes => body.iter_mut().for_each(|byte| *byte ^= 1),
            Fault::Cut if length > 0 => {
                to_client.write_all(&body[..length / 2])?;
                return Ok(());
            }
            _ => {}
        }
        to_client.write_all(&body)?;
    }
}

/// The lines of a message up to the empty one; nothing at the end of the connection.
fn head(stream: &mut impl BufRead) -> std::io::Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Ok(String::new());
        }
    }
    Ok(head)
}

fn length(head: &str) -> usize {
    let mut lines = head.lines();
    let line = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then_some(value)
    });
    line.and_then(|value| value.trim().parse().ok())
        .unwrap_or(0)
}
