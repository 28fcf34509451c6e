//! A response for a [`Peer`](super::Peer) to send, valid or not.

use std::io::{self, Write};
use std::time::Duration;

use super::coding::chunked;

/// Length of the pieces of a chunked body, in bytes.
const PIECE: usize = 7000;

/// A response to send.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Body,
    announced: Option<u64>,
    is_chunked: bool,
    delay: Duration,
    hold: Duration,
}

#[derive(Debug, Clone)]
enum Body {
    Bytes(Vec<u8>),
    Zeros(u64),
    /// Raw bytes, sent instead of everything else.
    Raw(Vec<u8>),
}

impl Body {
    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) | Self::Raw(bytes) => bytes.len() as u64,
            Self::Zeros(length) => *length,
        }
    }
}

impl Answer {
    /// A response without a body.
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Bytes(Vec::new()),
            announced: None,
            is_chunked: false,
            delay: Duration::ZERO,
            hold: Duration::ZERO,
        }
    }

    /// Raw bytes, after which the connection is closed.
    #[must_use]
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        let mut answer = Self::new(0);
        answer.body = Body::Raw(bytes.into());
        answer
    }

    /// A response with a JSON body.
    #[must_use]
    pub fn json(status: u16, text: &str) -> Self {
        Self::new(status)
            .with("Content-Type", "application/json")
            .body(text.as_bytes())
    }

    /// Adds a header. A `Content-Length` replaces the true one, and after `Connection: close` the
    /// connection is closed.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: &[u8]) -> Self {
        self.body = Body::Bytes(body.to_vec());
        self
    }

    /// Sets a body of that many zero bytes, which is never in memory.
    #[must_use]
    pub fn zeros(mut self, length: u64) -> Self {
        self.body = Body::Zeros(length);
        self
    }

    /// Announces a body of `length` bytes, which is not its true length. The connection is closed
    /// after the body.
    #[must_use]
    pub fn announce(mut self, length: usize) -> Self {
        self.announced = Some(length as u64);
        self
    }

    /// Sends the body in the chunked coding.
    #[must_use]
    pub fn chunked(mut self) -> Self {
        self.is_chunked = true;
        self
    }

    /// Keeps the connection open for some time before it is closed, if it would be closed at once.
    #[must_use]
    pub fn hold(mut self, time: Duration) -> Self {
        self.hold = time;
        self
    }

    /// Sends the response after some time.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sends the response; `false` when the connection must be closed after it.
    pub(super) fn send(&self, method: &str, stream: &mut impl Write) -> io::Result<bool> {
        std::thread::sleep(self.delay);
        if let Body::Raw(bytes) = &self.body {
            stream.write_all(bytes)?;
            stream.flush()?;
            return Ok(false);
        }
        stream.write_all(self.head().as_bytes())?;
        if method != "HEAD" {
            match &self.body {
                Body::Bytes(bytes) | Body::Raw(bytes) if self.is_chunked => {
                    stream.write_all(&chunked(bytes, PIECE))?;
                }
                Body::Bytes(bytes) | Body::Raw(bytes) => stream.write_all(bytes)?,
                Body::Zeros(length) => {
                    let mut zeros = io::Read::take(io::repeat(0), *length);
                    io::copy(&mut zeros, stream)?;
                }
            }
        }
        stream.flush()?;
        let is_true = self
            .announced
            .is_none_or(|length| length == self.body.length());
        let goes_on = (method == "HEAD" || self.is_chunked || is_true) && !self.is_last();
        if !goes_on {
            std::thread::sleep(self.hold);
        }
        Ok(goes_on)
    }

    fn is_last(&self) -> bool {
        let last = |(name, value): &(String, String)| name == "Connection" && value == "close";
        self.headers.iter().any(last)
    }

    fn head(&self) -> String {
        let mut text = format!("HTTP/1.1 {} X\r\n", self.status);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut names = self.headers.iter().map(|(name, _)| name);
        let is_given = names.any(|name| name == "Content-Length");
        let length = self.announced.unwrap_or(self.body.length());
        if self.is_chunked {
            text.push_str("Transfer-Encoding: chunked\r\n");
        } else if !is_given && self.status != 204 {
            text.push_str(&format!("Content-Length: {length}\r\n"));
        }
        text.push_str("\r\n");
        text
    }
}
