use proptest::prelude::*;

use super::Query;
use super::range::{Requested, chunk, requested};

#[test]
fn ranges_of_a_read() {
    let part = |range| Requested::Part(range);
    for (header, size, expected) in [
        (None, 10, Requested::Whole),
        (Some("bytes=0-0"), 10, part(0..1)),
        (Some("bytes=2-5"), 10, part(2..6)),
        (Some("bytes=2-"), 10, part(2..10)),
        (Some("bytes=2-99"), 10, part(2..10)),
        (Some("bytes=-3"), 10, part(7..10)),
        (Some("bytes=-99"), 10, part(0..10)),
        (Some("bytes=9-9"), 10, part(9..10)),
        (Some("bytes=0-18446744073709551615"), 10, part(0..10)),
        (Some("bytes=0-99999999999999999999999"), 10, part(0..10)),
        (Some("bytes=10-"), 10, Requested::Unsatisfiable),
        (Some("bytes=500-0"), 10, Requested::Unsatisfiable),
        (Some("bytes=5-0"), 10, Requested::Unsatisfiable),
        (Some("bytes=-0"), 10, Requested::Unsatisfiable),
        (Some("bytes=0-0"), 0, Requested::Unsatisfiable),
        (Some("bytes=0-"), 0, Requested::Whole),
        (Some("bytes=1-"), 0, Requested::Unsatisfiable),
        (Some("bytes=-1"), 0, Requested::Unsatisfiable),
        (Some("bytes=0-1,3-4"), 10, Requested::Whole),
        (Some("bytes=a-b"), 10, Requested::Whole),
        (Some("bytes="), 10, Requested::Whole),
        (Some("bytes=-"), 10, Requested::Whole),
        (Some("bytes=+1-2"), 10, Requested::Whole),
        (Some("items=0-1"), 10, Requested::Whole),
    ] {
        assert_eq!(requested(header, size), expected, "{header:?} of {size}");
    }
}

#[test]
fn ranges_of_a_chunk() {
    for (header, expected) in [
        ("0-0", Some(0..1)),
        ("5-9", Some(5..10)),
        ("bytes 5-9/*", Some(5..10)),
        ("bytes=5-9", Some(5..10)),
        ("9-5", None),
        ("5-", None),
        ("-5", None),
        ("a-b", None),
        ("", None),
        ("0x1-2", None),
    ] {
        assert_eq!(chunk(header), expected, "{header}");
    }
}

#[test]
fn queries_are_decoded() {
    let query = Query::parse(Some("digest=sha256%3Aab&tag=a&tag=b+c&empty&bad=%ff&&x=%2"));
    assert_eq!(query.get("digest"), Some("sha256:ab"));
    assert_eq!(query.all("tag").collect::<Vec<_>>(), ["a", "b c"]);
    assert_eq!(query.get("empty"), Some(""));
    assert_eq!(query.get("x"), Some("%2"));
    assert_eq!(query.get("none"), None);
    assert_eq!(Query::parse(None).get("x"), None);
}

proptest! {
    #[test]
    fn a_range_is_inside_the_content(header in "bytes=[0-9]{0,21}-[0-9]{0,21}", size: u64) {
        if let Requested::Part(range) = requested(Some(&header), size) {
            prop_assert!(range.start < range.end && range.end <= size);
        }
    }

    #[test]
    fn hostile_range_headers_never_panic(header in ".{0,40}", size: u64) {
        let _ = requested(Some(&header), size);
        if let Some(range) = chunk(&header) {
            prop_assert!(range.start < range.end);
        }
    }
}
