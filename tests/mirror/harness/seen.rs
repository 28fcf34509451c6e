//! Requests as an upstream sees them.

use std::collections::HashMap;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::net::TcpStream;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    headers: HashMap<String, String>,
}

impl Seen {
    /// A header by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// Reads the next request of a connection; `None` at its end.
pub(super) fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Seen>> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_ascii_whitespace();
    let mut seen = Seen {
        method: words.next().unwrap_or_default().to_owned(),
        target: words.next().unwrap_or_default().to_owned(),
        headers: HashMap::new(),
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
    let length = seen
        .header("content-length")
        .and_then(|text| text.parse().ok());
    io::copy(&mut stream.take(length.unwrap_or(0)), &mut io::sink())?;
    Ok(Some(seen))
}

/// The wanted part of that many bytes.
pub(super) fn range(seen: &Seen, length: usize) -> Option<(usize, usize)> {
    let text = seen.header("range")?.strip_prefix("bytes=")?;
    let (start, last) = text.split_once('-')?;
    let end = last.parse::<usize>().map_or(length, |last| last + 1);
    Some((start.parse().ok()?, end.min(length)))
}
