//! Tests of `inode`.

use super::*;

#[track_caller]
fn decoded(time: Timestamp) -> (i64, u32) {
    let (low, extra) = encode_time(time);
    (
        i64::from(low.cast_signed()) + (i64::from(extra & 3) << 32),
        extra >> 2,
    )
}

#[test]
fn times_before_1970_and_after_2038_survive() {
    for seconds in [
        0,
        -1,
        -(1 << 31),
        1 << 31,
        (1 << 32) + 5,
        (1 << 34) - (1 << 31) - 1,
    ] {
        assert_eq!(
            decoded(Timestamp {
                seconds,
                nanos: 123_456_789
            }),
            (seconds, 123_456_789)
        );
    }
    assert_eq!(
        decoded(Timestamp {
            seconds: i64::MAX,
            nanos: 7
        }),
        ((7 << 31) - 1, 0)
    );
}
