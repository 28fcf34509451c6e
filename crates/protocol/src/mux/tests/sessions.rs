//! Tests how sessions are opened, resized and ended.

use super::pair::{Pair, request, size};
use crate::mux::Happened;
use crate::{Ending, Error, Kind, Outcome, Stream};

#[test]
fn only_the_last_size_of_a_terminal_is_sent() {
    let mut pair = Pair::default();
    let session = pair.host.open(&request()).unwrap();
    for rows in 1..=300 {
        pair.host.resize(session, size(rows, 0x0102));
    }
    pair.host.resize(session + 1, size(1, 1));
    let mut wire = Vec::new();
    while pair.host.write_next(&mut wire).is_some() {}
    let resize = [Kind::Resize as u8, 0, 1, 0, 0, 0, 4, 0, 0, 0, 44, 1, 2, 1];
    assert!(wire.ends_with(&resize), "{wire:?}");
    let mut decoder = crate::Decoder::default();
    decoder.push(&wire);
    let mut happened = Vec::new();
    while let Some(frame) = decoder.next_frame().unwrap() {
        happened.extend(pair.guest.receive(&frame).unwrap());
    }
    let size = size(300, 0x0102);
    assert_eq!(happened.len(), 2, "{happened:?}");
    assert_eq!(happened[1], Happened::Resize { session, size });
}

#[test]
fn any_request_opens_a_session_if_it_fits() {
    let mut pair = Pair::default();
    let session = pair.host.open(&("hold", 7)).unwrap();
    let request = br#"["hold",7]"#.to_vec();
    assert_eq!(
        pair.settle().unwrap(),
        [Happened::Opened { session, request }]
    );
    let large = "x".repeat(crate::MAX_PAYLOAD_BYTES);
    assert!(matches!(
        pair.host.open(&large),
        Err(Error::TooLarge { .. })
    ));
    let keys = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert!(matches!(pair.host.open(&keys), Err(Error::Message { .. })));
    assert_eq!(pair.host.open(&()), Ok(session + 1), "no number is lost");
}

#[test]
fn a_guest_knows_which_of_its_sessions_are_left() {
    let mut pair = Pair::default();
    let session = pair.running();
    let is = |pair: &Pair| {
        let guest = &pair.guest;
        (guest.is_open(session), guest.is_running(session))
    };
    assert_eq!(is(&pair), (true, true));
    assert_eq!(pair.guest.write(session, Stream::Output, b"last"), 4);
    pair.guest.finish(session, &Ending::Exit(Outcome::Code(0)));
    assert_eq!(is(&pair), (true, false));
    assert_eq!(pair.guest.room(session, Stream::Output), 0);
    let mut wire = Vec::new();
    assert_eq!(pair.guest.write_next(&mut wire), Some(session));
    assert_eq!(is(&pair), (true, false), "the ending is not sent");
    assert_eq!(pair.guest.write_next(&mut wire), Some(session));
    assert_eq!(is(&pair), (false, false));
    assert_eq!(pair.guest.write_next(&mut wire), None);
}
