//! Programs that do not serve.

use std::fmt;
use std::process::ExitStatus;

/// The reason why a program does not serve. It is gone.
#[derive(Debug)]
pub struct NotStarted {
    /// The status with which it ended by itself; none if it hung.
    pub ended: Option<ExitStatus>,
    /// Everything that it logged.
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
