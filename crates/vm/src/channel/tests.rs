use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lazaret_protocol::mux::{Event, GuestMux, Happened};
use lazaret_protocol::{
    Decoder, Ending, Frame, Kind, Outcome, Process, Request, Stream, TerminalSize, WINDOW_BYTES,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

const LIMIT: Duration = Duration::from_secs(60);

/// A guest in this process: each session writes as many bytes to its output as its first argument
/// says, and the sizes of its terminal; echoes its input to standard error; and ends with a signal's
/// number, or with 0 once the input ends.
struct Guest {
    stream: UnixStream,
    mux: GuestMux,
    decoder: Decoder,
    /// Sessions, and the number of bytes that each has still to write.
    sessions: Vec<(u32, usize)>,
    /// The session in which it rests.
    rest: Option<u32>,
    /// Whether the host has nothing to say.
    silence: Arc<AtomicBool>,
}

impl Guest {
    async fn serve(mut self) {
        let mut buffer = vec![0; 30_000];
        loop {
            while let Some(frame) = self.decoder.next_frame().unwrap() {
                if frame.kind == Kind::Hello {
                    Hello::read(&frame).unwrap();
                    continue;
                }
                assert!(!self.silence.load(Ordering::Acquire), "{frame:?}");
                if self.rest == Some(frame.session) && frame.kind == Kind::Input {
                    self.rest = None;
                }
                match self.mux.receive(&frame).unwrap() {
                    Some(Happened::Opened { session, request }) => {
                        if request == br#""rest""# {
                            let mut wire = Vec::new();
                            while self.mux.write_next(&mut wire).is_some() {}
                            self.stream.write_all(&wire).await.unwrap();
                            self.mux.started(session);
                            self.rest = Some(session);
                            self.sessions.push((session, 0));
                            continue;
                        }
                        let Request::Exec(process) = serde_json::from_slice(&request).unwrap()
                        else {
                            panic!("a boot");
                        };
                        self.mux.started(session);
                        self.sessions
                            .push((session, process.argv[0].parse().unwrap()));
                    }
                    Some(Happened::Signal { session, number }) => {
                        let ending = Ending::Exit(Outcome::Signal(number));
                        self.mux.finish(session, &ending);
                        self.sessions.retain(|(other, _)| *other != session);
                    }
                    Some(Happened::Resize { session, size }) => {
                        let text = format!("{} {}\n", size.rows, size.columns);
                        self.mux.write(session, Stream::Output, text.as_bytes());
                    }
                    None => {}
                }
            }
            self.work();
            let mut wire = Vec::new();
            while wire.len() < 50_000 && self.mux.write_next(&mut wire).is_some() {}
            let read = if wire.is_empty() {
                self.stream.read(&mut buffer).await
            } else {
                let (mut reader, mut writer) = self.stream.split();
                let (read, written) = tokio::join!(
                    timeout(Duration::from_millis(1), reader.read(&mut buffer)),
                    writer.write_all(&wire)
                );
                if written.is_err() {
                    return;
                }
                match read {
                    Ok(read) => read,
                    Err(_) => continue,
                }
            };
            match read {
                Ok(0) | Err(_) => return,
                Ok(length) => self.decoder.push(&buffer[..length]),
            }
        }
    }

    fn work(&mut self) {
        if self.rest.is_some() {
            return;
        }
        let mux = &mut self.mux;
        self.sessions.retain_mut(|(session, left)| {
            let session = *session;
            let piece = vec![b'o'; (*left).min(mux.room(session, Stream::Output))];
            *left -= mux.write(session, Stream::Output, &piece);
            let input = mux.input(session).to_vec();
            let written = mux.write(session, Stream::Errors, &input);
            mux.consume(session, written);
            let is_over = *left == 0 && mux.input_is_over(session);
            if is_over {
                mux.finish(session, &Ending::Exit(Outcome::Code(0)));
            }
            !is_over
        });
    }
}

/// A channel to such a guest.
async fn channel() -> Channel {
    channel_with(Arc::default()).await
}

/// A channel to such a guest, which fails when it hears anything in a silence.
async fn channel_with(silence: Arc<AtomicBool>) -> Channel {
    let (host, mut stream) = UnixStream::pair().unwrap();
    stream.write_all(&Hello::new("6.1").encode()).await.unwrap();
    let guest = Guest {
        stream,
        mux: GuestMux::default(),
        decoder: Decoder::default(),
        sessions: Vec::new(),
        rest: None,
        silence,
    };
    tokio::spawn(guest.serve());
    let (hello, channel) = Channel::connect(host, LIMIT).await.unwrap();
    assert_eq!(hello.kernel, "6.1");
    channel
}

