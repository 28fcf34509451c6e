//! Times that ages lead back to.

use std::time::{Duration, SystemTime};

/// The time `age` before `now`, but none before 1970: what no clock can tell is old enough.
pub(super) fn before(now: SystemTime, age: Duration) -> SystemTime {
    now.checked_sub(age).map_or(SystemTime::UNIX_EPOCH, |time| {
        time.max(SystemTime::UNIX_EPOCH)
    })
}

#[cfg(test)]
mod tests;
