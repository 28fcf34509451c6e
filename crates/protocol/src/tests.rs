use proptest::prelude::*;

use super::*;

#[test]
fn frames_survive_any_split_of_the_stream() {
    let frames = [
        Frame::empty(Kind::Started),
        Frame {
            kind: Kind::Stdout,
            payload: vec![7; 300],
        },
        Frame::json(Kind::Exit, &Outcome::Signal(9)).unwrap(),
    ];
    let bytes: Vec<u8> = frames.iter().flat_map(Frame::encode).collect();
    for step in 1..bytes.len() {
        let mut decoder = Decoder::default();
        let mut seen = Vec::new();
        for piece in bytes.chunks(step) {
            decoder.push(piece);
            while let Some(frame) = decoder.next_frame().unwrap() {
                seen.push(frame);
            }
        }
        assert_eq!(seen, frames, "pieces of {step}");
    }
}

#[test]
fn an_oversize_frame_is_refused_before_its_payload_arrives() {
    let mut decoder = Decoder::default();
    decoder.push(&[Kind::Stdout as u8, 0xff, 0xff, 0xff, 0xff]);
    assert_eq!(
        decoder.next_frame(),
        Err(Error::TooLarge { bytes: 0xffff_ffff })
    );
}

#[test]
fn counts_are_read_back_and_other_payloads_are_none() {
    assert_eq!(
        Frame::count(Kind::StdinTaken, 70_000).as_count(),
        Some(70_000)
    );
    assert_eq!(Frame::empty(Kind::StdinTaken).as_count(), None);
}

#[test]
fn exit_statuses_follow_the_shell() {
    assert_eq!(Outcome::Code(42).exit_status(), 42);
    assert_eq!(Outcome::Signal(9).exit_status(), 137);
}

#[test]
fn boot_configuration_refuses_unknown_fields() {
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
