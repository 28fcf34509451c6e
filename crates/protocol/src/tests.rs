use proptest::prelude::*;

use super::*;

/// A decoded frame that owns its payload: kind, flags, session, payload.
type Seen = (Kind, u8, u32, Vec<u8>);

fn decode_all(decoder: &mut Decoder) -> Result<Vec<Seen>, Error> {
    let mut seen = Vec::new();
    while let Some(frame) = decoder.next_frame()? {
        seen.push((
            frame.kind,
            frame.flags,
            frame.session,
            frame.payload.to_vec(),
        ));
    }
    Ok(seen)
}

fn decode(bytes: &[u8]) -> Result<Vec<Seen>, Error> {
    let mut decoder = Decoder::default();
    decoder.push(bytes);
    decode_all(&mut decoder)
}

#[test]
fn frames_survive_any_split_of_the_stream() {
    let hello = Hello::new("6.1").encode();
    let frames: [Seen; 3] = [
        (Kind::Started, 0, 1, vec![]),
        (Kind::Output, END, 0x0403_0201, vec![7; 300]),
        (Kind::Exit, 0, u32::MAX, br#"{"signal":9}"#.to_vec()),
    ];
    let mut bytes = hello.clone();
    for (kind, flags, session, payload) in &frames {
        let frame = Frame {
            kind: *kind,
            flags: *flags,
            session: *session,
            payload,
        };
        frame.encode_into(&mut bytes);
    }
    for step in 1..bytes.len() {
        let mut decoder = Decoder::default();
        let mut seen = Vec::new();
        for piece in bytes.chunks(step) {
            decoder.push(piece);
            seen.extend(decode_all(&mut decoder).unwrap());
        }
        assert_eq!(seen[0].3, hello[5..], "pieces of {step}");
        assert_eq!(seen[1..], frames, "pieces of {step}");
    }
}

#[test]
fn a_header_is_kind_flags_session_length() {
    let mut wire = Vec::new();
    let frame = Frame {
        kind: Kind::Errors,
        flags: END,
        session: 0x0102_0304,
        payload: b"ab",
    };
    frame.encode_into(&mut wire);
    assert_eq!(wire, [6, 1, 4, 3, 2, 1, 2, 0, 0, 0, b'a', b'b']);
}

#[test]
fn frames_that_no_peer_sends_are_refused_before_their_payload_arrives() {
    let header = |kind: u8, flags, length: u32| {
        let mut bytes = vec![kind, flags, 1, 0, 0, 0];
        bytes.extend(length.to_le_bytes());
        decode(&bytes)
    };
    let limit = PIECE_BYTES;
    let bytes = limit + 1;
    assert_eq!(
        header(Kind::Output as u8, 0, 65_537),
        Err(Error::TooLarge { bytes, limit })
    );
    assert_eq!(header(Kind::Open as u8, 0, 1024 * 1024), Ok(vec![]));
    assert!(header(Kind::Open as u8, 0, 1024 * 1024 + 1).is_err());
    assert!(header(Kind::Exit as u8, 0, u32::MAX).is_err());
    assert_eq!(header(12, 0, 0), Err(Error::UnknownKind { kind: 12 }));
    assert_eq!(
        header(Kind::Input as u8, 2, 0),
        Err(Error::UnknownFlags {
            kind: Kind::Input,
            flags: 2
        })
    );
    assert!(header(Kind::Signal as u8, END, 1).is_err());
    assert!(header(Kind::Resize as u8, END, 4).is_err());
}

/// Reads the first frame of a peer.
fn greet(bytes: &[u8]) -> Result<Hello, Error> {
    let mut decoder = Decoder::default();
    decoder.push(bytes);
    let frame = decoder.next_frame()?.expect("the greeting is whole");
    Hello::read(&frame)
}

#[test]
fn peers_of_another_version_are_refused_by_name() {
    assert_eq!(greet(&Hello::new("6.1").encode()).unwrap().kernel, "6.1");
    // The greeting of a guest of version 1, byte for byte.
    let json = br#"{"version":1,"kernel":"6.1.0-50-cloud-amd64"}"#;
    let mut first = vec![1, u8::try_from(json.len()).unwrap(), 0, 0, 0];
    first.extend(json);
    let error = greet(&first).unwrap_err();
    assert_eq!(error, Error::Version { peer: 1 });
    assert_eq!(
        error.to_string(),
        "the other side speaks protocol version 1, this one 3"
    );
    // A later version may have further fields.
    let mut later = vec![1, 28, 0, 0, 0];
    later.extend(br#"{"version":4,"features":[1]}"#);
    assert_eq!(greet(&later), Err(Error::Version { peer: 4 }));
    let mut damaged = vec![1, 2, 0, 0, 0];
    damaged.extend(b"{}");
    assert!(matches!(greet(&damaged), Err(Error::Message { .. })));
    let mut wire = Vec::new();
    Frame::new(Kind::Started, 1, &[]).encode_into(&mut wire);
    assert_eq!(
        greet(&wire),
        Err(Error::NoHello {
            kind: Kind::Started
        })
    );
}

#[test]
fn exit_statuses_follow_the_shell() {
    assert_eq!(Outcome::Code(42).exit_status(), 42);
    assert_eq!(Outcome::Signal(9).exit_status(), 137);
}

#[test]
fn requests_are_bounded_and_refuse_unknown_fields() {
    let process = |argument: &str| Process {
        argv: vec![argument.to_owned()],
        env: vec![],
        user: String::new(),
        working_dir: String::new(),
        terminal: None,
        capabilities: None,
    };
    let request = Request::Exec(process("true"));
    let payload = request.encode().unwrap();
    assert_eq!(
        serde_json::from_slice::<Request>(&payload).unwrap(),
        request
    );
    let json = String::from_utf8(payload).unwrap();
    assert!(!json.contains("terminal"), "{json}");
    let mut typed = process("sh");
    typed.terminal = Some(TerminalSize {
        rows: 24,
        columns: 80,
    });
    let request = Request::Exec(typed);
    let json = String::from_utf8(request.encode().unwrap()).unwrap();
    let size = r#""terminal":{"rows":24,"columns":80}"#;
    assert!(json.contains(size), "{json}");
    assert_eq!(serde_json::from_str::<Request>(&json).unwrap(), request);
    let large = Request::Exec(process(&"x".repeat(MAX_PAYLOAD_BYTES)));
    assert!(matches!(large.encode(), Err(Error::TooLarge { .. })));
    let error = serde_json::from_str::<Root>(
        r#"{"serial":"root","filesystem":"ext4","mode":{"kind":"read-only"},"extra":1}"#,
    )
    .unwrap_err();
    assert!(error.to_string().contains("extra"), "{error}");
}

proptest! {
    #[test]
    fn hostile_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
        let mut decoder = Decoder::default();
        decoder.push(&bytes);
        while let Ok(Some(frame)) = decoder.next_frame() {
            prop_assert!(frame.payload.len() <= bytes.len());
        }
    }
}
