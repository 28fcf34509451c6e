//! Serves connections: accepts them, applies limits, speaks TLS, HTTP/1.1 and HTTP/2, and drains
//! them.
//!
//! ```text
//! listening --stop--> (delay: /readyz says no) --> refusing --> requests finish --> over
//!                                                          \--- timeout: dropped --/
//! ```
//! This module carries bytes: it knows no endpoint, no user and no setting. `service` answers the
//! requests, `instance` passes down limits and certificates.

mod activity;
mod connection;
mod limits;
mod peer;
mod places;
mod shared;
mod stall;
#[cfg(test)]
mod tests;
pub(crate) mod tls;
pub(crate) mod zero_copy;

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

pub(crate) use limits::ConnectionLimits;
pub(crate) use peer::Peer;
pub(crate) use shared::Handler;
pub use tls::TlsError;
pub(crate) use tls::{Certificates, TlsFiles};

use places::Places;
use shared::Shared;

/// Pause after a failure to accept a connection, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The address cannot be used.
#[derive(Debug, Error)]
#[error("failed to listen on {address}")]
pub(crate) struct ListenError {
    /// The configured address.
    pub(crate) address: SocketAddr,
    /// The error of the operating system.
    pub(crate) source: io::Error,
}

/// Listening sockets.
pub(crate) struct Listeners {
    sockets: Vec<(TcpListener, SocketAddr)>,
}

impl Listeners {
    /// Listens on all addresses; port 0 takes a free one.
    ///
    /// # Errors
    /// Fails when an address is taken, or does not belong to this machine.
    pub(crate) async fn bind(addresses: &[SocketAddr]) -> Result<Self, ListenError> {
        let mut sockets = Vec::new();
        for &address in addresses {
            let failed = |source| ListenError { address, source };
            let listener = TcpListener::bind(address).await.map_err(failed)?;
            let address = listener.local_addr().map_err(failed)?;
            sockets.push((listener, address));
        }
        Ok(Self { sockets })
    }

    /// The addresses with the actual ports.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.sockets.iter().map(|(_, address)| *address)
    }

    /// Serves until `stop` resolves, then finishes the requests under way within the limits. Open
    /// connections end with their requests.
    pub(crate) async fn serve(
        self,
        handler: Handler,
        limits: watch::Receiver<ConnectionLimits>,
        certificates: Option<Certificates>,
        stop: impl Future<Output = ()> + Send,
    ) {
        let graceful = GracefulShutdown::new();
        let most = limits.borrow().connections;
        let shared = Arc::new(Shared {
            handler,
            limits,
            certificates,
        });
        let all = Arc::new(Semaphore::new(
            usize::try_from(most).map_or(Semaphore::MAX_PERMITS, |most| {
                most.min(Semaphore::MAX_PERMITS)
            }),
        ));
        let places = Arc::new(Places::default());
        let mut connections = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = async {
                let permit = Arc::clone(&all).acquire_owned().await;
                (self.accept().await, permit)
            };
            let (accepted, permit) = tokio::select! {
                () = &mut stop => break,
                Some(_) = connections.join_next() => continue,
                accepted = accepted => accepted,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "failed to accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let most = shared.limits().per_address;
            let Some(place) = places.take(address.ip(), most) else {
                tracing::debug!(peer = %address, "too many connections of one address");
                continue;
            };
            let connection =
                connection::serve(stream, address, Arc::clone(&shared), graceful.watcher());
            connections.spawn(async move {
                connection.await;
                drop((place, permit));
            });
        }
        drop(self.sockets);
        let timeout = shared.limits().drain;
        if tokio::time::timeout(timeout, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("requests were still under way at the end");
        }
        connections.shutdown().await;
    }

    /// Accepts the next connection to any of the addresses.
    async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        poll_fn(|cx| {
            for (listener, _) in &self.sockets {
                if let Poll::Ready(accepted) = listener.poll_accept(cx) {
                    return Poll::Ready(accepted);
                }
            }
            Poll::Pending
        })
        .await
    }
}
