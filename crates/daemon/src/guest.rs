//! The embedded PID 1.

/// `lazaret-guest`, a static binary for this architecture.
pub(crate) const INIT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/lazaret-guest"));
