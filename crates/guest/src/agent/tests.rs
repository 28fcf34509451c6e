use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use lazaret_protocol::mux::{Event as News, HostMux};
use lazaret_protocol::{
    Decoder, Ending, Failure, FailureKind, Frame, Hello, Kind, Outcome, Process, WINDOW_BYTES,
};

use super::*;
use crate::children;

mod terminal;

/// The agent reaps all children of the process in which it runs, so only one test may run at a
/// time.
static CHILDREN: Mutex<()> = Mutex::new(());

/// The results of a session so far.
#[derive(Debug, Default)]
struct Seen {
    started: bool,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    ending: Option<Ending>,
}

/// A host whose guest is a thread of this process.
struct Host {
    stream: UnixStream,
    mux: HostMux,
    decoder: Decoder,
    outgoing: Vec<u8>,
    /// Input that is not handed to the multiplexer yet.
    input: BTreeMap<u32, Vec<u8>>,
    seen: BTreeMap<u32, Seen>,
    /// Sessions whose output the host does not read.
    unread: Vec<u32>,
    guest: Option<JoinHandle<Error>>,
    _alone: MutexGuard<'static, ()>,
}

impl Host {
    /// A host that has exchanged greetings. `None` without the right to change the user id, which
    /// commands need and tests in a container have.
    fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let alone = CHILDREN.lock().unwrap_or_else(PoisonError::into_inner);
        let (guest, stream) = UnixStream::pair().unwrap();
        guest.set_nonblocking(true).unwrap();
        stream.set_nonblocking(true).unwrap();
        let guest = std::thread::spawn(move || {
            let mut port = Port::over(guest.into());
            port.greet().unwrap();
            let mut sessions = Sessions::over(port);
            let left = attend(&mut sessions, super::Host::Visits);
            sessions.kill_all();
            match left {
                Left::Failed(error) => error,
                Left::Ended => Error::Ending,
            }
        });
        let mut host = Self {
            stream,
            mux: HostMux::default(),
            decoder: Decoder::default(),
            outgoing: Hello::new("").encode(),
            input: BTreeMap::new(),
            seen: BTreeMap::new(),
            unread: Vec::new(),
            guest: Some(guest),
            _alone: alone,
        };
        loop {
            if let Some(frame) = host.decoder.next_frame().unwrap() {
                Hello::read(&frame).unwrap();
                return Some(host);
            }
            host.exchange();
        }
    }

    /// Runs a shell script with this input.
    fn run(&mut self, script: &str, input: &[u8]) -> u32 {
        let session = self.start(shell(script));
        self.input.insert(session, input.to_vec());
        session
    }

    /// Runs a command whose input stays open.
    fn start(&mut self, process: Process) -> u32 {
        let session = self.mux.open(&Request::Exec(process)).unwrap();
        self.seen.insert(session, Seen::default());
        session
    }

    /// Turns until the session has written this text.
    fn await_output(&mut self, session: u32, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let seen = String::from_utf8_lossy(&self.seen[&session].stdout);
            if seen.contains(text) {
                return;
            }
            assert!(Instant::now() < deadline, "no `{text}` in `{seen}`");
            self.turn();
        }
    }

    /// Reads and writes as much as the stream allows.
    fn exchange(&mut self) {
        let mut is_idle = true;
        while self.outgoing.len() < 100_000 && self.mux.write_next(&mut self.outgoing).is_some() {}
        match self.stream.write(&self.outgoing) {
            Ok(written) => {
                is_idle &= written == 0;
                self.outgoing.drain(..written);
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        let mut buffer = vec![0; 50_000];
        match self.stream.read(&mut buffer) {
            Ok(read) => {
                assert!(read > 0, "the guest has hung up");
                is_idle = false;
                self.decoder.push(&buffer[..read]);
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        if is_idle {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// One turn of all sessions.
    fn turn(&mut self) {
        for (session, input) in &mut self.input {
            let written = self.mux.write(*session, input);
            input.drain(..written);
            if input.is_empty() {
                self.mux.end(*session);
            }
        }
        self.exchange();
        while let Some(frame) = self.decoder.next_frame().unwrap() {
            self.mux.receive(&frame).unwrap();
        }
        for (session, seen) in &mut self.seen {
            if self.unread.contains(session) {
                continue;
            }
            while let Some(news) = self.mux.next_event(*session) {
                match news {
                    News::Started => seen.started = true,
                    News::Output(bytes) => seen.stdout.extend(bytes),
                    News::Errors(bytes) => seen.stderr.extend(bytes),
                    News::Ended(ending) => seen.ending = Some(ending),
                }
            }
        }
    }

    /// Turns until the session has ended; returns its results.
    fn wait(&mut self, session: u32) -> Seen {
        let deadline = Instant::now() + Duration::from_secs(300);
        while self.seen[&session].ending.is_none() {
            assert!(Instant::now() < deadline, "session {session} is stuck");
            self.turn();
        }
        self.input.remove(&session);
        self.seen.remove(&session).unwrap()
    }

    /// Runs a script to its end; returns its results.
    fn outcome(&mut self, script: &str, input: &[u8]) -> Seen {
        let session = self.run(script, input);
        self.wait(session)
    }

    /// Hangs up; returns the error with which the guest stopped.
    fn hang_up(mut self) -> Error {
        self.stream.shutdown(std::net::Shutdown::Both).unwrap();
        self.guest.take().unwrap().join().unwrap()
    }
}

/// A shell with this script.
fn shell(script: &str) -> Process {
    Process {
        argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
        env: vec!["PATH=/usr/bin:/bin".to_owned()],
        user: String::new(),
        working_dir: String::new(),
        terminal: None,
        capabilities: None,
    }
}

/// Bytes without a short period.
fn bytes(length: usize) -> Vec<u8> {
    (0..length)
        .map(|n| n.to_le_bytes()[n % 3] ^ u8::try_from(n % 251).unwrap())
        .collect()
}

fn exit(code: u8) -> Option<Ending> {
    Some(Ending::Exit(Outcome::Code(code)))
}

#[test]
fn a_session_carries_everything_to_and_from_its_command() {
    let Some(mut host) = Host::new() else { return };
    let seen = host.outcome("echo out; echo err >&2; exit 42", b"");
    assert_eq!(
        (&seen.stdout[..], &seen.stderr[..]),
        (&b"out\n"[..], &b"err\n"[..])
    );
    assert_eq!((seen.started, seen.ending), (true, exit(42)));

    let seen = host.outcome("cat; echo done", b"");
    assert_eq!(seen.stdout, b"done\n", "the end of the input was missed");

    let input = bytes(5_000_000);
    let seen = host.outcome("cat", &input);
    assert!(seen.stdout == input, "{} bytes", seen.stdout.len());
    assert_eq!(seen.ending, exit(0));

    // Input that is not read blocks nothing.
    let seen = host.outcome("exec <&-; sleep 0.2; exit 3", &input);
    assert_eq!(seen.ending, exit(3));

    // A background process that holds the output open is not waited for.
    let begun = Instant::now();
    let seen = host.outcome("sleep 5 & echo done", b"");
    assert_eq!((&seen.stdout[..], seen.ending), (&b"done\n"[..], exit(0)));
    assert!(begun.elapsed() < Duration::from_secs(4), "{begun:?}");

    // A signal reaches a command that does not read its input.
    let session = host.run("exec sleep 1000", &input);
    while host.mux.room(session) > 0 || !host.seen[&session].started {
        host.turn();
    }
    host.mux.signal(session, 15);
    let ending = host.wait(session).ending;
    assert_eq!(ending, Some(Ending::Exit(Outcome::Signal(15))));
    assert!(matches!(host.hang_up(), Error::HostGone));
}

/// Seven sessions end, each with its own streams, signals and status, while the eighth floods its
/// output, reads no input and is not read. Then it is read, and nothing is missing.
#[test]
fn eight_sessions_at_once_one_of_which_nobody_reads() {
    const LINES: usize = 1_500_000;
    let Some(mut host) = Host::new() else { return };
    let input = bytes(3 * 1024 * 1024);
    let stuck = host.run(&format!("seq 1 {LINES}; echo end >&2; exit 9"), &input);
    host.unread.push(stuck);
    let echoes: Vec<u32> = (0..5)
        .map(|code| host.run(&format!("echo {code} >&2; cat; exit {code}"), &input))
        .collect();
    let trapped = host.run(
        "trap 'echo caught; exit 20' USR1; echo ready; while :; do sleep 0.05; done",
        b"",
    );
    let killed = host.run("exec sleep 1000", &input);

    for (code, session) in echoes.into_iter().enumerate() {
        let seen = host.wait(session);
        assert!(seen.stdout == input, "{} bytes", seen.stdout.len());
        assert_eq!(seen.stderr, format!("{code}\n").into_bytes());
        assert_eq!(seen.ending, exit(u8::try_from(code).unwrap()));
    }
    host.mux.signal(killed, 9);
    let ending = host.wait(killed).ending;
    assert_eq!(ending, Some(Ending::Exit(Outcome::Signal(9))));
    while host.seen[&trapped].stdout.is_empty() {
        host.turn();
    }
    host.mux.signal(trapped, 10);
    let seen = host.wait(trapped);
    assert_eq!(
        (&seen.stdout[..], seen.ending),
        (&b"ready\ncaught\n"[..], exit(20))
    );

    // It can have got no further than its window, a queue and a pipe.
    assert!(host.mux.is_running(stuck));
    assert_eq!(host.mux.room(stuck), 0, "its input was read");
    host.unread.clear();
    let seen = host.wait(stuck);
    let lines: String = (1..=LINES).map(|line| format!("{line}\n")).collect();
    assert!(lines.len() > 8 * WINDOW_BYTES);
    assert!(
        seen.stdout == lines.into_bytes(),
        "{} bytes",
        seen.stdout.len()
    );
    assert_eq!((&seen.stderr[..], seen.ending), (&b"end\n"[..], exit(9)));
}

#[test]
fn a_request_that_fails_is_a_failure_of_its_session_alone() {
    let Some(mut host) = Host::new() else { return };
    let other = host.run("cat", &bytes(100));
    let failure = |seen: Seen| match seen.ending {
        Some(Ending::Failure(failure)) => failure,
        ending => panic!("{ending:?}"),
    };
    let process = Process {
        argv: vec!["nonsense".to_owned()],
        env: Vec::new(),
        user: String::new(),
        working_dir: String::new(),
        terminal: None,
        capabilities: None,
    };
    let session = host.mux.open(&Request::Exec(process)).unwrap();
    host.seen.insert(session, Seen::default());
    let failed = failure(host.wait(session));
    assert_eq!(failed.kind, FailureKind::NotFound);

    let seen = host.wait(other);
    assert_eq!((seen.stdout, seen.ending), (bytes(100), exit(0)));
}

#[test]
fn a_request_of_a_later_version_is_refused_and_the_others_go_on() {
    let Some(mut host) = Host::new() else { return };
    let request = br#"{"dance":{}}"#;
    Frame::new(Kind::Open, 1, request).encode_into(&mut host.outgoing);
    let failure: Failure = loop {
        host.exchange();
        if let Some(frame) = host.decoder.next_frame().unwrap() {
            assert_eq!((frame.kind, frame.session), (Kind::Failure, 1));
            break frame.message().unwrap();
        }
    };
    assert_eq!(failure.kind, FailureKind::Machine);
    assert!(failure.message.contains("dance"), "{}", failure.message);
    assert!(matches!(host.hang_up(), Error::HostGone));
}

#[test]
fn what_runs_for_a_host_that_hangs_up_is_killed() {
    let Some(mut host) = Host::new() else { return };
    let session = host.run("echo $$; exec sleep 1000", b"");
    while host.seen[&session].stdout.is_empty() {
        host.turn();
    }
    let pid = String::from_utf8(host.seen[&session].stdout.clone()).unwrap();
    let process = std::path::PathBuf::from(format!("/proc/{}", pid.trim()));
    assert!(process.exists());
    assert!(matches!(host.hang_up(), Error::HostGone));
    let deadline = Instant::now() + Duration::from_secs(20);
    while process.exists() {
        children::bury(|_, _| {});
        assert!(Instant::now() < deadline, "{pid} lives");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_host_of_another_version_is_told_and_left() {
    let (guest, mut host) = UnixStream::pair().unwrap();
    guest.set_nonblocking(true).unwrap();
    let guest = std::thread::spawn(move || {
        let mut port = Port::over(guest.into());
        let error = port.greet().unwrap_err();
        let text = one_line(&error);
        port.give_up(error).unwrap();
        text
    });
    let json = br#"{"version":4,"news":[]}"#;
    host.write_all(&[1, u8::try_from(json.len()).unwrap(), 0, 0, 0])
        .unwrap();
    host.write_all(json).unwrap();
    let mut decoder = Decoder::default();
    let mut buffer = [0; 4096];
    let reason = loop {
        match decoder.next_frame().unwrap() {
            Some(frame) if frame.kind == Kind::Failure => {
                assert_eq!(frame.session, 0);
                break frame.message::<Failure>().unwrap();
            }
            Some(frame) => assert_eq!(frame.kind, Kind::Hello),
            None => {
                let read = host.read(&mut buffer).unwrap();
                decoder.push(&buffer[..read]);
            }
        }
    };
    assert_eq!(
        reason.message,
        "cannot talk to this host: the other side speaks protocol version 4, this one 3"
    );
    drop(host);
    assert_eq!(guest.join().unwrap(), reason.message);
}
