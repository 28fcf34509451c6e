//! A response as it was received.

use std::fmt;
use std::io;

use serde_json::Value;

use super::coding::joined;

/// Number of bytes of a body that are shown when a test fails.
const SHOWN: usize = 512;

/// A complete response.
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its body, without transfer coding.
    pub body: Vec<u8>,
    /// The bytes after the body: the start of the next response, if there is one.
    pub rest: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl Reply {
    /// Parses the first response in `bytes`. `is_head` says that it answers a `HEAD`, so it has no
    /// body.
    ///
    /// # Errors
    /// When the response is cut off, or is not HTTP/1.1.
    pub fn parse(bytes: &[u8], is_head: bool) -> io::Result<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.ok_or_else(|| broken("no whole header", bytes))?;
        let head = std::str::from_utf8(&bytes[..end]);
        let head = head.map_err(|_| broken("no text in the header", bytes))?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 "));
        let status = status.and_then(|rest| rest.get(..3)?.parse().ok());
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim().to_owned()))
        });
        let mut reply = Self {
            status: status.ok_or_else(|| broken("no status line", bytes))?,
            headers: headers
                .collect::<Option<_>>()
                .ok_or_else(|| broken("a header line without a colon", bytes))?,
            body: bytes[end + 4..].to_vec(),
            rest: Vec::new(),
        };
        if is_head || matches!(reply.status, 204 | 304) {
            return Ok(reply);
        }
        if reply.header("transfer-encoding") == Some("chunked") {
            let (body, rest) =
                joined(&reply.body).ok_or_else(|| broken("a body cut off", bytes))?;
            (reply.rest, reply.body) = (rest.to_vec(), body);
        } else if let Some(length) = reply.header("content-length") {
            let length = length.parse().map_err(|_| broken("no length", bytes))?;
            if reply.body.len() < length {
                return Err(broken("a body cut off", bytes));
            }
            reply.rest = reply.body.split_off(length);
        }
        Ok(reply)
    }

    /// The first header of this name; case is ignored.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }

    /// All headers of this name; case is ignored.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter();
        let named = named.filter(|(have, _)| have.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// Its body as JSON.
    ///
    /// # Panics
    /// When it is not JSON.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.status)?;
        for (name, value) in &self.headers {
            writeln!(f, "     {name}: {value}")?;
        }
        let start = &self.body[..self.body.len().min(SHOWN)];
        write!(f, "     {}", String::from_utf8_lossy(start))
    }
}

fn broken(what: &str, answer: &[u8]) -> io::Error {
    let start = String::from_utf8_lossy(&answer[..answer.len().min(SHOWN)]);
    let kind = io::ErrorKind::UnexpectedEof;
    io::Error::new(kind, format!("{what} in the answer {start:?}"))
}
