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

/// Limits of the requests of one user or address. No limit where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RequestLimits {
    /// Requests a second.
    pub requests_per_second: Option<f64>,
    /// Requests that may come at once beyond that.
    pub request_burst: u32,
    /// Requests under way at once.
    pub concurrent_requests: Option<u32>,
}
