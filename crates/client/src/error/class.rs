//! The classes of failures.

/// The classes of failures that a caller treats differently (exit codes, statuses, retries).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Credentials are missing or wrong.
    Unauthorized,
    /// Credentials are not enough.
    Denied,
    /// The object does not exist.
    NotFound,
    /// The server refused the content or the request.
    Invalid,
    /// The server cannot be reached or fails.
    Unreachable,
    /// The object is in a state that forbids the request.
    Conflict,
    /// Content differs from its digest or size.
    Integrity,
    /// Too many requests.
    RateLimited,
    /// The peer broke the protocol or asked for something unsafe.
    Protocol,
    /// A local file, helper or stream failed.
    Local,
}
