//! The states of a machine and the steps between them, as pure values.
//!
//! ```text
//!           start               up                end               gone
//!  Created -------> Starting -------> Running -------> Stopping -------> Exited
//!                    ^  |  |           |    ^            ^               |
//!                    |  |  +--- end ---|----|------------+               |
//!                    |  |        pause |    | resume     |               |
//!                    |  |              v    |            |               |
//!                    |  |             Paused --- end ----+               |
//!                    |  +---- gone ------+----- gone --------> Lost      |
//!                    +--------- start --------------------------+--------+
//! ```
//!
//! | state | held by a process | the emulator |
//! |---|---|---|
//! | created | no | was never started |
//! | starting | yes | starts or runs; the guest has not answered |
//! | running | yes | runs; the workload has a session |
//! | paused | yes | its processors are stopped |
//! | stopping | yes | is being ended; the ending is known |
//! | exited | no | gone; the ending is known |
//! | lost | no | gone, without an ending: it failed, or its holder died |
//!
//! The folder of a machine stays through all states, until the machine is removed. A state that is
//! *held* on disk while no process has the folder's lock is that of a holder that died: who finds it
//! takes the step *gone*.

use std::fmt;

use lazaret_protocol::{Failure, Outcome};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Exit status of a machine whose workload could not be started, or that was lost.
const FAILED: u8 = 125;
/// Exit status of a workload that was killed.
const KILLED: u8 = 137;

/// The ending of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The workload ended.
    Exit(Outcome),
    /// The workload could not be started.
    Failure(Failure),
    /// The machine was ended before its workload had ended.
    Killed,
}

impl Ending {
    /// The exit status that stands for it: the workload's own, 125 to 127 for one that did not
    /// start, 137 for a machine that was killed.
    #[must_use]
    pub fn status(&self) -> u8 {
        use lazaret_protocol::FailureKind;
        match self {
            Self::Exit(outcome) => outcome.exit_status(),
            Self::Failure(failure) => match failure.kind {
                FailureKind::Machine => FAILED,
                FailureKind::NotExecutable => 126,
                FailureKind::NotFound => 127,
            },
            Self::Killed => KILLED,
        }
    }
}

/// The state of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Life {
    /// All files that it starts from are in its folder.
    Created,
    /// Its emulator is being started.
    Starting,
    /// Its guest has answered.
    Running,
    /// Its processors are stopped for a while.
    Paused,
    /// It is being ended.
    Stopping(Ending),
    /// It has ended.
    Exited(Ending),
    /// It has ended, and the ending of its workload is unknown.
    Lost,
}

/// A step from one state to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The emulator is being started.
    Start,
    /// The guest has answered.
    Up,
    /// The processors were stopped.
    Pause,
    /// The processors go on.
    Resume,
    /// The workload has ended, or the machine is ended without it.
    End(Ending),
    /// The emulator is gone.
    Gone,
}

impl Life {
    /// Returns the state after a step.
    ///
    /// # Errors
    /// [`Error::MachineState`] for a step that is impossible in this state.
    pub(super) fn after(&self, step: Step) -> Result<Self, Error> {
        match (self, step) {
            (Self::Created | Self::Exited(_) | Self::Lost, Step::Start) => Ok(Self::Starting),
            (Self::Starting, Step::Up) | (Self::Paused, Step::Resume) => Ok(Self::Running),
            (Self::Running, Step::Pause) => Ok(Self::Paused),
            (Self::Starting | Self::Running | Self::Paused, Step::End(ending)) => {
                Ok(Self::Stopping(ending))
            }
            (Self::Starting | Self::Running | Self::Paused, Step::Gone) => Ok(Self::Lost),
            (Self::Stopping(ending), Step::Gone) => Ok(Self::Exited(ending.clone())),
            (state, step) => Err(Error::MachineState {
                state: state.name(),
                action: step.action(),
            }),
        }
    }

    /// Whether a process holds a machine in this state.
    #[must_use]
    pub fn is_held(&self) -> bool {
        matches!(
            self,
            Self::Starting | Self::Running | Self::Paused | Self::Stopping(_)
        )
    }

    /// The exit status of a machine that has ended.
    #[must_use]
    pub fn status(&self) -> Option<u8> {
        match self {
            Self::Exited(ending) => Some(ending.status()),
            Self::Lost => Some(FAILED),
            _ => None,
        }
    }

    /// Whether the kernel has ended processes of a machine that has ended because it had no more
    /// memory.
    #[must_use]
    pub fn ran_out_of_memory(&self) -> bool {
        matches!(self, Self::Exited(Ending::Exit(Outcome::OutOfMemory(_))))
    }

    /// The state in one word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Stopping(_) => "stopping",
            Self::Exited(_) => "exited",
            Self::Lost => "lost",
        }
    }
}

impl fmt::Display for Life {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Step {
    /// The step as a participle, which completes "cannot be ...".
    fn action(&self) -> &'static str {
        match self {
            Self::Start => "started",
            Self::Up => "greeted",
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::End(_) => "ended",
            Self::Gone => "given up",
        }
    }
}

#[cfg(test)]
mod tests;
