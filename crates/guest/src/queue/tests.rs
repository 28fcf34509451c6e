use std::io::Read as _;
use std::os::unix::net::UnixStream;

use super::*;

#[test]
fn has_room_until_the_limit_and_again_once_written() {
    let mut queue = ByteQueue::new(4);
    assert!(queue.has_room() && queue.is_empty());
    queue.tail().extend([1, 2, 3, 4, 5]);
    assert!(!queue.has_room());
    queue.advance(2);
    assert_eq!(queue.front(), b"\x03\x04\x05");
    assert!(queue.has_room());
    queue.advance(3);
    assert!(queue.front().is_empty());
    assert!(queue.is_empty());
}

#[test]
fn bytes_survive_a_reader_slower_than_the_writer() {
    let (writer, mut reader) = UnixStream::pair().unwrap();
    writer.set_nonblocking(true).unwrap();
    let sent: Vec<u8> = (0..3_000_000_u32)
        .flat_map(u32::to_le_bytes)
        .take(3_000_000)
        .collect();
    let mut queue = ByteQueue::new(usize::MAX);
    for piece in sent.chunks(70_001) {
        queue.tail().extend(piece);
    }
    let mut received = Vec::new();
    let mut buffer = [0; 4093];
    while received.len() < sent.len() {
        queue.write_to(&writer).unwrap();
        let read = reader.read(&mut buffer).unwrap();
        received.extend_from_slice(&buffer[..read]);
    }
    assert!(received == sent, "bytes differ");
}
