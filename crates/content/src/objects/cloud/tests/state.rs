//! Tests of the text form of a staged object's state.

use proptest::prelude::*;

use crate::objects::cloud::state::{Multipart, State, Tail};
use crate::{Staged, UploadId};

fn of(size: u64, text: &str) -> Result<State, crate::Error> {
    let staged = Staged {
        size,
        state: Some(text.to_owned()),
    };
    State::of(&UploadId::random(), &staged)
}

#[test]
fn text_of_others_is_refused() {
    for (size, text) in [
        (0, ""),
        (0, "{}"),
        (0, r#"{"version":2}"#),
        (0, r#"{"version":1,"colour":"red"}"#),
        (1, r#"{"version":1}"#),
        (1, r#"{"version":1,"tails":[{"name":"tail.a","size":2}]}"#),
        (1, r#"{"version":1,"tails":[{"name":"tail.a","size":-1}]}"#),
        (
            0,
            r#"{"version":1,"tails":[{"name":"a","size":18446744073709551615},{"name":"b","size":1}]}"#,
        ),
    ] {
        assert!(of(size, text).is_err(), "{text}");
    }
    of(1, r#"{"version":1,"tails":[{"name":"tail.a","size":1}]}"#).unwrap();
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        parts in prop::collection::vec("[ -~]{0,9}", 0..4),
        begun in any::<bool>(),
        size in 0..u64::from(u32::MAX),
        tails in prop::collection::vec(("[a-z.]{1,9}", 0..1000_u64), 0..4),
        stale in prop::collection::vec("[a-z.]{1,9}", 0..4),
    ) {
        let multipart = begun.then(|| Multipart {
            id: "an id\"\n".into(),
            note: None,
            parts,
            size,
        });
        let tails = tails.into_iter().map(|(name, size)| Tail { name, size });
        let state = State { multipart, tails: tails.collect(), stale };
        let staged = state.to_staged().unwrap();
        prop_assert_eq!(State::of(&UploadId::random(), &staged).unwrap(), state);
    }
}
