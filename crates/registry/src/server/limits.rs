//! Limits of each connection, and of all connections together.

use std::time::Duration;

use crate::message::Pace;

/// Limits of connections. A connection keeps the limits that were valid when it was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConnectionLimits {
    /// Number of open connections; further ones wait. Fixed when serving begins.
    pub(crate) connections: u32,
    /// Number of connections of one address (IPv6: of one /64); further ones are closed. Loopback
    /// has no limit.
    pub(crate) per_address: u32,
    /// Longest time for a TLS handshake.
    pub(crate) handshake: Duration,
    /// Longest time for the header of a request.
    pub(crate) header: Duration,
    /// Longest time for which a connection may be open without a request.
    pub(crate) idle: Duration,
    /// The pace at which responses must be taken.
    pub(crate) pace: Pace,
    /// Longest time that requests under way may take after the stop.
    pub(crate) drain: Duration,
}