fn request(output: usize) -> Request {
    Request::Exec(Process {
        argv: vec![output.to_string()],
        env: Vec::new(),
        user: String::new(),
        working_dir: String::new(),
        terminal: None,
        capabilities: None,
    })
}

/// Reads a session to its end; returns the numbers of bytes of its outputs, and the ending.
async fn drain(mut events: Events) -> (usize, usize, Ending) {
    let (mut stdout, mut stderr) = (0, 0);
    loop {
        match events.next().await.unwrap().expect("the guest is there") {
            Event::Started => {}
            Event::Output(bytes) => stdout += bytes.len(),
            Event::Errors(bytes) => stderr += bytes.len(),
            Event::Ended(ending) => {
                assert_eq!(events.next().await.unwrap(), None);
                return (stdout, stderr, ending);
            }
        }
    }
}

#[tokio::test]
async fn eight_sessions_at_once_one_of_which_nobody_reads() {
    const BYTES: usize = 12 * WINDOW_BYTES;
    let channel = channel().await;
    let stuck = channel.open(&request(BYTES)).unwrap();
    let mut tasks = Vec::new();
    for _ in 0..7 {
        let Session {
            mut input, events, ..
        } = channel.open(&request(BYTES)).unwrap();
        tasks.push(tokio::spawn(async move {
            let feed = async move {
                for _ in 0..10 {
                    assert!(input.write(&vec![1; BYTES / 10]).await);
                }
            };
            tokio::join!(drain(events), feed).0
        }));
    }
    for task in tasks {
        let (stdout, stderr, ending) = timeout(LIMIT, task).await.unwrap().unwrap();
        assert_eq!((stdout, stderr), (BYTES, BYTES / 10 * 10));
        assert_eq!(ending, Ending::Exit(Outcome::Code(0)));
    }
    let Session { input, events, .. } = stuck;
    drop(input);
    let (stdout, _, ending) = timeout(LIMIT, drain(events)).await.unwrap();
    assert_eq!((stdout, ending), (BYTES, Ending::Exit(Outcome::Code(0))));
}

#[tokio::test]
async fn signals_reach_their_session_alone() {
    let channel = channel().await;
    let (one, two) = (
        channel.open(&request(0)).unwrap(),
        channel.open(&request(0)).unwrap(),
    );
    two.control.signal(15);
    let (.., ending) = drain(two.events).await;
    assert_eq!(ending, Ending::Exit(Outcome::Signal(15)));
    // Data sent after the end is dropped, and sending does not wait.
    two.control.signal(15);
    let mut input = two.input;
    assert!(!input.write(b"late").await);
    drop(one.input);
    let (.., ending) = drain(one.events).await;
    assert_eq!(ending, Ending::Exit(Outcome::Code(0)));
}

#[tokio::test]
async fn the_size_of_a_terminal_reaches_its_session_alone() {
    let channel = channel().await;
    let other = channel.open(&request(0)).unwrap();
    let Session {
        input,
        mut events,
        control,
    } = channel.open(&request(0)).unwrap();
    assert_eq!(events.next().await.unwrap(), Some(Event::Started));
    control.resize(TerminalSize {
        rows: 24,
        columns: 80,
    });
    let told = Event::Output(b"24 80\n".to_vec());
    assert_eq!(events.next().await.unwrap(), Some(told));
    drop((input, other.input));
    let (stdout, ..) = drain(events).await;
    assert_eq!(stdout, 0);
    let (stdout, ..) = drain(other.events).await;
    assert_eq!(stdout, 0);
}

