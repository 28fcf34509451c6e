use std::io::{IoSliceMut, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

use super::*;

/// A monitor, and the end of the pair that QEMU has.
fn monitor() -> (Monitor, StdStream) {
    let (ours, theirs) = StdStream::pair().unwrap();
    ours.set_nonblocking(true).unwrap();
    let limit = Some(Duration::from_secs(20));
    theirs.set_read_timeout(limit).unwrap();
    (Monitor::over(UnixStream::from_std(ours).unwrap()), theirs)
}

/// Reads so many lines as QEMU; returns the commands and the descriptors that came with them.
fn receive(stream: &StdStream, lines: usize) -> (Vec<Value>, Vec<OwnedFd>) {
    let (mut text, mut descriptors) = (Vec::new(), Vec::new());
    while text.iter().filter(|byte| **byte == b'\n').count() < lines {
        let mut buffer = [0; 4096];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(4))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let slices = &mut [IoSliceMut::new(&mut buffer)];
        let read = recvmsg(stream, slices, &mut ancillary, RecvFlags::CMSG_CLOEXEC).unwrap();
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                descriptors.extend(rights);
            }
        }
        assert_ne!(read.bytes, 0, "the stream ended");
        text.extend_from_slice(&buffer[..read.bytes]);
    }
    let text = String::from_utf8(text).unwrap();
    let commands = text.lines().map(|line| serde_json::from_str(line).unwrap());
    (commands.collect(), descriptors)
}

/// Has `answer` play QEMU on a thread while the monitor executes commands.
fn play(
    mut stream: StdStream,
    lines: usize,
    answer: &'static str,
) -> std::thread::JoinHandle<(Vec<Value>, Vec<OwnedFd>)> {
    std::thread::spawn(move || {
        let received = receive(&stream, lines);
        stream.write_all(answer.as_bytes()).unwrap();
        received
    })
}

fn reason(result: Result<Value, Error>) -> (&'static str, String) {
    match result {
        Err(Error::Monitor { command, reason }) => (command, reason),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn answers_are_found_among_greeting_and_events() {
    let (monitor, theirs) = monitor();
    let qemu = play(
        theirs.try_clone().unwrap(),
        2,
        "{\"QMP\": {\"version\": {}}}\n\
         {\"return\": {}, \"id\": 1}\n\
         {\"event\": \"STOP\", \"timestamp\": {}}\nno JSON\n\
         {\"return\": {\"status\": \"running\"}, \"id\": 2}\n",
    );
    let answer = monitor.execute(Command::plain("query-status")).await;
    assert_eq!(answer.unwrap(), json!({ "status": "running" }));
    let (commands, _) = qemu.join().unwrap();
    let names: Vec<_> = commands
        .iter()
        .map(|line| line["execute"].clone())
        .collect();
    assert_eq!(names, ["qmp_capabilities", "query-status"]);
    // The capabilities are asked for once.
    let qemu = play(theirs, 1, "{\"return\": {}, \"id\": 3}\n");
    monitor.execute(Command::plain("cont")).await.unwrap();
    assert_eq!(qemu.join().unwrap().0[0]["execute"], "cont");
}

#[tokio::test]
async fn a_refusal_is_an_error_in_the_words_of_qemu() {
    let (monitor, theirs) = monitor();
    let qemu = play(
        theirs,
        3,
        "{\"return\": {}, \"id\": 1}\n\
         {\"error\": {\"class\": \"GenericError\", \"desc\": \"no such thing\"}, \"id\": 2}\n\
         {\"return\": {}, \"id\": 3}\n",
    );
    let both = [Command::plain("stop"), Command::plain("cont")];
    let (command, text) = reason(monitor.execute_all(both).await);
    assert_eq!((command, text.as_str()), ("stop", "no such thing"));
    drop(qemu.join().unwrap());
}

#[tokio::test]
async fn a_descriptor_goes_with_its_command() {
    let (monitor, theirs) = monitor();
    let answer = "{\"return\": {}, \"id\": 1}\n{\"return\": {}, \"id\": 2}\n";
    let qemu = play(theirs, 2, answer);
    let (mut reader, writer) = io::pipe().unwrap();
    let command = Command::give(writer.as_fd(), "state");
    monitor.execute(command).await.unwrap();
    drop(writer);
    let (commands, mut descriptors) = qemu.join().unwrap();
    assert_eq!(commands[1]["arguments"], json!({ "fdname": "state" }));
    let mut given = std::fs::File::from(descriptors.remove(0));
    assert!(descriptors.is_empty(), "{descriptors:?}");
    given.write_all(b"through it").unwrap();
    drop(given);
    let mut text = String::new();
    io::Read::read_to_string(&mut reader, &mut text).unwrap();
    assert_eq!(text, "through it");
}

#[tokio::test]
async fn a_monitor_that_is_gone_or_floods_is_an_error_at_once() {
    let (monitor, theirs) = monitor();
    drop(theirs);
    let (command, _) = reason(monitor.execute(Command::plain("stop")).await);
    assert_eq!(command, "qmp_capabilities");

    let (monitor, theirs) = self::monitor();
    let flood = std::thread::spawn(move || {
        let mut stream = theirs;
        // A line that does not end.
        let line = vec![b'x'; 64 * 1024];
        for _ in 0..5 {
            if stream.write_all(&line).is_err() {
                break;
            }
        }
        stream
    });
    let (_, text) = reason(monitor.execute(Command::plain("stop")).await);
    assert_eq!(text, "QEMU closed its monitor");
    drop(flood.join().unwrap());
}
