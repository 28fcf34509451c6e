//! A load generator: blocking connections on threads, so that it costs little compared to what it
//! measures.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A connection that is kept alive.
pub(super) struct Connection {
    reader: BufReader<TcpStream>,
    host: String,
    buffer: Vec<u8>,
}

impl Connection {
    pub(super) fn open(address: &str) -> Result<Self, String> {
        let stream = TcpStream::connect(address).map_err(text)?;
        stream.set_nodelay(true).map_err(text)?;
        Ok(Self {
            reader: BufReader::with_capacity(256 * 1024, stream),
            host: address.to_owned(),
            buffer: vec![0; 256 * 1024],
        })
    }

    /// Reads a path and drops the content; returns its length in bytes.
    pub(super) fn get(&mut self, path: &str) -> Result<u64, String> {
        let accept = "application/vnd.oci.image.manifest.v1+json, */*";
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAccept: {accept}\r\n\r\n",
            self.host
        );
        self.reader
            .get_mut()
            .write_all(head.as_bytes())
            .map_err(text)?;
        let (status, length, _) = self.answer()?;
        if status != 200 {
            return Err(format!("GET {path}: {status}"));
        }
        let mut left = length;
        while left > 0 {
            let most = self
                .buffer
                .len()
                .min(usize::try_from(left).unwrap_or(usize::MAX));
            let read = self.reader.read(&mut self.buffer[..most]).map_err(text)?;
            if read == 0 {
                return Err(format!("GET {path}: the answer is cut short"));
            }
            left -= read as u64;
        }
        Ok(length)
    }

    /// Sends a body that consists of parts; returns the response's `Location`.
    pub(super) fn send(
        &mut self,
        method: &str,
        path: &str,
        kind: &str,
        parts: &[&[u8]],
    ) -> Result<String, String> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n",
            self.host
        );
        let stream = self.reader.get_mut();
        stream.write_all(head.as_bytes()).map_err(text)?;
        for part in parts {
            stream.write_all(part).map_err(text)?;
        }
        let (status, length, location) = self.answer()?;
        let mut body = vec![0; usize::try_from(length).map_err(text)?];
        self.reader.read_exact(&mut body).map_err(text)?;
        if !matches!(status, 200..=204) {
            let body = String::from_utf8_lossy(&body);
            return Err(format!("{method} {path}: {status} {body}"));
        }
        Ok(location)
    }

    /// Pushes a blob in one `PUT`.
    pub(super) fn push(
        &mut self,
        repository: &str,
        digest: &str,
        parts: &[&[u8]],
    ) -> Result<(), String> {
        let uploads = format!("/v2/{repository}/blobs/uploads/");
        let location = self.send("POST", &uploads, "application/octet-stream", &[])?;
        // The location may be absolute or relative.
        let path = location.find("/v2/").map_or("", |start| &location[start..]);
        let start = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{start}digest={digest}");
        self.send("PUT", &path, "application/octet-stream", parts)?;
        Ok(())
    }

    fn answer(&mut self) -> Result<(u16, u64, String), String> {
        let (mut line, mut status, mut length) = (String::new(), 0, 0);
        let mut location = String::new();
        loop {
            line.clear();
            if self.reader.read_line(&mut line).map_err(text)? == 0 {
                return Err("the connection ended".to_owned());
            }
            let trimmed = line.trim_end();
            if trimmed.is_empty() {
                return Ok((status, length, location));
            }
            if let Some(rest) = trimmed.strip_prefix("HTTP/1.1 ") {
                status = rest[..3].parse().map_err(text)?;
            } else if let Some((name, value)) = trimmed.split_once(": ") {
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.parse().map_err(text)?,
                    "location" => value.clone_into(&mut location),
                    _ => {}
                }
            }
        }
    }
}

/// The result of a run of many requests.
pub(super) struct Load {
    pub(super) seconds: f64,
    pub(super) requests: u64,
    pub(super) bytes: u64,
    /// Median duration of a request, in seconds.
    pub(super) p50: f64,
    /// 99th percentile of the durations, in seconds.
    pub(super) p99: f64,
    /// What the slowest connection moved, as a part of what the fastest one did.
    pub(super) least_share: f64,
}

/// Sends requests over `connections` for `duration`, or until each connection has sent `each`.
pub(super) fn run(
    address: &str,
    connections: usize,
    duration: Duration,
    each: u64,
    request: impl Fn(&mut Connection, usize, u64) -> Result<u64, String> + Sync,
) -> Result<Load, String> {
    let results = Mutex::new(Vec::new());
    let start = Instant::now();
    std::thread::scope(|scope| {
        for worker in 0..connections {
            let (results, request) = (&results, &request);
            scope.spawn(move || {
                let outcome = work(address, worker, start, duration, each, request);
                results.lock().expect("no worker panics").push(outcome);
            });
        }
    });
    let seconds = start.elapsed().as_secs_f64();
    let (mut times, mut moved) = (Vec::new(), Vec::new());
    for result in results.into_inner().expect("no worker panics") {
        let (took, bytes) = result?;
        times.extend(took);
        moved.push(bytes);
    }
    let bytes = moved.iter().sum();
    let share = |of: Option<&u64>| of.copied().unwrap_or_default() as f64;
    times.sort_by(f64::total_cmp);
    let last = times.len().saturating_sub(1);
    let of_100 = |slower: usize| times.get((times.len() * slower / 100).min(last)).copied();
    Ok(Load {
        seconds,
        requests: times.len() as u64,
        bytes,
        p50: of_100(50).unwrap_or_default(),
        p99: of_100(99).unwrap_or_default(),
        least_share: share(moved.iter().min()) / share(moved.iter().max()),
    })
}

fn work(
    address: &str,
    worker: usize,
    start: Instant,
    duration: Duration,
    each: u64,
    request: &impl Fn(&mut Connection, usize, u64) -> Result<u64, String>,
) -> Result<(Vec<f64>, u64), String> {
    let mut connection = Connection::open(address)?;
    let (mut times, mut bytes) = (Vec::new(), 0);
    for number in 0..each {
        if start.elapsed() > duration {
            break;
        }
        let began = Instant::now();
        bytes += request(&mut connection, worker, number)?;
        times.push(began.elapsed().as_secs_f64());
    }
    Ok((times, bytes))
}

/// Media type of manifests.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// An image manifest of these blobs; `note` makes it different from others of the same blobs.
pub(super) fn manifest(config: &[u8], layers: &[&[u8]], note: &str) -> String {
    let descriptor = |kind: &str, blob: &[u8]| {
        let media_type = format!("application/vnd.oci.image.{kind}");
        serde_json::json!({"mediaType": media_type, "digest": digest(&[blob]), "size": blob.len()})
    };
    let layers: Vec<_> = layers
        .iter()
        .map(|layer| descriptor("layer.v1.tar", layer))
        .collect();
    serde_json::json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor("config.v1+json", config),
        "layers": layers,
        "annotations": { "note": note },
    })
    .to_string()
}

/// The digest of the concatenated parts.
pub(super) fn digest(parts: &[&[u8]]) -> String {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    for part in parts {
        context.update(part);
    }
    let digest = context.finish();
    format!("sha256:{}", lazaret_values::hex(digest.as_ref()))
}

pub(super) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
