//! Tests of peers that break the rules.

use proptest::prelude::*;

use super::pair::{Pair, request};
use crate::mux::{GuestMux, HostMux, MAX_SESSIONS};
use crate::stream::WINDOW_BYTES;
use crate::{END, Ending, Error, Frame, Kind, Outcome, PIECE_BYTES, Stream, TerminalSize};

const SIZE: TerminalSize = TerminalSize {
    rows: 24,
    columns: 80,
};

fn bytes(kind: Kind, session: u32, flags: u8, payload: &[u8]) -> Frame<'_> {
    Frame {
        kind,
        flags,
        session,
        payload,
    }
}

fn credit(kind: Kind, count: u32) -> Vec<u8> {
    let mut payload = vec![kind as u8];
    payload.extend(count.to_le_bytes());
    payload
}

#[test]
fn a_guest_is_held_to_the_rules() {
    let mut pair = Pair::default();
    let session = pair.running();
    let asked = pair.host.open(&request()).unwrap();
    pair.settle().unwrap();
    let ended = pair.running();
    pair.finish(ended, &Ending::Exit(Outcome::Code(0)));
    let host = &mut pair.host;
    let mut check = |frame: Frame<'_>, expected: Error| {
        assert_eq!(host.receive(&frame), Err(expected), "{frame:?}");
    };
    let unexpected = |kind, session| Error::Unexpected { kind, session };
    for kind in [
        Kind::Open,
        Kind::Signal,
        Kind::Resize,
        Kind::Started,
        Kind::Input,
    ] {
        check(Frame::new(kind, session, &[]), unexpected(kind, session));
    }
    for kind in [Kind::Output, Kind::Errors, Kind::Exit] {
        check(Frame::new(kind, asked, b"x"), unexpected(kind, asked));
    }
    for number in [0, ended + 1, u32::MAX] {
        let (kind, session) = (Kind::Output, number);
        check(
            Frame::new(kind, number, &[]),
            Error::UnknownSession { kind, session },
        );
    }
    let kind = Kind::Errors;
    check(
        Frame::new(kind, ended, b"x"),
        Error::SessionEnded {
            kind,
            session: ended,
        },
    );
    let stream = Stream::Input;
    check(
        Frame::new(Kind::Credit, session, &credit(Kind::Input, 1)),
        Error::CreditExceeded { session, stream },
    );
    check(
        Frame::new(Kind::Credit, session, &credit(Kind::Output, 1)),
        unexpected(Kind::Credit, session),
    );
    for payload in [&[][..], &[4], &[4, 0, 0, 0], &[9, 0, 0, 0, 0]] {
        let frame = Frame::new(Kind::Credit, session, payload);
        assert!(
            matches!(host.receive(&frame), Err(Error::Message { .. })),
            "{payload:?}"
        );
    }
    let frame = Frame::new(Kind::Exit, session, b"{}");
    assert!(matches!(host.receive(&frame), Err(Error::Message { .. })));
    let reason = br#"{"kind":"machine","message":"no disk"}"#;
    let error = host.receive(&Frame::new(Kind::Failure, 0, reason));
    assert_eq!(error.unwrap_err().to_string(), "the guest gave up: no disk");
}

#[test]
fn a_guest_that_sends_more_than_the_window_or_after_the_end_is_refused() {
    let mut pair = Pair::default();
    let session = pair.running();
    let piece = vec![0; PIECE_BYTES];
    for _ in 0..WINDOW_BYTES / PIECE_BYTES {
        let frame = bytes(Kind::Output, session, 0, &piece);
        pair.host.receive(&frame).unwrap();
    }
    let stream = Stream::Output;
    assert_eq!(
        pair.host.receive(&bytes(Kind::Output, session, 0, b"x")),
        Err(Error::WindowExceeded { session, stream })
    );
    let stream = Stream::Errors;
    pair.host
        .receive(&bytes(Kind::Errors, session, END, b"last"))
        .unwrap();
    assert_eq!(
        pair.host.receive(&bytes(Kind::Errors, session, 0, b"")),
        Err(Error::AfterEnd { session, stream })
    );
}

