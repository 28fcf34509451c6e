//! The ending of a session.

use serde::{Deserialize, Serialize};

/// The outcome of a command that ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It exited with this status.
    Code(u8),
    /// This signal ended it.
    Signal(u8),
    /// It ended with this exit status, as a shell would report it, after the kernel had ended
    /// processes because the guest had no more memory.
    OutOfMemory(u8),
}

impl Outcome {
    /// The exit status a shell would report: the code itself, or 128 plus the signal.
    #[must_use]
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Code(code) | Self::OutOfMemory(code) => code,
            Self::Signal(signal) => signal.saturating_add(128),
        }
    }
}

/// The reason for which a command could not be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The kind of failure, which determines the exit status of `run`.
    pub kind: FailureKind,
    /// The failed operation, its object and the reason, in one line.
    pub message: String,
}

/// The kinds of [`Failure`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The machine could not be set up (exit status 125).
    Machine,
    /// The command was found but cannot be run (126).
    NotExecutable,
    /// The command was not found (127).
    NotFound,
}

/// The last message about a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The command ran and ended.
    Exit(Outcome),
    /// The command could not be started.
    Failure(Failure),
}
