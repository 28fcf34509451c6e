//! The options of a client. The caller reads the settings; this crate reads no environment.

use std::path::PathBuf;
use std::time::Duration;

/// The options of a client, without its credentials.
#[derive(Debug, Clone)]
pub struct Options {
    /// `host[:port]` entries that are reached over plain HTTP. Loopback hosts always are.
    pub plain_http: Vec<String>,
    /// Whether every addressed registry is reached over plain HTTP. A host to which a registry
    /// points must still be the same host, loopback or listed.
    pub plain_http_all: bool,
    /// `host[:port]` entries that are reached with TLS although they are loopback.
    pub tls: Vec<String>,
    /// Whether loopback hosts are reached with TLS.
    pub tls_all: bool,
    /// Folders with a folder `host[:port]` for each registry that has authorities of its own, in
    /// files `*.crt`.
    pub certs_d: Vec<PathBuf>,
    /// PEM files with additional certificate authorities.
    pub extra_ca: Vec<PathBuf>,
    /// Time limits.
    pub timeouts: Timeouts,
    /// Retries of failed requests.
    pub retry: Retry,
    /// Size of one chunk of a chunked upload, in bytes.
    pub chunk_bytes: u64,
    /// Number of parallel transfers in one operation.
    pub parallel: usize,
    /// Most pages of a listing that are read.
    pub max_pages: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            plain_http: Vec::new(),
            plain_http_all: false,
            tls: Vec::new(),
            tls_all: false,
            certs_d: Vec::new(),
            extra_ca: Vec::new(),
            timeouts: Timeouts::default(),
            retry: Retry::default(),
            // The largest chunk that GHCR accepts.
            chunk_bytes: 4 * 1024 * 1024,
            parallel: 4,
            max_pages: 1000,
        }
    }
}

/// Time limits of one exchange. There is none for a whole transfer, which may take hours.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Until the connection is established, name lookup and TLS included.
    pub connect: Duration,
    /// Between the last byte sent and the header of the answer.
    pub header: Duration,
    /// Between two pieces of a body.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(20),
            header: Duration::from_secs(60),
            idle: Duration::from_secs(60),
        }
    }
}

/// Retries of requests that failed with 408, 429, 502, 503, 504 or on the network.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// Number of tries, the first included.
    pub tries: u32,
    /// Wait after the first failure; doubled after each further one.
    pub first: Duration,
    /// Longest wait that the server did not ask for.
    pub most: Duration,
    /// Longest total wait, including waits that the server asked for (`Retry-After`).
    pub budget: Duration,
    /// Factor of every wait; tests use a small one.
    pub scale: f64,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            tries: 5,
            first: Duration::from_millis(100),
            most: Duration::from_secs(30),
            budget: Duration::from_secs(60),
            scale: 1.0,
        }
    }
}
