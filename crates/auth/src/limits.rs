//! Limits of one client, kept in bounded memory.

mod bounded;
mod failures;
mod places;
mod rate;
#[cfg(test)]
mod tests;

pub(super) use bounded::Bounded;
pub(super) use failures::Failures;
pub(super) use places::{Place, Places};
pub(super) use rate::Rate;

/// Limits of the requests of one user or address; `None` means no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RequestLimits {
    /// Requests per second.
    pub requests_per_second: Option<f64>,
    /// Number of requests that may come at once.
    pub request_burst: u32,
    /// Number of requests under way at once.
    pub concurrent_requests: Option<u32>,
}
