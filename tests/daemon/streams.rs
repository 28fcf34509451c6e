//! Streams: commands, the workload, and clients that are slow or go.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::{Daemon, request};
use crate::machines::{Machine, eventually};

const UPGRADE: &str = "connection: upgrade\r\nupgrade: lazaret-stream\r\n";

/// A stream in both directions.
struct Stream(UnixStream);

impl Stream {
    fn open(daemon: &Daemon, path: &str, body: &str) -> Self {
        let mut stream = request(&daemon.socket, "POST", path, UPGRADE, body.as_bytes());
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        assert!(head.starts_with("http/1.1 101 ") && head.contains("upgrade: lazaret-stream"));
        Self(stream)
    }

    fn send(&mut self, kind: u8, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        // In one piece: after a header that it refuses the daemon hangs up.
        let frame = [&[kind, 0, 0, 0], &length[..], payload].concat();
        self.0.write_all(&frame).unwrap();
    }

    fn receive(&mut self) -> (u8, Vec<u8>) {
        let mut header = [0; 8];
        self.0.read_exact(&mut header).unwrap();
        let length = u32::from_be_bytes(header[4..].try_into().unwrap()) as usize;
        let mut payload = vec![0; length];
        self.0.read_exact(&mut payload).unwrap();
        (header[0], payload)
    }

    /// Everything up to the ending: standard output, and the ending.
    fn rest(&mut self) -> (String, String) {
        let mut output = Vec::new();
        loop {
            match self.receive() {
                (3, ending) => {
                    let text = |bytes| String::from_utf8(bytes).unwrap();
                    return (text(output), text(ending));
                }
                (1, bytes) => output.extend(bytes),
                (kind, bytes) => panic!("{kind}: {}", String::from_utf8_lossy(&bytes)),
            }
        }
    }
}

