//! Those who are told, and of what.

use std::path::PathBuf;
use std::time::Duration;

use lazaret_oci::Repository;
use lazaret_values::Pattern;

/// The kinds of events that somebody can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    ManifestPushed,
    ManifestPulled,
    ManifestDeleted,
    TagDeleted,
    BlobDeleted,
}

/// Somebody who is told what happens.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    /// Unique among targets. Events that wait belong to the name.
    pub(crate) name: String,
    /// The URL that events are posted to.
    pub(crate) url: String,
    pub(crate) kinds: Vec<Kind>,
    /// The repositories that the target is told of; all, when there is no pattern.
    pub(crate) repositories: Vec<Pattern>,
    /// File with the secret that signs each event.
    pub(crate) secret_file: Option<PathBuf>,
    /// Longest time that one delivery takes.
    pub(crate) timeout: Duration,
    /// Deliveries at once, 1 to 4.
    pub(crate) concurrency: u8,
    /// Age at which an event is given up.
    pub(crate) give_up_after: Duration,
}

impl Target {
    /// Whether the target is told of such an event.
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
