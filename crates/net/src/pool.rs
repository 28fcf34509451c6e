//! Pools of connections that are kept and reused.

use std::time::Duration;

use http_body::Body;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;

/// The `User-Agent` of Lazaret's clients.
pub const USER_AGENT: &str = concat!("lazaret/", env!("CARGO_PKG_VERSION"));

/// A client for requests with bodies of type `B` over HTTP/1.1; the URL's scheme decides whether it
/// uses TLS. Clones share their connections.
pub type Pool<B> = Client<HttpsConnector<HttpConnector>, B>;

/// The reason that a [`Pool`] has no response.
pub type PoolError = hyper_util::client::legacy::Error;

/// Limits of a [`Pool`].
#[derive(Debug, Clone, Copy)]
pub struct PoolOptions {
    /// Longest time to establish a TCP connection.
    pub connect: Duration,
    /// Time for which an unused connection is kept.
    pub idle: Duration,
    /// Largest number of unused connections that are kept for one host.
    pub idle_per_host: usize,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            idle_per_host: 16,
        }
    }
}

/// Makes a pool without connections.
pub fn pool<B>(tls: ClientConfig, options: PoolOptions) -> Pool<B>
where
    B: Body + Send,
    B::Data: Send,
{
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(options.connect));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(tcp);
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(options.idle)
        .pool_max_idle_per_host(options.idle_per_host)
        .build(connector)
}
