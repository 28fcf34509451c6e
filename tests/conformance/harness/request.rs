//! A request as it goes over the wire, one connection each.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::Reply;

/// How long an answer may take before the check gives up.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
enum Body {
    None,
    /// With `Content-Length`.
    Sized(Vec<u8>),
    /// With `Transfer-Encoding: chunked`: the length is not known before the end.
    Streamed(Vec<u8>),
}

/// A request, and nothing that its maker did not ask for.
#[derive(Debug)]
pub(crate) struct Request {
    address: SocketAddr,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Body,
}

impl Request {
    pub(super) fn new(address: SocketAddr, method: &str, path: &str) -> Self {
        Self {
            address,
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Body::None,
        }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, bytes: &[u8]) -> Self {
        self.body = Body::Sized(bytes.to_vec());
        self
    }

    pub(crate) fn streamed(mut self, bytes: &[u8]) -> Self {
        self.body = Body::Streamed(bytes.to_vec());
        self
    }

    /// Sends it and checks what holds for every answer.
    #[track_caller]
    pub(crate) fn send(self) -> Reply {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // A registry may refuse a body that it has not read; its answer still counts.
        let _ = stream.write_all(&self.bytes());
        let mut answer = Vec::new();
        let ended = stream.read_to_end(&mut answer);
        assert!(
            ended.is_ok() || !answer.is_empty(),
            "no answer to {} {}: {ended:?}",
            self.method,
            self.path
        );
        let reply = Reply::parse(&self.method, &self.path, &answer);
        reply.holds_for_every_answer();
        reply
    }

    fn bytes(&self) -> Vec<u8> {
        let Self { method, path, .. } = self;
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: registry.example\r\n");
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = match &self.body {
            Body::None if matches!(method.as_str(), "GET" | "HEAD" | "DELETE") => Vec::new(),
            Body::None => {
                head.push_str("Content-Length: 0\r\n");
                Vec::new()
            }
            Body::Sized(bytes) => {
                head.push_str(&format!("Content-Length: {}\r\n", bytes.len()));
                bytes.clone()
            }
            Body::Streamed(bytes) => {
                head.push_str("Transfer-Encoding: chunked\r\n");
                in_pieces(bytes)
            }
        };
        head.push_str("Connection: close\r\n\r\n");
        let mut request = head.into_bytes();
        request.extend_from_slice(&body);
        request
    }
}

/// The chunked coding, in pieces that fit nothing.
fn in_pieces(bytes: &[u8]) -> Vec<u8> {
    let mut coded = Vec::new();
    for piece in bytes.chunks(1009) {
        coded.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        coded.extend_from_slice(piece);
        coded.extend_from_slice(b"\r\n");
    }
    coded.extend_from_slice(b"0\r\n\r\n");
    coded
}

/// A value as many clients put it into a query: everything escaped that may be.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
