//! Connections: accepting, limits, TLS, HTTP/1.1 and HTTP/2, drain.
//!
//! ```text
//! listening --stop--> (delay: /readyz says no) --> refusing --> requests finish --> over
//!                                                          \--- timeout: dropped --/
//! ```

mod activity;
mod connection;
mod peer;
mod places;
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

use http::{Request, Response};
use hyper::body::Incoming;
use hyper_util::server::graceful::GracefulShutdown;
use lazaret_content::BoxFuture;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::config::{Config, Limits};
use crate::message::answer::Body;
use crate::registry::Registry;
use crate::{Error, service};
use places::Places;
use tls::Certificates;

pub(crate) use peer::Peer;
pub use tls::TlsError;

/// Pause after a failure to accept, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often abandoned uploads are looked for.
const CLEANUP: Duration = Duration::from_secs(60 * 60);
/// Handshakes take no longer than this when nothing else is said.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A registry that listens.
pub struct Server {
    registry: Registry,
    listeners: Listeners,
    address: SocketAddr,
}

impl Server {
    pub(crate) async fn bind(registry: Registry, address: SocketAddr) -> Result<Self, Error> {
        let listeners = Listeners::bind(&[address]).await?;
        let address = listeners.addresses().next().unwrap_or(address);
        Ok(Self {
            registry,
            listeners,
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
        let config = self.registry.operations().config.clone();
        let handler = handler(self.registry.clone());
        // It ends with the server: an ephemeral registry goes with its last holder.
        let mut cleaning = JoinSet::new();
        cleaning.spawn(clean_up(self.registry));
        self.listeners.serve(handler, config, None, shutdown).await;
        cleaning.shutdown().await;
        Ok(())
    }
}

/// Answers with a registry.
pub(crate) fn handler(registry: Registry) -> Handler {
    Arc::new(move |request, peer| {
        let registry = registry.clone();
        Box::pin(async move { service::answer(&registry, request, &peer).await })
    })
}

/// Drops the uploads that clients have given up, now and then.
async fn clean_up(registry: Registry) {
    let mut cleanup = tokio::time::interval(CLEANUP);
    loop {
        cleanup.tick().await;
        if let Err(error) = registry.expire_uploads().await {
            tracing::error!(%error, "failed to drop abandoned uploads");
        }
    }
}

/// Answers a request of a peer.
pub(crate) type Handler =
    Arc<dyn Fn(Request<Incoming>, Arc<Peer>) -> BoxFuture<'static, Response<Body>> + Send + Sync>;

/// What all connections share.
struct Shared {
    handler: Handler,
    config: watch::Receiver<Arc<Config>>,
    certificates: Option<Certificates>,
}

impl Shared {
    fn limits(&self) -> Limits {
        self.config.borrow().limits.clone()
    }

    fn handshake_timeout(&self) -> Duration {
        let config = self.config.borrow();
        config
            .tls
            .as_ref()
            .map_or(HANDSHAKE, |tls| tls.handshake_timeout.duration())
    }
}

/// Listening sockets.
pub(crate) struct Listeners {
    sockets: Vec<(TcpListener, SocketAddr)>,
}

impl Listeners {
    /// Listens on every address; port 0 takes a free one.
    ///
    /// # Errors
    /// [`Error::Listen`].
    pub(crate) async fn bind(addresses: &[SocketAddr]) -> Result<Self, Error> {
        let mut sockets = Vec::new();
        for &address in addresses {
            let failed = |source| Error::Listen { address, source };
            let listener = TcpListener::bind(address).await.map_err(failed)?;
            let address = listener.local_addr().map_err(failed)?;
            sockets.push((listener, address));
        }
        Ok(Self { sockets })
    }

    /// Where they listen, with the ports that were taken.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.sockets.iter().map(|(_, address)| *address)
    }

    /// Serves until `stop` resolves, then finishes the requests under way, for as long as the
    /// configuration says. Connections that are open then end with their requests.
    pub(crate) async fn serve(
        self,
        handler: Handler,
        config: watch::Receiver<Arc<Config>>,
        certificates: Option<Certificates>,
        stop: impl Future<Output = ()> + Send,
    ) {
        let graceful = GracefulShutdown::new();
        let most = config.borrow().limits.connections;
        let shared = Arc::new(Shared {
            handler,
            config,
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
            let most = shared.limits().connections_per_address;
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
        let timeout = shared.config.borrow().drain.timeout.duration();
        if tokio::time::timeout(timeout, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("requests were still under way at the end");
        }
        connections.shutdown().await;
    }

    /// The next connection to any of the addresses.
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
