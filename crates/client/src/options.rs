//! The options of a client. The caller reads the settings; this crate reads no environment.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lazaret_values::Secret;

use crate::observer::Observer;

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
    /// Certificates by which this client proves its identity to servers that ask for one.
    pub client_certificates: Vec<ClientCertificate>,
    /// The proxy through which servers are reached.
    pub proxy: Option<Proxy>,
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
    /// The watcher of all HTTP exchanges.
    pub observer: Option<Arc<dyn Observer>>,
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
            client_certificates: Vec::new(),
            proxy: None,
            timeouts: Timeouts::default(),
            retry: Retry::default(),
            // The largest chunk that GHCR accepts.
            chunk_bytes: 4 * 1024 * 1024,
            parallel: 4,
            max_pages: 1000,
            observer: None,
        }
    }
}

/// A certificate of this client with its key (TLS client authentication). Both files are read once,
/// when the client is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The `host:port` to which it is shown, or the `host` at port 443. `None`: all servers that
    /// have no certificate of their own here, the proxy and those to which a registry points included.
    pub host: Option<String>,
    /// PEM file with the certificate, followed by those of intermediate authorities.
    pub certificate: PathBuf,
    /// PEM file with the unencrypted private key; it may be the same file.
    pub key: PathBuf,
}

/// A proxy, which opens tunnels to servers (`CONNECT`, RFC 9110, section 9.3.6), also to those of
/// plain HTTP. This machine is always reached directly.
///
/// A proxy reaches networks that its clients may not know, and it looks names up by itself. So a
/// server may not point to a name that the proxy would look up: no redirect, token realm or upload
/// location gets to services near the proxy. A host to which a server points is treated so:
///
/// | the host | how it is reached |
/// |---|---|
/// | matches `direct` | directly, and its addresses are checked as without a proxy |
/// | matches `by_name` | by its name through the proxy: the operator allowed it |
/// | is the server itself | just as the server itself |
/// | is an address | through the proxy, if a server on the internet may point to it |
/// | is another name | it is looked up here; through the proxy to the address that was found, if a server on the internet may point to it; if it is not found here, not at all |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// `http://host[:port]`, or `https://host[:port]` for TLS to the proxy itself.
    pub url: String,
    /// `user:password` for the proxy (Basic).
    pub credentials: Option<Secret>,
    /// Hosts that are reached without the proxy, in the notation of the usual `NO_PROXY`:
    /// `host` and `.host` (with names below it; with a dot, these alone), an address, a network
    /// such as `10.0.0.0/8`, each but a network with `:port` if only that port is meant; `*` for
    /// all hosts. Names are not looked up to compare them with addresses.
    pub direct: Vec<String>,
    /// Hosts to which servers may point and which the proxy may look up, such as `.cloudfront.net`,
    /// in the same notation.
    pub by_name: Vec<String>,
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