#[tokio::test]
async fn a_session_whose_output_nobody_wants_runs_to_its_end() {
    let channel = channel().await;
    let Session { input, events, .. } = channel.open(&request(5 * WINDOW_BYTES)).unwrap();
    drop((input, events));
    // An ended session frees its place: all places can be used again and again.
    for _ in 0..3 {
        let mut open = Vec::new();
        while open.len() < lazaret_protocol::mux::MAX_SESSIONS {
            match channel.open(&request(0)) {
                Ok(session) => open.push(session),
                Err(error) => {
                    assert!(
                        error.to_string().contains("too many sessions") || {
                            let source = std::error::Error::source(&error).unwrap();
                            source.to_string().contains("too many sessions")
                        }
                    );
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
        for session in open {
            drop(session.input);
            drain(session.events).await;
        }
    }
}

#[tokio::test]
async fn all_handles_learn_that_the_machine_is_gone() {
    let channel = channel().await;
    let Session {
        mut input,
        mut events,
        ..
    } = channel.open(&request(0)).unwrap();
    assert_eq!(events.next().await.unwrap(), Some(Event::Started));
    let waiting = tokio::spawn(async move { while events.next().await.unwrap().is_some() {} });
    let writing = tokio::spawn(async move { while input.write(&[0; 100_000]).await {} });
    tokio::time::sleep(Duration::from_millis(20)).await;
    drop(channel);
    waiting.await.unwrap();
    writing.await.unwrap();
}

/// The error of a channel to a guest that greets and then sends these bytes.
async fn hostile(bytes: Vec<u8>) -> Error {
    let (host, mut guest) = UnixStream::pair().unwrap();
    let mut wire = Hello::new("6.1").encode();
    wire.extend(bytes);
    guest.write_all(&wire).await.unwrap();
    let (_, channel) = Channel::connect(host, LIMIT).await.unwrap();
    let (mut one, mut two) = (
        channel.open(&request(0)).unwrap(),
        channel.open(&request(0)).unwrap(),
    );
    assert!(two.events.next().await.is_err(), "every session is told");
    assert!(!two.input.write(b"x").await);
    one.events.next().await.unwrap_err()
}

#[tokio::test]
async fn a_guest_that_breaks_the_protocol_is_an_error() {
    let error = hostile(vec![200; 20]).await;
    assert!(matches!(error, Error::Protocol { .. }), "{error:?}");
    let mut wire = Vec::new();
    Frame::new(Kind::Output, 9, b"x").encode_into(&mut wire);
    assert!(matches!(hostile(wire).await, Error::Protocol { .. }));
    let mut wire = Vec::new();
    let reason = br#"{"kind":"machine","message":"no disk"}"#;
    Frame::new(Kind::Failure, 0, reason).encode_into(&mut wire);
    match hostile(wire).await {
        Error::Protocol { source } => assert_eq!(source.to_string(), "the guest gave up: no disk"),
        error => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn an_agent_that_does_not_greet_is_given_up() {
    let (host, guest) = UnixStream::pair().unwrap();
    let connect = Channel::connect(host, Duration::from_millis(50));
    assert!(matches!(
        connect.await.unwrap_err(),
        Error::GuestSilent { .. }
    ));
    drop(guest);
    let (host, guest) = UnixStream::pair().unwrap();
    drop(guest);
    let error = Channel::connect(host, LIMIT).await.unwrap_err();
    assert!(matches!(error, Error::Channel { .. }), "{error:?}");
    let (host, mut guest) = UnixStream::pair().unwrap();
    guest
        .write_all(b"\x01\x0d\0\0\0{\"version\":1}")
        .await
        .unwrap();
    let error = Channel::connect(host, LIMIT).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("it speaks version 1, not 3"), "{text}");
}

#[tokio::test]
async fn at_rest_nothing_is_sent_and_afterwards_nothing_is_missing() {
    let silence = Arc::new(AtomicBool::new(false));
    let channel = channel_with(silence.clone()).await;
    let mut first = channel.open(&request(3_000_000)).unwrap();
    assert_eq!(first.events.next().await.unwrap(), Some(Event::Started));
    let rest = channel.rest(LIMIT).await.unwrap();
    silence.store(true, Ordering::Release);
    let again = channel.rest(LIMIT).await.unwrap_err();
    assert!(matches!(again, Error::Restless { .. }), "{again:?}");
    // The guest of this test fails when it gets any of this now.
    let mut second = channel.open(&request(10)).unwrap();
    assert!(first.input.write(&[1; 50_000]).await);
    first.control.signal(10);
    let early = timeout(Duration::from_millis(50), second.events.next()).await;
    assert!(early.is_err(), "{early:?}");
    silence.store(false, Ordering::Release);
    drop(rest);
    drop(second.input);
    while let Some(event) = second.events.next().await.unwrap() {
        if let Event::Ended(ending) = event {
            assert_eq!(ending, Ending::Exit(Outcome::Code(0)));
            break;
        }
    }
    let mut last = None;
    while let Some(event) = first.events.next().await.unwrap() {
        last = Some(event);
    }
    let signalled = Ending::Exit(Outcome::Signal(10));
    assert_eq!(last, Some(Event::Ended(signalled)));
}