#[test]
fn commands_and_the_workload_have_streams() {
    let machine = Machine::run(
        "api-streams",
        &["-i"],
        "while read word; do case $word in flood) yes | head -c 30000000;; end) exit 5;; \
         *) echo got $word;; esac; done",
    );
    let folder = tempfile::tempdir().unwrap();
    let daemon = Daemon::start(&machine.lazaret, folder.path(), &[]);
    let exec = "/v1/machines/api-streams/exec";

    // Without an upgrade the streams are the body of the answer.
    let answer = daemon.ask(
        "POST",
        exec,
        r#"{"command":["sh","-c","echo $X $PWD; id -u; echo no >&2; exit 7"],"env":["X=y"],"user":"9","workdir":"/tmp"}"#,
    );
    let text = |kind| {
        let frames = answer.frames().into_iter().filter(|frame| frame.0 == kind);
        String::from_utf8(frames.flat_map(|frame| frame.1).collect()).unwrap()
    };
    assert_eq!(
        (text(1), text(2)),
        ("y /tmp\n9\n".to_owned(), "no\n".to_owned())
    );
    assert_eq!(text(3), r#"{"exit_code":7}"#);
    let missing = daemon
        .ask("POST", exec, r#"{"command":["/missing"]}"#)
        .frames();
    let ending: serde_json::Value = serde_json::from_slice(&missing.last().unwrap().1).unwrap();
    assert_eq!(
        (&ending["exit_code"], &ending["error"]["kind"]),
        (&127.into(), &"invalid".into())
    );
    daemon.done(
        "POST",
        exec,
        r#"{"command":["touch","/tmp/there"],"detach":true}"#,
    );

    // Input in both directions, and its end.
    let mut stream = Stream::open(
        &daemon,
        exec,
        r#"{"command":["busybox","tr","a-z","A-Z"],"interactive":true}"#,
    );
    stream.send(0, b"hello\n");
    stream.send(0, b"");
    assert_eq!(
        stream.rest(),
        ("HELLO\n".to_owned(), r#"{"exit_code":0}"#.to_owned())
    );
    // A terminal has a size, which changes; signals are sent.
    let tty = r#"{"command":["sh","-c","stty size; read x; stty size; kill -STOP $$"],"tty":true,"rows":11,"columns":22,"interactive":true}"#;
    let mut stream = Stream::open(&daemon, exec, tty);
    let mut seen = String::new();
    while seen != "11 22\r\n" {
        seen += &String::from_utf8(stream.receive().1).unwrap();
    }
    stream.send(4, br#"{"rows":33,"columns":44}"#);
    std::thread::sleep(Duration::from_millis(200));
    stream.send(0, b"\n");
    while !seen.ends_with("33 44\r\n") {
        seen += &String::from_utf8(stream.receive().1).unwrap();
    }
    stream.send(4, br#"{"signal":"KILL"}"#);
    assert_eq!(stream.rest().1, r#"{"exit_code":137}"#);

    // A client that is killed ends its command, also behind input that nobody reads; so does one that
    // breaks the format.
    for way in ["goes", "floods", "breaks"] {
        let sleep = r#"{"command":["sleep","4711"],"interactive":true}"#;
        let mut stream = Stream::open(&daemon, exec, sleep);
        eventually("the command runs", || sleeps(&machine));
        match way {
            "breaks" => stream.send(9, b"x"),
            "floods" => {
                let timeout = Some(Duration::from_secs(1));
                stream.0.set_write_timeout(timeout).unwrap();
                let frame = [&[0, 0, 0, 0, 0, 1, 0, 0][..], &[7; 65536]].concat();
                while stream.0.write_all(&frame).is_ok() {}
                drop(stream.0);
            }
            _ => drop(stream.0),
        }
        eventually("the command ends with its client", || !sleeps(&machine));
    }
    let silent = request(
        &daemon.socket,
        "POST",
        exec,
        "",
        br#"{"command":["sleep","4711"]}"#,
    );
    eventually("the command runs", || sleeps(&machine));
    drop(silent);
    eventually("the command ends with its client", || !sleeps(&machine));
    slow_readers_delay_nobody(&daemon);
}

fn sleeps(machine: &Machine) -> bool {
    machine
        .with(&["exec", "{}", "busybox", "pidof", "sleep"])
        .status
        == Some(0)
}

/// Followers and attached clients that do not read, while others work at the same time.
fn slow_readers_delay_nobody(daemon: &Daemon) {
    let logs = "/v1/machines/api-streams/logs?follow=true";
    let stuck = request(&daemon.socket, "GET", logs, "", b"");
    let attach = "/v1/machines/api-streams/attach";
    let asleep = Stream::open(daemon, attach, "{}");
    let mut workload = Stream::open(daemon, attach, r#"{"interactive":true}"#);
    workload.send(0, b"one\n");
    assert_eq!(workload.receive(), (1, b"got one\n".to_vec()));
    workload.send(0, b"flood\ntwo\n");
    let begin = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let done = daemon.ask(
                    "POST",
                    "/v1/machines/api-streams/exec",
                    r#"{"command":["true"]}"#,
                );
                assert_eq!(done.frames().len(), 1);
            });
        }
    });
    let mut last = Vec::new();
    while !last.ends_with(b"got two\n") {
        last.extend(workload.receive().1);
        last.drain(..last.len().saturating_sub(16));
    }
    assert!(begin.elapsed() < Duration::from_secs(60));
    workload.send(0, b"end\n");
    assert_eq!(workload.rest().1, r#"{"exit_code":5}"#);
    drop(asleep);
    // What it did not read in time is gone from the log, but the end is there.
    drop(stuck);
    let tail = daemon.ask("GET", "/v1/machines/api-streams/logs?tail=1", "");
    let tail: Vec<u8> = tail
        .frames()
        .into_iter()
        .flat_map(|frame| frame.1)
        .collect();
    assert_eq!(tail, b"got two\n");
}
