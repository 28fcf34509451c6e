//! The HTTP client that posts to webhooks and collectors of traces.

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

/// Number of bytes of a response that are read, so that its connection can be used again.
const ANSWER_BYTES: usize = 64 * 1024;
/// Time for which an unused connection is kept.
const IDLE: Duration = Duration::from_secs(30);

/// The reason that a document could not be posted.
#[derive(Debug, Error)]
pub(crate) enum SendError {
    /// The URL or a header is invalid.
    #[error("failed to make the request")]
    Request(#[from] http::Error),
    /// The connection could not be made, or broke.
    #[error("failed to send the request")]
    Connection(#[from] PoolError),
    /// The request took too long.
    #[error("no answer in time")]
    Timeout,
    /// The receiver responded with another status than success.
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
    /// A client that trusts the system's authorities. There may be none, because plain HTTP needs
    /// none.
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

    /// Posts a body. Redirects are not followed; they count as refusals.
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
            // The body of a refusal need not arrive.
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
