use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::ends_at;

#[test]
fn the_end_of_a_token_is_read() {
    let of = |claims: &str| ends_at(&format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims)));
    assert_eq!(of(r#"{"exp":1700000000,"aud":"x"}"#), Some(1_700_000_000));
    assert_eq!(of(r#"{"exp":1700000000.9}"#), Some(1_700_000_000));
    for other in [
        "{}",
        r#"{"exp":-1}"#,
        r#"{"exp":"1"}"#,
        r#"{"exp":1e300}"#,
        r#"{"exp":null}"#,
        "no json",
    ] {
        assert_eq!(of(other), None, "{other}");
    }
    let padded = URL_SAFE.encode(r#"{"exp":12}"#);
    assert_eq!(ends_at(&format!("a.{padded}.b")), Some(12));
    for other in ["", "opaque", "a.b", "a.%.c", ".."] {
        assert_eq!(ends_at(other), None, "{other}");
    }
}

proptest! {
    #[test]
    fn no_token_does_harm(token in "\\PC{0,80}", claims in proptest::collection::vec(any::<u8>(), 0..80)) {
        ends_at(&token);
        ends_at(&format!("a.{}.b", URL_SAFE_NO_PAD.encode(claims)));
    }
}
