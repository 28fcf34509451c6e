use std::time::Duration;

use super::*;

#[test]
fn times_are_written_as_the_standard_says() {
    let cases = [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    ];
    for (milliseconds, expected) in cases {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds);
        assert_eq!(timestamp(time), expected);
    }
}
