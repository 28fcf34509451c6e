use chrono::DateTime;
use proptest::prelude::*;
use serde_json::json;

use super::{Fault, NO_HASH, line, read};

#[test]
fn a_line_is_read_as_it_was_written() {
    let (text, hash) = line(1, DateTime::UNIX_EPOCH, json!({"kind": "start"}), NO_HASH);
    assert_eq!(
        text,
        format!(
            "{{\"sequence\":1,\"time\":\"1970-01-01T00:00:00.000000000Z\",\"event\":{{\"kind\":\"start\"}},\
             \"previous\":\"{NO_HASH}\",\"hash\":\"{hash}\"}}"
        )
    );
    let record = read(text.as_bytes()).unwrap();
    assert_eq!((record.sequence, record.hash), (1, hash));
    assert_eq!(record.event["kind"], "start");
}

#[test]
fn a_long_event_leaves_its_kind() {
    let event = json!({"kind": "exec", "argv": ["x".repeat(1 << 20)]});
    let (text, _) = line(7, DateTime::UNIX_EPOCH, event, NO_HASH);
    assert!(text.len() < 1000);
    assert_eq!(read(text.as_bytes()).unwrap().event["kind"], "exec");
}

#[test]
fn what_is_no_line_is_refused() {
    let (text, _) = line(1, DateTime::UNIX_EPOCH, json!({}), NO_HASH);
    for other in [
        "",
        "{}",
        &text[1..],
        &text[..text.len() - 1],
        &text.replace("1970", "1971"),
    ] {
        read(other.as_bytes()).unwrap_err();
    }
    assert_eq!(read(&vec![b'x'; 2 << 20]), Err(Fault::TooLong));
}

proptest! {
    #[test]
    fn no_bytes_are_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
    }

    #[test]
    fn no_byte_changes_unseen(at in 0_usize..150, to in any::<u8>()) {
        let (text, _) = line(3, DateTime::UNIX_EPOCH, json!({"kind": "a"}), NO_HASH);
        let mut bytes = text.clone().into_bytes();
        let at = at % bytes.len();
        bytes[at] = to;
        prop_assert_eq!(read(&bytes).is_ok(), bytes == text.as_bytes());
    }
}
