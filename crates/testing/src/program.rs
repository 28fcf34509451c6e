//! Runs programs to their end.

use std::io::Write as _;
use std::process::{Command, Stdio};

/// The result of a finished program.
#[derive(Debug)]
pub struct Output {
    /// Its exit status; `None` when a signal ended it.
    pub status: Option<i32>,
    /// Its standard output; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// Its standard error, in the same form.
    pub stderr: String,
}

/// Runs a command to its end.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn finish(mut command: Command) -> Output {
    let outcome = command.output();
    Output::of(outcome.unwrap_or_else(|error| panic!("failed to run {command:?}: {error}")))
}

/// Runs a command to its end, with `input` as its standard input, which it need not read.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn finish_with(mut command: Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("failed to run {command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("standard input is piped");
    std::thread::scope(|scope| {
        scope.spawn(move || {
            // The command may end before it has read everything.
            let _ = stdin.write_all(input);
        });
        Output::of(child.wait_with_output().expect("it is ours"))
    })
}

/// Runs a program that must succeed; returns its standard output.
///
/// # Panics
/// When it cannot be started, or fails.
#[track_caller]
pub fn tool(program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(arguments);
    let output = finish(command);
    assert_eq!(
        output.status,
        Some(0),
        "{program} {arguments:?}: {output:?}"
    );
    output.stdout
}

impl Output {
    fn of(output: std::process::Output) -> Self {
        Self {
            status: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts that it succeeded.
    ///
    /// # Panics
    /// When it did not.
    #[track_caller]
    pub fn success(self) -> Self {
        self.status(0)
    }

    /// Asserts its exit status.
    ///
    /// # Panics
    /// When it had another status.
    #[track_caller]
    pub fn status(self, status: i32) -> Self {
        let Self { stdout, stderr, .. } = &self;
        let expected = Some(status);
        assert_eq!(
            self.status, expected,
            "stdout:\n{stdout}\nstderr:\n{stderr}"
        );
        self
    }

    /// Asserts that it failed with this status, and with these words on standard error.
    ///
    /// # Panics
    /// When it had another status, or words are missing.
    #[track_caller]
    pub fn fails(self, status: i32, words: &[&str]) -> Self {
        let output = self.status(status);
        for word in words {
            let text = &output.stderr;
            assert!(text.contains(word), "no '{word}' in:\n{text}");
        }
        output
    }

    /// Its standard output as JSON.
    ///
    /// # Panics
    /// When it is not JSON.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        let text = &self.stdout;
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in:\n{text}"))
    }
}
