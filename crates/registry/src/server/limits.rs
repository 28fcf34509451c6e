//! Limits of one connection, and of all of them.

use std::time::Duration;

use crate::message::Pace;

/// Limits of connections. New connections take those of their moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConnectionLimits {
    /// Connections open at once; more wait. Fixed when serving begins.
    pub(crate) connections: u32,
    /// Connections of one address (IPv6: of one /64); more are closed. Loopback has no limit.
    pub(crate) per_address: u32,
    /// Longest time of a TLS handshake.
    pub(crate) handshake: Duration,
    /// Longest time that the header of a request takes.
    pub(crate) header: Duration,
    /// Longest time that a connection is open without a request.
    pub(crate) idle: Duration,
    /// The pace at which answers have to be taken.
    pub(crate) pace: Pace,
    /// Longest time that requests under way may take at the end.
    pub(crate) drain: Duration,
}
