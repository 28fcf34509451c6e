//! Clients of the mirror.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use lazaret_testing::http::connect;

/// Longest wait for something to happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer whose body was read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the body was as long as announced.
    pub(crate) is_whole: bool,
}

impl Answer {
    /// The first header of this name, which is in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(have, _)| have == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Asserts the status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        let start = &self.body[..self.body.len().min(300)];
        let start = String::from_utf8_lossy(start);
        assert_eq!(self.status, status, "{:?} {start}", self.headers);
        self
    }

    /// Asserts that the body is whole, and exactly these bytes.
    #[track_caller]
    pub(crate) fn has(self, bytes: &[u8]) -> Self {
        assert!(self.is_whole, "cut after {} bytes", self.body.len());
        assert_eq!(self.body.len(), bytes.len());
        assert!(self.body == bytes, "other bytes");
        self
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A body that is read piece by piece. The client leaves when it is dropped.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    stream: BufReader<TcpStream>,
    left: u64,
}

impl Reading {
    /// Sends a request and reads the head of the answer.
    pub(crate) fn begin(
        address: SocketAddr,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> io::Result<Self> {
        let mut stream = connect(address)?;
        let is_named = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("host"));
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !is_named {
            head.push_str(&format!("Host: {address}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes())?;
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let status = line.get(9..12).and_then(|text| text.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status in {line:?}")))?;
        let mut fields = Vec::new();
        loop {
            let mut line = String::new();
            stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length = fields.iter().find(|(name, _)| name == "content-length");
        let length = length.and_then(|(_, value)| value.parse().ok());
        let has_body = method != "HEAD" && !matches!(status, 204 | 304);
        Ok(Self {
            status,
            headers: fields,
            stream,
            left: if has_body { length.unwrap_or(0) } else { 0 },
        })
    }

    /// Reads the next bytes, exactly that many.
    pub(crate) fn take(&mut self, length: u64) -> Vec<u8> {
        assert!(length <= self.left, "{length} of {}", self.left);
        let mut bytes = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut bytes).unwrap();
        self.left -= length;
        bytes
    }

    /// Reads what is left.
    pub(crate) fn finish(self) -> Answer {
        let mut body = Vec::new();
        // A body that breaks off is what some tests are about.
        let _ = self.stream.take(self.left).read_to_end(&mut body);
        Answer {
            status: self.status,
            headers: self.headers,
            is_whole: body.len() as u64 == self.left,
            body,
        }
    }
}

/// Sends a request and reads the whole answer.
#[track_caller]
pub(crate) fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Answer {
    Reading::begin(address, method, path, headers)
        .unwrap()
        .finish()
}

/// Waits until something is so.
#[track_caller]
pub(crate) fn until(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "not so: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
