//! The state that the requests of one instance share.
//!
//! It answers no request itself: `service` takes requests, `distribution` has the verbs. It never
//! reads settings: `instance` makes it from them, and replaces its terms and its gate when they
//! change.

use std::sync::{Arc, PoisonError, RwLock};

use lazaret_auth::Gate;
use lazaret_files::LockedDir;
use lazaret_mirror::Mirror;

use crate::control::ControlPlanes;
use crate::events::Events;
use crate::hashes::Hashes;
use crate::manifest_room::ManifestRoom;
use crate::original::Original;
use crate::stores::Stores;
use crate::telemetry::Telemetry;
use crate::terms::{SharedTerms, Terms};

/// A registry over its stores. Clones share everything.
#[derive(Clone)]
pub(crate) struct Registry {
    pub(crate) stores: Stores,
    pub(crate) hashes: Arc<Hashes>,
    pub(crate) manifest_room: Arc<ManifestRoom>,
    pub(crate) telemetry: Arc<Telemetry>,
    pub(crate) events: Events,
    pub(crate) mirror: Option<Arc<Mirror>>,
    /// The API of the original mirror, if it is set up.
    pub(crate) original: Option<Arc<Original>>,
    /// The control planes that are served beside the registry.
    pub(crate) control: Arc<ControlPlanes>,
    terms: SharedTerms,
    gate: Arc<RwLock<Arc<Gate>>>,
    /// Keeps the folder of an ephemeral registry until the last clone is dropped.
    _folder: Option<Arc<LockedDir>>,
}

impl Registry {
    /// A registry over stores. `folder` is kept as long as any clone exists.
    pub(crate) fn new(
        stores: Stores,
        terms: SharedTerms,
        gate: Gate,
        telemetry: Telemetry,
        events: Events,
        mirror: Option<Arc<Mirror>>,
        folder: Option<LockedDir>,
    ) -> Self {
        Self {
            stores,
            hashes: Arc::default(),
            manifest_room: Arc::default(),
            telemetry: Arc::new(telemetry),
            events,
            mirror,
            original: None,
            control: Arc::new(ControlPlanes(Vec::new())),
            terms,
            gate: Arc::new(RwLock::new(Arc::new(gate))),
            _folder: folder.map(Arc::new),
        }
    }

    /// The same with the API of the original mirror.
    pub(crate) fn with_original(mut self, original: Option<Original>) -> Self {
        self.original = original.map(Arc::new);
        self
    }

    /// The same with control planes.
    pub(crate) fn with_control(mut self, control: ControlPlanes) -> Self {
        self.control = Arc::new(control);
        self
    }

    /// The current terms. Requests under way keep those that they began with.
    pub(crate) fn terms(&self) -> Arc<Terms> {
        self.terms.current()
    }

    /// The current gate, which decides what clients may do.
    pub(crate) fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.gate.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces the terms and the gate for further requests.
    pub(crate) fn change(&self, terms: Terms, gate: Gate) {
        self.terms.replace(terms);
        *self.gate.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(gate);
    }
}
