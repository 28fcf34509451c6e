//! The client that tells others: webhooks and collectors of traces.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::Full;
use lazaret_net::{
    Pool, PoolError, PoolOptions, Roots, USER_AGENT, client_config, pool, read_bounded,
};
use thiserror::Error;
use tokio::sync::OnceCell;

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
    Connection(#[from] PoolError),
    /// It took too long.
    #[error("no answer in time")]
    Timeout,
    /// The receiver says no.
    #[error("the receiver answered {0}")]
    Status(StatusCode),
}

/// Posts small documents. Clones share their connections. The authorities of the system are read
/// when the first document is sent: most registries send none.
#[derive(Debug, Clone)]
pub(crate) struct HttpClient {
    client: Arc<OnceCell<Pool<Full<Bytes>>>>,
}

impl HttpClient {
    /// A client that trusts the authorities of the system, if it has any: plain HTTP needs none.
    pub(crate) fn new() -> Self {
        Self {
            client: Arc::default(),
        }
    }

    async fn client(&self) -> &Pool<Full<Bytes>> {
        let limits = PoolOptions {
            idle: IDLE,
            idle_per_host: 4,
            ..PoolOptions::default()
        };
        let roots = async || {
            let read = tokio::task::spawn_blocking(Roots::system);
            read.await.unwrap_or_else(|_| Roots::none())
        };
        let make = async || pool(client_config(roots().await), limits);
        self.client.get_or_init(make).await
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
            .header(header::USER_AGENT, USER_AGENT);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body))?;
        let exchange = async {
            let response = self.client().await.request(request).await?;
            let status = response.status();
            // A refusal counts whether its words come or not.
            let _ = read_bounded(response.into_body(), ANSWER_BYTES).await;
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
