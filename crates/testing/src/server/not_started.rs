//! The error of programs that do not become ready.

use std::fmt;
use std::process::ExitStatus;

/// A program that did not become ready. It does not run any more.
#[derive(Debug)]
pub struct NotStarted {
    /// The status with which it ended by itself; `None` if it hung.
    pub ended: Option<ExitStatus>,
    /// Its log.
    pub log: String,
}

impl fmt::Display for NotStarted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ended {
            Some(status) => write!(f, "the server did not start ({status}):\n{}", self.log),
            None => write!(f, "the server hung while it started:\n{}", self.log),
        }
    }
}
