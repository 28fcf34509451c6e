//! Tests of `writer`.

use super::*;

#[test]
fn failures_come_out_at_the_end() {
    // A pipe cannot be written at an offset.
    let (_reader, pipe) = io::pipe().unwrap();
    let file = File::from(std::os::fd::OwnedFd::from(pipe));
    let writer = Writer::start(&file).unwrap();
    let mut buffer = Buffer::new();
    loop {
        assert_eq!(buffer.fill(&[1; BUFFER + 1]).len(), 1);
        if !writer.write(&mut buffer, 0) {
            break;
        }
    }
    writer.finish().unwrap_err();
    Writer::start(&file).unwrap().finish().unwrap();
}
