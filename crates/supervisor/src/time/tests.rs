use super::*;

#[test]
fn moments_are_read_in_every_notation() {
    let cases = [
        ("0", 0),
        ("1700000000.5", 1_700_000_000_500_000_000),
        ("1970-01-02", 86_400_000_000_000),
        ("2024-02-29T12:00:00Z", 1_709_208_000_000_000_000),
        ("2024-02-29T12:00:00.25+02:00", 1_709_200_800_250_000_000),
        ("2024-02-29T12:00", 1_709_208_000_000_000_000),
    ];
    for (text, expected) in cases {
        assert_eq!(moment(text), Ok(expected), "{text}");
    }
    let ago = now() - moment("10m").unwrap();
    assert!((599_000_000_000..601_000_000_000).contains(&ago));
    for text in ["", "yesterday", "2024-13-01", "2024-02-29T25:00:00Z", "1.x"] {
        assert!(moment(text).is_err(), "{text}");
    }
}

#[test]
fn a_stamp_is_read_back() {
    for moment_ in [
        0,
        1_709_208_000_000_000_001,
        4_102_444_799_999_999_999,
        951_782_400_000_000_000,
    ] {
        assert_eq!(moment(&stamp(moment_)), Ok(moment_));
    }
    assert_eq!(
        stamp(951_782_400_000_000_000),
        "2000-02-29T00:00:00.000000000Z"
    );
}

#[test]
fn lengths_are_in_the_largest_unit_that_says_enough() {
    let cases = [
        (0, "less than a second"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (7200, "2 hours"),
        (86_400, "1 day"),
        (700_000, "8 days"),
        (1_300_000, "2 weeks"),
    ];
    for (seconds, expected) in cases {
        assert_eq!(between(0, seconds * NANOSECONDS), expected);
    }
}
