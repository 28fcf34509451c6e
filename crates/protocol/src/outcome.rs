//! How a session ends.

use serde::{Deserialize, Serialize};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It exited with this status.
    Code(u8),
    /// This signal ended it.
    Signal(u8),
}

impl Outcome {
    /// The exit status a shell would report: the code itself, or 128 plus the signal.
    #[must_use]
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => signal.saturating_add(128),
        }
    }
}

/// Why a command could not be started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Decides the exit status of `run`.
    pub kind: FailureKind,
    /// What failed, on which object, and why; one line.
    pub message: String,
}

/// Classes of [`Failure`].
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

/// The last that is heard of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Its command ran and ended.
    Exit(Outcome),
    /// It came to nothing.
    Failure(Failure),
}
