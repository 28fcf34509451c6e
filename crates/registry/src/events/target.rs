//! Targets of events, and the events that they want.

use std::path::PathBuf;
use std::time::Duration;

use lazaret_oci::Repository;
use lazaret_values::Pattern;

/// The kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    ManifestPushed,
    ManifestPulled,
    ManifestDeleted,
    TagDeleted,
    BlobDeleted,
}

/// A webhook that events are sent to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    /// The name, unique among targets. Waiting events belong to the name.
    pub(crate) name: String,
    /// The URL to which events are posted.
    pub(crate) url: String,
    pub(crate) kinds: Vec<Kind>,
    /// The repositories whose events the target gets; all, when there is no pattern.
    pub(crate) repositories: Vec<Pattern>,
    /// The path of the file with the secret that signs each event.
    pub(crate) secret_file: Option<PathBuf>,
    /// Longest time for one delivery.
    pub(crate) timeout: Duration,
    /// Number of parallel deliveries, 1 to 4.
    pub(crate) concurrency: u8,
    /// Age at which an undelivered event is dropped.
    pub(crate) give_up_after: Duration,
}

impl Target {
    /// Whether the target gets this event.
    pub(super) fn wants(&self, kind: Kind, repository: &Repository) -> bool {
        let name = repository.as_str();
        self.kinds.contains(&kind)
            && (self.repositories.is_empty()
                || self
                    .repositories
                    .iter()
                    .any(|pattern| pattern.matches(name)))
    }
}
