//! The state that all connections of a server share.

use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use lazaret_content::BoxFuture;
use tokio::sync::watch;

use super::limits::ConnectionLimits;
use super::peer::Peer;
use super::tls::Certificates;
use crate::message::Body;

/// Answers a request of a peer.
pub(crate) type Handler =
    Arc<dyn Fn(Request<Incoming>, Arc<Peer>) -> BoxFuture<'static, Response<Body>> + Send + Sync>;

/// The state that all connections of a server share.
pub(super) struct Shared {
    pub(super) handler: Handler,
    pub(super) limits: watch::Receiver<ConnectionLimits>,
    pub(super) certificates: Option<Certificates>,
}

impl Shared {
    /// The current limits.
    pub(super) fn limits(&self) -> ConnectionLimits {
        self.limits.borrow().clone()
    }
}
