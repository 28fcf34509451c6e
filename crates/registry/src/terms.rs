//! The terms that apply to requests.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::message::Pace;
use crate::rules::Rules;
use crate::schemas::Schemas;

/// The rules and limits of requests, as plain values. They may change while the registry runs; a
/// request keeps those that it began with.
#[derive(Clone)]
pub(crate) struct Terms {
    /// The rules of repositories.
    pub(crate) rules: Rules,
    /// The schemas of artifact configurations.
    pub(crate) schemas: Arc<dyn Schemas>,
    /// Size of the largest blob, in bytes.
    pub(crate) blob_bytes: u64,
    /// The limits of upload sessions.
    pub(crate) sessions: SessionLimits,
    /// Size of the largest manifest, in bytes.
    pub(crate) manifest_bytes: usize,
    /// Whether clients may delete tags, manifests and blobs.
    pub(crate) takes_deletions: bool,
    /// The pace at which bodies must arrive.
    pub(crate) pace: Pace,
    /// Lifetime of a link into the content store. `None` when clients read all content from the
    /// registry.
    pub(crate) links: Option<Duration>,
    /// The clients that may read the measurements at the registry's own address.
    pub(crate) metrics: Exposure,
}

/// The current terms. Clones share them.
#[derive(Clone)]
pub(crate) struct SharedTerms(Arc<RwLock<Arc<Terms>>>);

impl SharedTerms {
    pub(crate) fn new(terms: Terms) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(terms))))
    }

    /// The terms as they are now. Requests under way keep those that they began with.
    pub(crate) fn current(&self) -> Arc<Terms> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces them for further requests.
    pub(crate) fn replace(&self, terms: Terms) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(terms);
    }
}

/// Limits of the number of upload sessions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionLimits {
    /// Sessions of one repository.
    pub(crate) of_repository: u64,
    /// Sessions of all repositories.
    pub(crate) of_all: u64,
}

/// The clients that may read the measurements at the registry's own address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exposure {
    /// Nobody: measurements are turned off, or have a separate address.
    Nobody,
    /// Clients with the right to administer.
    Administrators,
    Everybody,
}
