//! Frames of a hostile peer: what a reader makes of the bytes, and a multiplexer of the frames.
#![no_main]

use lazaret_protocol::mux::{Event, GuestMux, HostMux, MAX_SESSIONS};
use lazaret_protocol::{Decoder, Hello, Process, Request, Stream, TerminalSize, WINDOW_BYTES};
use libfuzzer_sys::fuzz_target;

/// Sessions that the host opened before the bytes come.
const SESSIONS: u32 = 3;

fn request() -> Request {
    Request::Exec(Process {
        argv: vec!["cat".to_owned()],
        env: Vec::new(),
        user: String::new(),
        working_dir: String::new(),
        terminal: None,
        capabilities: None,
    })
}

/// The frames that a decoder makes of the bytes.
fn decode(bytes: &[u8], mut take: impl FnMut(&lazaret_protocol::Frame<'_>) -> bool) {
    let mut decoder = Decoder::default();
    for piece in bytes.chunks(7) {
        decoder.push(piece);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => {
                    assert!(frame.payload.len() <= bytes.len());
                    if !take(&frame) {
                        return;
                    }
                }
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
}

/// A guest that the host reads, whose input it writes, and one of whose sessions it gives up.
fn as_guest(bytes: &[u8]) {
    let mut host = HostMux::default();
    for _ in 0..SESSIONS {
        host.open(&request()).expect("there is room");
    }
    host.discard(SESSIONS);
    let mut received = 0;
    let mut wire = Vec::new();
    let mut ended = 0;
    decode(bytes, |frame| {
        let session = match host.receive(frame) {
            Ok(session) => session,
            Err(_) => return false,
        };
        received += frame.payload.len();
        host.write(session, b"input");
        host.signal(session, frame.payload.first().copied().unwrap_or(15));
        let rows = u16::try_from(frame.payload.len()).unwrap_or(u16::MAX);
        host.resize(session, TerminalSize { rows, columns: 80 });
        // The second session is never read.
        while session != 2
            && let Some(event) = host.next_event(session)
        {
            match event {
                Event::Output(bytes) | Event::Errors(bytes) => {
                    received = received.checked_sub(bytes.len()).expect("only what was sent");
                }
                Event::Started => {}
                Event::Ended(_) => ended += 1,
            }
        }
        wire.clear();
        while host.write_next(&mut wire).is_some() {}
        true
    });
    assert!(ended <= SESSIONS);
}

/// A host that the guest answers, some of whose input it reads.
fn as_host(bytes: &[u8]) {
    let mut guest = GuestMux::default();
    let mut opened = 0;
    let mut wire = Vec::new();
    decode(bytes, |frame| {
        let _greeting = Hello::read(frame);
        match guest.receive(frame) {
            Ok(Some(lazaret_protocol::mux::Happened::Opened { session, .. })) => {
                opened += 1;
                guest.started(session);
            }
            Ok(_) => {}
            Err(_) => return false,
        }
        guest.write(frame.session, Stream::Output, b"output");
        assert!(guest.input(frame.session).len() <= WINDOW_BYTES);
        if frame.session % 2 == 0 {
            let length = guest.input(frame.session).len();
            guest.consume(frame.session, length);
        }
        wire.clear();
        while guest.write_next(&mut wire).is_some() {}
        assert!(opened <= MAX_SESSIONS, "none of them ends");
        true
    });
}

fuzz_target!(|bytes: &[u8]| {
    as_guest(bytes);
    as_host(bytes);
});
