//! A guest that has answered.

use std::sync::Arc;

use lazaret_vm::{Channel, Session};

/// The guest of a machine after its greeting.
#[derive(Debug)]
pub(super) struct Guest {
    /// The session with the workload.
    pub(super) workload: Session,
    /// Opens further sessions. The machine ends when it is dropped.
    pub(super) channel: Arc<Channel>,
}

impl Guest {
    pub(super) fn new(workload: Session, channel: Channel) -> Self {
        Self {
            workload,
            channel: Arc::new(channel),
        }
    }
}
