//! The embedded guest program.

/// `lazaret-guest`, a static binary for this architecture.
pub(crate) const INIT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/lazaret-guest"));
