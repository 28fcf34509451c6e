//! The options of a push.

use std::sync::Arc;

use lazaret_oci::Repository;

/// The options of a push.
#[derive(Clone, Default)]
pub struct PushBlob {
    /// A repository of the same registry that has the blob.
    pub mount_from: Option<Repository>,
    /// Called with the number of bytes of each piece sent. Bytes that are sent again count again.
    pub advanced: Option<Arc<dyn Fn(u64) + Send + Sync>>,
}
