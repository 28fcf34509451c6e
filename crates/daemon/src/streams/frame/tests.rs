use super::*;

#[tokio::test]
async fn frames_of_clients_are_read_within_bounds() {
    let mut bytes = frame(Frame::Input, b"abc");
    bytes.extend(frame(Frame::Input, b""));
    bytes.extend(frame(Frame::Control, b"{}"));
    let mut from = &bytes[..];
    let mut frames = Vec::new();
    while let Some(frame) = read(&mut from).await.unwrap() {
        frames.push(frame);
    }
    let expected = [
        (Frame::Input, b"abc".to_vec()),
        (Frame::Input, Vec::new()),
        (Frame::Control, b"{}".to_vec()),
    ];
    assert_eq!(frames, expected);
    let hostile: [&[u8]; 5] = [
        b"\0",
        b"\0\0\0\0\0\0\0\x05abc",
        b"\0\0\0\0\xff\xff\xff\xffabc",
        &frame(Frame::Ending, b"{}"),
        b"\x09\0\0\0\0\0\0\0",
    ];
    for mut bytes in hostile {
        assert!(read(&mut bytes).await.is_err());
    }
}
