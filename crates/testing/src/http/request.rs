//! A request that is sent exactly as a test made it.

use std::io;
use std::net::SocketAddr;

use super::coding::chunked;
use super::exchange::exchange;
use super::reply::Reply;

/// Length of the pieces of a streamed body, in bytes; odd, so that it fits no block size.
const PIECE: usize = 1009;

/// A request. It has the headers that its maker gave, and beside these only `Host` and `Connection:
/// close`.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Body,
}

#[derive(Debug, Clone)]
enum Body {
    None,
    Sized(Vec<u8>),
    Streamed(Vec<u8>),
}

impl Request {
    /// A request without a body; `path` includes the query. For methods that usually have a body,
    /// `Content-Length: 0` is sent.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers: Vec::new(),
            body: Body::None,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets a body, which is sent with its length.
    #[must_use]
    pub fn body(mut self, bytes: &[u8]) -> Self {
        self.body = Body::Sized(bytes.to_vec());
        self
    }

    /// Sets a body, which is sent in the chunked coding.
    #[must_use]
    pub fn streamed(mut self, bytes: &[u8]) -> Self {
        self.body = Body::Streamed(bytes.to_vec());
        self
    }

    /// Its method and path.
    #[must_use]
    pub fn line(&self) -> (&str, &str) {
        (&self.method, &self.path)
    }

    /// Sends it over a connection of its own, and reads the whole response.
    ///
    /// # Errors
    /// Those of [`exchange`] and of [`Reply::parse`].
    pub fn send(&self, address: SocketAddr) -> io::Result<Reply> {
        let request = self.bytes(&address.to_string());
        Reply::parse(&exchange(address, &request)?, self.method == "HEAD")
    }

    /// The bytes of the request, with `host` as the server's name.
    fn bytes(&self, host: &str) -> Vec<u8> {
        let Self { method, path, .. } = self;
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n");
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let body = match &self.body {
            Body::None => {
                if !matches!(method.as_str(), "GET" | "HEAD" | "DELETE") {
                    head.push_str("Content-Length: 0\r\n");
                }
                Vec::new()
            }
            Body::Sized(bytes) => {
                head.push_str(&format!("Content-Length: {}\r\n", bytes.len()));
                bytes.clone()
            }
            Body::Streamed(bytes) => {
                head.push_str("Transfer-Encoding: chunked\r\n");
                chunked(bytes, PIECE)
            }
        };
        head.push_str("Connection: close\r\n\r\n");
        let mut request = head.into_bytes();
        request.extend_from_slice(&body);
        request
    }
}

/// Sends a request with a body of known length, if its method has one, and reads the whole
/// response.
///
/// # Errors
/// Those of [`exchange`] and of [`Reply::parse`].
pub fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<Reply> {
    let mut request = Request::new(method, path);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    if !matches!(method, "GET" | "HEAD") {
        request = request.body(body);
    }
    request.send(address)
}
