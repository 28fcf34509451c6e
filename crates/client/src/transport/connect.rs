//! Opens connections: route, name lookup, reach check, TCP, TLS.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;

use super::conn::{Conn, Io, Peer};
use super::dial::dial;
use super::failure::ConnectError;
use super::origin::Origin;
use super::proxy::ProxyRoute;
use super::reach::{Reach, Zone};
use super::tls::Tls;

/// Opens connections to addresses within reach.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) tls: Arc<Tls>,
    pub(super) proxy: Option<Arc<ProxyRoute>>,
    pub(super) reach: Reach,
    pub(super) timeout: Duration,
}

impl Connector {
    async fn connect(self, uri: Uri) -> Result<Conn, ConnectError> {
        let origin =
            Origin::of(&uri).ok_or_else(|| ConnectError::Network("not an http URL".to_owned()))?;
        let work = async {
            let (io, peer) = self.open(&origin).await?;
            let io: Box<dyn Io> = if origin.tls {
                Box::new(self.tls.handshake(&origin, io).await?)
            } else {
                io
            };
            Ok(Conn::new(io, peer))
        };
        tokio::time::timeout(self.timeout, work)
            .await
            .unwrap_or(Err(ConnectError::TimedOut(self.timeout)))
    }

    /// Opens a stream to the server, directly or through the proxy.
    async fn open(&self, origin: &Origin) -> Result<(Box<dyn Io>, Peer), ConnectError> {
        if let Some(proxy) = self.proxy.as_ref().filter(|proxy| proxy.serves(origin)) {
            return proxy.open(&self.tls, origin, self.reach).await;
        }
        let tcp = dial(origin, self.reach).await?;
        let address = tcp
            .peer_addr()
            .map_err(|error| ConnectError::Network(error.to_string()))?;
        let peer = Peer {
            zone: Zone::of(address.ip()),
            is_by_name: false,
        };
        Ok((Box::new(tcp), peer))
    }
}

impl tower_service::Service<Uri> for Connector {
    type Response = Conn;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Conn, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}
