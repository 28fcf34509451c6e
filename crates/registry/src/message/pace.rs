//! The pace of a connection's peer.

use std::time::Duration;

/// The pace at which a peer must send or take bytes. Only time spent waiting for the peer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Longest time in which it moves no bytes.
    pub(crate) silence: Duration,
    /// Bytes per second, on average over `window`; 0 means no limit.
    pub(crate) rate: u64,
    /// Time spent waiting after which `rate` is checked.
    pub(crate) window: Duration,
}

impl Pace {
    /// Number of bytes that must move in one window.
    pub(crate) fn least(&self) -> u64 {
        let milliseconds = u64::try_from(self.window.as_millis()).unwrap_or(u64::MAX);
        self.rate.saturating_mul(milliseconds) / 1000
    }
}
