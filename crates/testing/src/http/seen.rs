//! A request as a [`Peer`](super::Peer) received it.

use std::collections::HashMap;
use std::io::{self, BufRead, Read as _};

/// Largest body that is kept, in bytes; of a larger one, only the length is known.
const KEPT: u64 = 64 * 1024 * 1024;

/// A received request.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Its method.
    pub method: String,
    /// Its path and query.
    pub target: String,
    /// Its headers; names are in lower case.
    pub headers: HashMap<String, String>,
    /// Its body; empty when it is longer than 64 MiB.
    pub body: Vec<u8>,
    /// Length of its body in bytes.
    pub length: u64,
}

impl Seen {
    /// Reads the next request of a connection; `None` at its end.
    pub(super) fn read(stream: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split_ascii_whitespace();
        let mut seen = Self {
            method: words.next().unwrap_or_default().to_owned(),
            target: words.next().unwrap_or_default().to_owned(),
            headers: HashMap::new(),
            body: Vec::new(),
            length: 0,
        };
        loop {
            let mut line = String::new();
            stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            let value = value.trim().to_owned();
            seen.headers.insert(name.to_ascii_lowercase(), value);
        }
        seen.read_body(stream)?;
        Ok(Some(seen))
    }

    fn read_body(&mut self, stream: &mut impl BufRead) -> io::Result<()> {
        if self.header("transfer-encoding") == Some("chunked") {
            return self.read_chunks(stream);
        }
        let length = self.header("content-length").map(str::parse::<u64>);
        self.length = length.transpose().map_err(io::Error::other)?.unwrap_or(0);
        let mut body = stream.take(self.length);
        let read = if self.length > KEPT {
            io::copy(&mut body, &mut io::sink())?
        } else {
            body.read_to_end(&mut self.body)? as u64
        };
        if read < self.length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    fn read_chunks(&mut self, stream: &mut impl BufRead) -> io::Result<()> {
        loop {
            let mut line = String::new();
            stream.read_line(&mut line)?;
            let length = u64::from_str_radix(line.trim_end(), 16).map_err(io::Error::other)?;
            stream.take(length).read_to_end(&mut self.body)?;
            stream.read_line(&mut line)?;
            if length == 0 {
                self.length = self.body.len() as u64;
                return Ok(());
            }
        }
    }

    /// A header by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The path without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}
