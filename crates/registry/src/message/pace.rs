//! The pace of the other end of a connection.

use std::time::Duration;

/// The pace at which a peer has to send or take bytes. Only time spent waiting for the peer
/// counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Longest time in which it moves nothing.
    pub(crate) silence: Duration,
    /// Bytes a second, on average over `window`; 0 for any.
    pub(crate) rate: u64,
    /// Time spent waiting, after which `rate` is looked at.
    pub(crate) window: Duration,
}

impl Pace {
    /// Bytes that have to move in one window.
    pub(crate) fn least(&self) -> u64 {
        let milliseconds = u64::try_from(self.window.as_millis()).unwrap_or(u64::MAX);
        self.rate.saturating_mul(milliseconds) / 1000
    }
}