#[test]
fn a_host_is_held_to_the_rules() {
    let mut guest = GuestMux::default();
    let open = |session| Frame::new(Kind::Open, session, b"{}");
    assert_eq!(
        guest.receive(&open(0)),
        Err(Error::SessionReused { session: 0 })
    );
    guest.receive(&open(5)).unwrap();
    for session in [5, 4] {
        assert_eq!(
            guest.receive(&open(session)),
            Err(Error::SessionReused { session })
        );
    }
    let (kind, session) = (Kind::Input, 6);
    assert_eq!(
        guest.receive(&bytes(kind, session, 0, b"x")),
        Err(Error::UnknownSession { kind, session })
    );
    let session = 5;
    for kind in [Kind::Output, Kind::Exit, Kind::Started] {
        assert_eq!(
            guest.receive(&Frame::new(kind, session, &[])),
            Err(Error::Unexpected { kind, session })
        );
    }
    for payload in [&[][..], &[1, 2]] {
        let frame = Frame::new(Kind::Signal, session, payload);
        assert!(matches!(guest.receive(&frame), Err(Error::Message { .. })));
    }
    for payload in [&[][..], &[1, 2, 3], &[1, 2, 3, 4, 5]] {
        let frame = Frame::new(Kind::Resize, session, payload);
        assert!(matches!(guest.receive(&frame), Err(Error::Message { .. })));
    }
    for session in 6..5 + MAX_SESSIONS {
        guest
            .receive(&open(u32::try_from(session).unwrap()))
            .unwrap();
    }
    assert_eq!(guest.receive(&open(1000)), Err(Error::TooManySessions));
}

#[test]
fn single_bytes_cost_no_more_than_their_number() {
    let mut pair = Pair::default();
    let session = pair.running();
    for number in 0..WINDOW_BYTES {
        let kind = [Kind::Output, Kind::Errors][number % 2];
        pair.host.receive(&bytes(kind, session, 0, b"x")).unwrap();
    }
    let mut events = 0;
    while pair.host.next_event(session).is_some() {
        events += 1;
    }
    // The order is kept for the first runs; later bytes join the last run of each stream.
    assert!((64..80).contains(&events), "{events}");
}

/// Any frame, biased towards frames that are valid somewhere.
fn frame() -> impl Strategy<Value = (Kind, u8, u32, Vec<u8>)> {
    let kind = (1..=11_u8).prop_map(|kind| Kind::from_byte(kind).unwrap());
    let payload = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..8),
        Just(vec![0; PIECE_BYTES]),
        (4..7_u8, any::<u32>())
            .prop_map(|(kind, count)| { credit(Kind::from_byte(kind).unwrap(), count % 100_000) }),
        Just(br#"{"code":0}"#.to_vec()),
        Just(br#"{"kind":"machine","message":""}"#.to_vec()),
    ];
    (kind, 0..2_u8, 0..6_u32, payload)
}

proptest! {
    #[test]
    fn hostile_frames_never_panic_or_grow(frames in proptest::collection::vec(frame(), 0..200)) {
        let mut host = HostMux::default();
        let mut guest = GuestMux::default();
        let mut wire = Vec::new();
        for _ in 0..3 {
            host.open(&request()).unwrap();
        }
        for (kind, flags, session, payload) in &frames {
            let frame = bytes(*kind, *session, *flags, payload);
            let _refused = host.receive(&frame);
            let _refused = guest.receive(&frame);
            guest.started(*session);
            host.write(*session, b"input");
            host.resize(*session, SIZE);
            guest.write(*session, Stream::Output, b"output");
            wire.clear();
            host.write_next(&mut wire);
            guest.write_next(&mut wire);
            prop_assert!(host.held() <= 3 * 2 * WINDOW_BYTES + 3 * 2 * PIECE_BYTES);
            prop_assert!(guest.held() <= 5 * (WINDOW_BYTES + 4 * PIECE_BYTES));
        }
    }
}
