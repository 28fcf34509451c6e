//! Starts helpers that print `ready` and further values for a test, and that end when standard
//! input ends.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// Starts a helper for `name` and waits for its line; returns the rest of that line. The helper
/// ends when the child is dropped or this process dies, because that closes the pipe.
///
/// # Panics
/// When the helper ends without such a line. The message has its whole output.
pub(crate) fn start(name: &str, command: &mut Command) -> (String, Child) {
    let mut helper = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("failed to start the helper for {name}: {error}"));
    let output = helper.stdout.take().expect("standard output is piped");
    let mut text = String::new();
    for line in BufReader::new(output).lines() {
        let line = line.unwrap_or_else(|error| panic!("failed to read from {name}: {error}"));
        if let Some(rest) = line.strip_prefix("ready ") {
            return (rest.to_owned(), helper);
        }
        text.push_str(&line);
        text.push('\n');
    }
    let ended = helper.wait();
    panic!("{name} did not start ({ended:?}):\n{text}");
}
