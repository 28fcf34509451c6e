//! The clock of the host.

use std::time::{SystemTime, UNIX_EPOCH};

/// The current time in nanoseconds since 1970.
pub(crate) fn nanoseconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
        })
}
