//! The terms on which a registry takes content and gives it away.

use std::sync::Arc;
use std::time::Duration;

use crate::message::Pace;
use crate::rules::Rules;
use crate::schemas::Schemas;

/// Everything that requests are held to, as plain values. They change while the registry runs;
/// a request keeps those that it began with.
#[derive(Clone)]
pub(crate) struct Terms {
    /// The rules of repositories.
    pub(crate) rules: Rules,
    /// The schemas of configurations.
    pub(crate) schemas: Arc<dyn Schemas>,
    /// Bytes of the largest blob.
    pub(crate) blob_bytes: u64,
    /// Bytes of the largest manifest.
    pub(crate) manifest_bytes: usize,
    /// Whether clients may delete anything.
    pub(crate) takes_deletions: bool,
    /// The pace at which bodies have to come.
    pub(crate) pace: Pace,
    /// Lifetime of a link into the store. Without it, clients read all content from
    /// the registry.
    pub(crate) links: Option<Duration>,
    /// The readers of the measurements at the registry's own address.
    pub(crate) metrics: Exposure,
}

/// The readers of the measurements at the registry's own address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exposure {
    /// Nobody: there are none, or they have an address of their own.
    Nobody,
    /// Those who may administer.
    Administrators,
    Everybody,
}
