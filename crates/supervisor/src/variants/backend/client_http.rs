//! HTTP to control planes: no redirects, no retries, no patience without end.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _};
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Incoming;
use lazaret_net::{Pool, PoolOptions, Roots, TimedBody, client_config, pool};
use lazaret_variants::Endpoint;

use crate::variants_error::VariantsError;
use crate::{Error, blocking};

/// Longest time without progress.
const PATIENCE: Duration = Duration::from_secs(60);

/// The body of a request.
pub(in crate::variants) type Body = UnsyncBoxBody<Bytes, io::Error>;

/// Hosts that are reached without encryption although they are not this machine.
#[derive(Debug, Clone)]
pub(in crate::variants) struct PlainHosts {
    pub(in crate::variants) hosts: Vec<String>,
    pub(in crate::variants) all: bool,
}

impl PlainHosts {
    /// Whether tokens may be sent to the server.
    pub(in crate::variants) fn check(&self, endpoint: &Endpoint) -> Result<(), VariantsError> {
        let host = endpoint.host();
        let is_listed = self.hosts.iter().any(|listed| listed == host.as_str());
        if endpoint.is_https() || host.is_loopback() || is_listed || self.all {
            return Ok(());
        }
        Err(VariantsError::PlainControlPlane {
            endpoint: endpoint.to_string(),
        })
    }
}

/// A client of control planes.
pub(in crate::variants) struct Http {
    pool: Pool<Body>,
    /// Bytes that were sent, in all.
    sent: Arc<AtomicU64>,
}

impl Http {
    /// A client that trusts the system's authorities and those of these files.
    pub(in crate::variants) async fn new(authorities: Vec<PathBuf>) -> Result<Self, Error> {
        let roots = blocking(move || {
            let mut roots = Roots::system();
            for path in authorities {
                let added = roots.add_file(&path);
                added.map_err(|source| VariantsError::Authorities { path, source })?;
            }
            Ok(roots)
        })
        .await?;
        Ok(Self {
            pool: pool(client_config(roots), PoolOptions::default()),
            sent: Arc::default(),
        })
    }

    /// A body of these bytes.
    pub(in crate::variants) fn whole(&self, bytes: impl Into<Bytes>) -> Body {
        let never = |never: std::convert::Infallible| match never {};
        Full::new(bytes.into()).map_err(never).boxed_unsync()
    }

    /// A body of a stream, whose progress keeps the request alive.
    pub(in crate::variants) fn streamed(
        &self,
        pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Body {
        let sent = Arc::clone(&self.sent);
        let frames = pieces.map_ok(move |piece| {
            sent.fetch_add(piece.len() as u64, Ordering::Relaxed);
            Frame::data(piece)
        });
        StreamBody::new(frames).boxed_unsync()
    }

    /// Sends a request, and waits for its answer as long as its body makes progress.
    pub(in crate::variants) async fn send(
        &self,
        request: Request<Body>,
    ) -> Result<Response<TimedBody<Incoming>>, Box<dyn std::error::Error + Send + Sync>> {
        let mut answer = std::pin::pin!(self.pool.request(request));
        loop {
            let before = self.sent.load(Ordering::Relaxed);
            match tokio::time::timeout(PATIENCE, &mut answer).await {
                Ok(answer) => return Ok(answer?.map(|body| TimedBody::new(body, PATIENCE))),
                Err(_) if self.sent.load(Ordering::Relaxed) > before => {}
                Err(_) => return Err(format!("no answer in {} seconds", PATIENCE.as_secs()).into()),
            }
        }
    }
}
