//! Times that ages lead back to.

use std::time::{Duration, SystemTime};

/// The time `age` before `now`, but none before 1970: what no clock can tell is old enough.
pub(super) fn before(now: SystemTime, age: Duration) -> SystemTime {
    now.checked_sub(age).map_or(SystemTime::UNIX_EPOCH, |time| {
        time.max(SystemTime::UNIX_EPOCH)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_has_an_end() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(10);
        assert_eq!(before(now, Duration::MAX), SystemTime::UNIX_EPOCH);
        assert_eq!(before(now, Duration::from_secs(11)), SystemTime::UNIX_EPOCH);
        assert_eq!(
            before(now, Duration::from_secs(4)),
            SystemTime::UNIX_EPOCH + Duration::from_secs(6)
        );
    }
}
