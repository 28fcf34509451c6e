//! A point in time.

/// A point in time, as file systems keep it. Before 1970, `seconds` is negative and `nanos`
/// still counts forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    pub seconds: i64,
    /// Nanoseconds, below 1,000,000,000.
    pub nanos: u32,
}
