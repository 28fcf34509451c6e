//! One request to an upstream's repository, on its way through the stages.

use std::sync::Arc;
use std::time::Duration;

use lazaret_oci::Repository;

use crate::pipeline::Lane;
use crate::upstream::{Identity, Upstream, Wanted};

/// One request to an upstream's repository.
#[derive(Clone)]
pub(crate) struct Passage {
    pub(crate) upstream: Arc<Upstream>,
    /// The repository in this registry.
    pub(crate) repository: Repository,
    /// The repository at the upstream.
    pub(crate) remote: Repository,
    pub(crate) lane: Lane,
    pub(crate) identity: Identity,
    /// When its client has waited long enough, whatever it waits for.
    pub(crate) deadline: tokio::time::Instant,
}

impl Passage {
    /// What is to be asked of the upstream.
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted {
            repository: self.remote.clone(),
            tag: None,
            digest: None,
            identity: self.identity.clone(),
        }
    }

    /// The time that is left until an answer has to begin.
    pub(crate) fn rest(&self) -> Duration {
        self.deadline
            .saturating_duration_since(tokio::time::Instant::now())
    }
}
