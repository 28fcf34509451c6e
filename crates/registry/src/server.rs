//! Connections: accepting, limits, dispatch, drain.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::answer::{self, API_VERSION, Body, Outcome, Refusal};
use crate::query::Query;
use crate::registry::Registry;
use crate::route::Route;
use crate::{Error, blobs, extensions, listings, manifests, uploads};

/// Connections served at once; more wait to be accepted.
const MOST_CONNECTIONS: usize = 4096;
/// How long a client may take to send a request's header.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// Header bytes of one request.
const HEADER_BYTES: usize = 64 * 1024;
/// Header fields of one request.
const HEADER_FIELDS: usize = 100;
/// How long requests under way may take once the server was asked to stop.
const DRAIN: Duration = Duration::from_secs(30);
/// Pause after a failure to accept, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A registry that listens.
pub struct Server {
    registry: Registry,
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    pub(crate) async fn bind(registry: Registry, address: SocketAddr) -> Result<Self, Error> {
        let failed = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { registry, listener, address })
    }

    /// Where it listens, with the port that was taken.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` resolves, then finishes the requests under way, at most for
    /// half a minute.
    ///
    /// # Errors
    /// None at present: a failing connection ends alone.
    pub async fn serve(self, shutdown: impl Future<Output = ()> + Send) -> Result<(), Error> {
        let graceful = GracefulShutdown::new();
        let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let accepted = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (self.listener.accept().await, place)
            };
            tokio::select! {
                () = &mut shutdown => break,
                (accepted, place) = accepted => match accepted {
                    Ok((stream, peer)) => {
                        let connection = connection(self.registry.clone(), stream, peer, &graceful);
                        tokio::spawn(async move {
                            connection.await;
                            drop(place);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "failed to accept a connection");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(self.listener);
        if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
            tracing::warn!("requests were still under way at the end");
        }
        Ok(())
    }
}

fn connection(
    registry: Registry,
    stream: TcpStream,
    peer: SocketAddr,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + use<> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, %peer, "no TCP_NODELAY");
    }
    let service = service_fn(move |request| {
        let registry = registry.clone();
        async move { Ok::<_, Infallible>(answer(&registry, request, peer).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_headers(HEADER_FIELDS)
        .max_buf_size(HEADER_BYTES.max(512 * 1024))
        .serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection);
    async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, %peer, "connection ended");
        }
    }
}

async fn answer(registry: &Registry, request: Request<Incoming>, peer: SocketAddr) -> Response<Body> {
    let start = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = dispatch(registry, request).await.unwrap_or_else(Refusal::into_response);
    let status = response.status().as_u16();
    let milliseconds = start.elapsed().as_millis();
    tracing::info!(%peer, %method, path, status, milliseconds, "request");
    answer::with(response, API_VERSION, "registry/2.0")
}

async fn dispatch(registry: &Registry, request: Request<Incoming>) -> Outcome {
    let route = Route::parse(request.uri().path())?;
    let query = Query::parse(request.uri().query());
    let (head, body) = request.into_parts();
    let headers = &head.headers;
    let reads = matches!(head.method, Method::GET | Method::HEAD);
    let is_head = head.method == Method::HEAD;
    match (route, head.method) {
        (Route::Base | Route::Live | Route::Ready, _) if reads => {
            Ok(answer::json(StatusCode::OK, &serde_json::json!({})))
        }
        (Route::Types, _) if reads => Ok(extensions::types(registry)),
        (Route::Discover, _) if reads => Ok(extensions::discover()),
        (Route::Catalog, _) if reads => listings::catalog(registry, &query).await,
        (Route::Tags(name), _) if reads => listings::tags(registry, &name, &query).await,
        (Route::Referrers(name, digest), _) if reads => {
            listings::referrers(registry, &name, &digest, &query).await
        }
        (Route::Blob(name, digest), _) if reads => {
            blobs::get(registry, &name, &digest, headers, is_head).await
        }
        (Route::Blob(name, digest), Method::DELETE) => {
            blobs::delete(registry, &name, &digest).await
        }
        (Route::Manifest(name, selector), _) if reads => {
            manifests::get(registry, &name, &selector, headers, is_head).await
        }
        (Route::Manifest(name, selector), Method::PUT) => {
            manifests::put(registry, &name, &selector, &query, headers, body).await
        }
        (Route::Manifest(name, selector), Method::DELETE) => {
            manifests::delete(registry, &name, &selector).await
        }
        (Route::Uploads(name), Method::POST) => uploads::start(registry, &name, &query, body).await,
        (Route::Upload(name, id), Method::PATCH) => {
            uploads::patch(registry, &name, &id, headers, body).await
        }
        (Route::Upload(name, id), Method::PUT) => {
            uploads::finish(registry, &name, &id, &query, headers, body).await
        }
        (Route::Upload(name, id), Method::DELETE) => uploads::cancel(registry, &name, &id).await,
        (Route::Upload(name, id), _) if reads => uploads::status(registry, &name, &id).await,
        _ => Err(Refusal::method_not_allowed()),
    }
}
