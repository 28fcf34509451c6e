//! Converts ages to points in time.

use std::time::{Duration, SystemTime};

/// The time `age` before `now`, or 1970 if that would be earlier.
pub(super) fn before(now: SystemTime, age: Duration) -> SystemTime {
    now.checked_sub(age).map_or(SystemTime::UNIX_EPOCH, |time| {
        time.max(SystemTime::UNIX_EPOCH)
    })
}

#[cfg(test)]
mod tests;
