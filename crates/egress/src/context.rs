//! What every connection of a machine needs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use lazaret_net::{Roots, client_config};
use rustls::ClientConfig;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::authority::{Authority, Offer};
use crate::desk::{Desk, Destination};

/// The most connections that are made for requests. Over HTTP/2 a guest has many on one of its own.
const MOST_SERVERS: usize = 2048;

/// The longest time for one of them to end.
const PERMIT: Duration = Duration::from_secs(10);

/// The most servers of which it is known what they speak.
const MOST_KNOWN: usize = 1024;

/// What every connection of a machine needs.
#[derive(Debug)]
pub struct Context<D> {
    /// Decides.
    pub desk: Rc<Desk>,
    /// Connects to the world.
    pub dialer: D,
    /// Signs for servers; `None` where TLS is not terminated.
    pub authority: Option<Authority>,
    /// How servers are spoken to, without protocols to choose from.
    tls: Arc<ClientConfig>,
    /// What servers have chosen, so that a client is offered the same.
    known: RefCell<HashMap<Destination, Offer>>,
    /// A permit for each connection that is made for requests.
    servers: Arc<Semaphore>,
}

impl<D> Context<D> {
    /// Puts the parts together; `roots` are the authorities by which servers are verified.
    #[must_use]
    pub fn new(desk: Rc<Desk>, dialer: D, authority: Option<Authority>, roots: Roots) -> Self {
        Self {
            desk,
            dialer,
            authority,
            tls: Arc::new(client_config(roots)),
            known: RefCell::default(),
            servers: Arc::new(Semaphore::new(MOST_SERVERS)),
        }
    }

    /// How servers are spoken to.
    pub(crate) fn tls(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.tls)
    }

    /// The permit for one more connection for requests, which is held for its life; `None` if there is
    /// none for too long.
    pub(crate) async fn server_permit(&self) -> Option<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.servers).acquire_owned();
        timeout(PERMIT, permit).await.ok()?.ok()
    }

    /// What a server has, if it is known.
    pub(crate) fn offer(&self, destination: &Destination) -> Option<Offer> {
        self.known.borrow().get(destination).copied()
    }

    /// Keeps what a server has chosen of both protocols.
    pub(crate) fn learn(&self, destination: &Destination, offer: Offer) {
        let mut known = self.known.borrow_mut();
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(destination.clone(), offer);
    }
}
