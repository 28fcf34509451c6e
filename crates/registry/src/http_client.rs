//! The client that tells others: webhooks and collectors of traces.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

/// Bytes of an answer that are read, so that the connection can be used again.
const ANSWER_BYTES: usize = 64 * 1024;
/// How long a connection is kept without use.
const IDLE: Duration = Duration::from_secs(30);

/// Why something could not be sent.
#[derive(Debug, Error)]
pub(crate) enum SendError {
    /// The URL or a header is none.
    #[error("failed to make the request")]
    Request(#[from] http::Error),
    /// There is no connection, or it broke.
    #[error("failed to send the request")]
    Connection(#[from] hyper_util::client::legacy::Error),
    /// It took too long.
    #[error("no answer in time")]
    Timeout,
    /// The receiver says no.
    #[error("the receiver answered {0}")]
    Status(StatusCode),
}

/// Posts small documents. Clones share their connections.
#[derive(Debug, Clone)]
pub(crate) struct HttpClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl HttpClient {
    /// A client that trusts the authorities of the system, if it has any: plain HTTP needs none.
    pub(crate) fn new() -> Self {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring has what the default versions need")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(4)
            .build(connector);
        Self { client }
    }

    /// Posts a body. Redirects are not followed: they are refusals.
    pub(crate) async fn post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: Bytes,
        timeout: Duration,
    ) -> Result<(), SendError> {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(url)
            .header("user-agent", concat!("lazaret/", env!("CARGO_PKG_VERSION")));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body))?;
        let exchange = async {
            let response = self.client.request(request).await?;
            let status = response.status();
            let mut body = response.into_body();
            let mut left = ANSWER_BYTES;
            while let Some(Ok(frame)) = body.frame().await {
                let length = frame.data_ref().map_or(0, Bytes::len);
                match left.checked_sub(length) {
                    Some(rest) => left = rest,
                    None => break,
                }
            }
            if status.is_success() {
                Ok(())
            } else {
                Err(SendError::Status(status))
            }
        };
        tokio::time::timeout(timeout, exchange)
            .await
            .map_err(|_| SendError::Timeout)?
    }
}
