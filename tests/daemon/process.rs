//! A daemon beside a test.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::conform;
use super::{Answer, request};
use crate::support::Lazaret;

/// A daemon, which is killed when dropped.
pub(crate) struct Daemon {
    process: Child,
    pub(crate) socket: PathBuf,
    pub(crate) log: PathBuf,
}

impl Daemon {
    /// Starts a daemon with a socket in `folder`, and waits until it listens.
    pub(crate) fn start(lazaret: &Lazaret, folder: &Path, flags: &[&str]) -> Self {
        let socket = folder.join("api.sock");
        let at = ["daemon", "--socket", socket.to_str().unwrap()];
        Self::of(lazaret.command([&at[..], flags].concat()), &socket)
    }

    /// Starts a program that becomes a daemon on a socket.
    pub(crate) fn of(mut command: Command, socket: &Path) -> Self {
        let log = socket.with_extension("log");
        std::fs::create_dir_all(log.parent().unwrap()).unwrap();
        let errors = std::fs::File::create(&log).unwrap();
        let started = command.stdout(Stdio::piped()).stderr(errors).spawn();
        let mut process = started.unwrap();
        let mut line = String::new();
        let output = process.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let expected = format!("listening on unix:{}\n", socket.display());
        assert_eq!(line, expected, "{}", std::fs::read_to_string(&log).unwrap());
        Self {
            process,
            socket: socket.to_owned(),
            log,
        }
    }

    /// The answer to a request, which must be as described.
    #[track_caller]
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        self.ask_with(method, path, "", body.as_bytes())
    }

    /// The answer to a request with further headers.
    #[track_caller]
    pub(crate) fn ask_with(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Answer {
        let headers = format!("connection: close\r\n{headers}");
        let stream = request(&self.socket, method, path, &headers, body);
        let answer = Answer::read(stream);
        conform::check(method, path, &answer);
        answer
    }

    /// The document of a request that must succeed.
    #[track_caller]
    pub(crate) fn done(&self, method: &str, path: &str, body: &str) -> Value {
        let answer = self.ask(method, path, body);
        assert!(answer.status < 300, "{method} {path}: {}", answer.text());
        answer.json()
    }

    /// A request that must fail with this status, and a message with this text.
    #[track_caller]
    pub(crate) fn fails(&self, method: &str, path: &str, body: &str, status: u16, text: &str) {
        let answer = self.ask(method, path, body);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        let error = &answer.json()["error"];
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(text), "{method} {path}: {error:#}");
    }

    /// Sends a signal to the daemon.
    pub(crate) fn signal(&self, signal: Signal) {
        let process = Pid::from_raw(i32::try_from(self.process.id()).unwrap()).unwrap();
        kill_process(process, signal).unwrap();
    }

    /// Waits for its end; returns the exit status.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.code();
            }
            assert!(begin.elapsed() < Duration::from_secs(60), "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _status = self.process.wait();
    }
}
