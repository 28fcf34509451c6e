//! Connections: accepting, limits, drain.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::registry::Registry;
use crate::stall::Impatient;
use crate::{Error, service};

/// Connections served at once; more wait to be accepted.
const MOST_CONNECTIONS: usize = 4096;
/// How long a client may take to send a request's header.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a client may take nothing of an answer.
const STALL: Duration = Duration::from_secs(60);
/// Most bytes read from a connection at once, and so the largest header.
const BUFFER_BYTES: usize = 256 * 1024;
/// Header fields of one request.
const HEADER_FIELDS: usize = 100;
/// How long requests under way may take once the server was asked to stop.
const DRAIN: Duration = Duration::from_secs(30);
/// How often abandoned uploads are looked for.
const CLEANUP: Duration = Duration::from_secs(60 * 60);
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
        Ok(Self {
            registry,
            listener,
            address,
        })
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
        // Everything that holds the registry: an ephemeral one goes with its last holder.
        let mut tasks = JoinSet::new();
        let mut cleanup = tokio::time::interval(CLEANUP);
        let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            let accepted = async {
                let place = Arc::clone(&places).acquire_owned().await;
                (self.listener.accept().await, place)
            };
            tokio::select! {
                () = &mut shutdown => break,
                Some(_) = tasks.join_next() => {}
                _ = cleanup.tick() => {
                    tasks.spawn(clean_up(self.registry.clone()));
                }
                (accepted, place) = accepted => match accepted {
                    Ok((stream, peer)) => {
                        let connection = connection(self.registry.clone(), stream, peer, &graceful);
                        tasks.spawn(async move {
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
        if tokio::time::timeout(DRAIN, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("requests were still under way at the end");
        }
        tasks.shutdown().await;
        Ok(())
    }
}

async fn clean_up(registry: Registry) {
    if let Err(error) = registry.expire_uploads().await {
        tracing::error!(%error, "failed to drop abandoned uploads");
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
        async move { Ok::<_, Infallible>(service::answer(&registry, request, peer).await) }
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_headers(HEADER_FIELDS)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(Impatient::new(stream, STALL)), service);
    let connection = graceful.watch(connection);
    async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, %peer, "connection ended");
        }
    }
}
