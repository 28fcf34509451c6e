//! Requests that are sent exactly as a check made them.

use std::net::SocketAddr;

use lazaret_testing::http;

use super::Reply;

/// A request that is sent over a connection of its own, with the headers that its maker gave.
#[derive(Debug)]
pub(crate) struct Request {
    address: SocketAddr,
    request: http::Request,
}

impl Request {
    pub(super) fn new(address: SocketAddr, method: &str, path: &str) -> Self {
        let request = http::Request::new(method, path);
        Self { address, request }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn body(mut self, bytes: &[u8]) -> Self {
        self.request = self.request.body(bytes);
        self
    }

    pub(crate) fn streamed(mut self, bytes: &[u8]) -> Self {
        self.request = self.request.streamed(bytes);
        self
    }

    /// Sends the request, and checks what the specification requires of every response.
    #[track_caller]
    pub(crate) fn send(self) -> Reply {
        let reply = Reply::new(&self.request, self.request.send(self.address));
        reply.holds_for_every_answer();
        reply
    }
}

/// Encodes a value for a query as many clients do, with all characters escaped that may be.
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
