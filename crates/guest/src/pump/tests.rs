use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::thread;

use lazaret_protocol::{Decoder, Process};

use super::*;
use crate::process;

/// Runs a shell script as the workload with `input` as its standard input; what it wrote to
/// standard output and standard error, and its outcome.
fn run_script(script: &str, input: &[u8], signal: Option<u8>) -> (Vec<u8>, Vec<u8>, Outcome) {
    let (guest, host) = UnixStream::pair().unwrap();
    guest.set_nonblocking(true).unwrap();
    let mut sending = host.try_clone().unwrap();
    let mut frames: Vec<Frame> = input
        .chunks(50_000)
        .map(|piece| Frame {
            kind: Kind::Stdin,
            payload: piece.to_vec(),
        })
        .collect();
    frames.push(Frame::empty(Kind::StdinClosed));
    frames.extend(signal.map(|number| Frame {
        kind: Kind::Signal,
        payload: vec![number],
    }));
    let sender = thread::spawn(move || {
        for frame in frames {
            if sending.write_all(&frame.encode()).is_err() {
                return;
            }
        }
    });
    let receiver = thread::spawn(move || receive(host));

    let process = Process {
        argv: ["sh", "-c", script].map(str::to_owned).to_vec(),
        env: vec!["PATH=/usr/bin:/bin".to_owned()],
        user: String::new(),
        working_dir: String::new(),
    };
    let mut port = Port::over(guest.into());
    if input.is_empty() && signal.is_none() {
        // As when the end of the input comes right behind the boot configuration.
        while !sender.is_finished() {
            thread::yield_now();
        }
        port.read_some().unwrap();
    }
    let outcome = run(&mut port, process::launch(&process).unwrap()).unwrap();
    while port.wants_to_write() {
        port.write_some().unwrap();
    }
    drop(port);
    sender.join().unwrap();
    let (stdout, stderr) = receiver.join().unwrap();
    (stdout, stderr, outcome)
}

fn receive(mut host: UnixStream) -> (Vec<u8>, Vec<u8>) {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut decoder = Decoder::default();
    let mut buffer = [0; 8192];
    loop {
        match host.read(&mut buffer) {
            Ok(0) | Err(_) => return (stdout, stderr),
            Ok(read) => decoder.push(&buffer[..read]),
        }
        while let Some(frame) = decoder.next_frame().unwrap() {
            match frame.kind {
                Kind::Stdout => stdout.extend(frame.payload),
                Kind::Stderr => stderr.extend(frame.payload),
                Kind::StdinTaken => assert!(frame.as_count().is_some_and(|taken| taken > 0)),
                kind => panic!("{kind:?}"),
            }
        }
    }
}

/// One test, because the pump buries every child of the process that it runs in. It needs
/// the right to become another user, which tests in a container have.
#[test]
fn the_pump_carries_everything_to_and_from_a_workload() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let (stdout, stderr, outcome) = run_script("echo out; echo err >&2; exit 42", b"", None);
    assert_eq!(
        (&stdout[..], &stderr[..], outcome),
        (&b"out\n"[..], &b"err\n"[..], Outcome::Code(42))
    );

    let (stdout, ..) = run_script("cat; echo done", b"", None);
    assert_eq!(stdout, b"done\n", "the end of the input was missed");

    let input: Vec<u8> = (0..5_000_000_u32)
        .map(|n| n.to_le_bytes()[n as usize % 3])
        .collect();
    let (stdout, _, outcome) = run_script("cat", &input, None);
    assert!(stdout == input, "{} bytes of {}", stdout.len(), input.len());
    assert_eq!(outcome, Outcome::Code(0));

    // Input that nobody reads stops nothing.
    let (_, _, outcome) = run_script("exec <&-; exit 3", &input, None);
    assert_eq!(outcome, Outcome::Code(3));

    let (_, _, outcome) = run_script("exec sleep 60", b"", Some(15));
    assert_eq!(outcome, Outcome::Signal(15));

    // A process left behind that holds the output open is not waited for.
    let begun = Instant::now();
    let (stdout, _, outcome) = run_script("sleep 5 & echo done", b"", None);
    assert_eq!((&stdout[..], outcome), (&b"done\n"[..], Outcome::Code(0)));
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn draining_waits_for_what_is_owed_and_for_quiet() {
    let start = Instant::now();
    let at = |milliseconds| start + Duration::from_millis(milliseconds);
    let turn = |drain: &mut Drain, carried, milliseconds| {
        drain.note(carried, true, at(milliseconds));
        drain.is_over(at(milliseconds))
    };
    let mut drain = Drain::new(Outcome::Code(0), 10, start);
    assert!(!turn(&mut drain, 4, 10));
    assert!(!turn(&mut drain, 0, 5000), "six bytes are owed");
    assert!(
        turn(&mut drain, 6, 5010),
        "nothing is owed and the time is up"
    );

    let mut drain = Drain::new(Outcome::Code(0), 0, start);
    assert!(!turn(&mut drain, 0, 100));
    assert!(!turn(&mut drain, 1, 150));
    drain.note(0, false, at(300));
    assert!(
        !turn(&mut drain, 0, 499),
        "a host that does not read is no quiet"
    );
    assert!(turn(&mut drain, 0, 500));
}

#[test]
fn all_input_is_reported_as_taken_whether_it_is_read_or_not() {
    let (reader, writer) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::NONBLOCK).unwrap();
    let queue = ByteQueue::new(STDIN_WINDOW_BYTES + 1);
    let mut input = Input {
        pipe: Some(writer),
        queue,
        is_complete: false,
        taken: 0,
    };
    let mut reported = 0;
    input.push(vec![0; STDIN_WINDOW_BYTES]);
    assert!(
        input.queue.has_room(),
        "a signal behind a whole window is read"
    );
    assert_eq!(input.report(), None);
    input.write_some();
    reported += input.report().unwrap();
    drop(reader);
    input.write_some();
    reported += input.report().unwrap();
    assert!(input.pipe.is_none());
    input.push(vec![0; 5]);
    reported += input.report().unwrap();
    assert_eq!(usize::try_from(reported).unwrap(), STDIN_WINDOW_BYTES + 5);
}

#[test]
fn numbers_that_are_no_signal_are_ignored() {
    assert_eq!(signal(15), Some(Signal::TERM));
    assert!(signal(37).is_some());
    for number in [0, 32, 33, 65, 255] {
        assert!(signal(number).is_none(), "{number}");
    }
}
