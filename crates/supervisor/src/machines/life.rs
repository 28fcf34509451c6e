//! The states of a machine and the steps between them, as pure values.
//!
//! ```text
//!           start               up                end               gone
//!  Created -------> Starting -------> Running -------> Stopping -------> Exited
//!     |  |             |  |              |                ^
//!     |  +---- end ----|--+---- end -----|----------------+
//!     |                |                 |
//!     +----- gone -----+------ gone -----+------> Lost
//! ```
//!
//! | state | the folder | the emulator |
//! |---|---|---|
//! | created | whole | not started |
//! | starting | whole | starts or runs; the guest has not answered |
//! | running | whole | runs; the workload has a session |
//! | stopping | whole | is being ended; the ending is known |
//! | exited | gone | gone; the ending is known |
//! | lost | gone | gone, without an ending: it failed, or its holder died |

use std::fmt;

use lazaret_protocol::{Failure, Outcome};

use crate::Error;

/// The ending of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The workload ended.
    Exit(Outcome),
    /// The workload could not be started.
    Failure(Failure),
    /// The machine was ended before its workload had ended.
    Killed,
}

/// The state of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Life {
    /// All files that it starts from are in its folder.
    Created,
    /// Its emulator is being started.
    Starting,
    /// Its guest has answered.
    Running,
    /// It is being ended.
    Stopping(Ending),
    /// It is gone.
    Exited(Ending),
    /// It is gone, and the ending of its workload is unknown.
    Lost,
}

/// A step from one state to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The emulator is being started.
    Start,
    /// The guest has answered.
    Up,
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
            (Self::Created, Step::Start) => Ok(Self::Starting),
            (Self::Starting, Step::Up) => Ok(Self::Running),
            (Self::Created | Self::Starting | Self::Running, Step::End(ending)) => {
                Ok(Self::Stopping(ending))
            }
            (Self::Created | Self::Starting | Self::Running, Step::Gone) => Ok(Self::Lost),
            (Self::Stopping(ending), Step::Gone) => Ok(Self::Exited(ending.clone())),
            (state, step) => Err(Error::MachineState {
                state: state.name(),
                action: step.action(),
            }),
        }
    }

    /// Whether no other state can follow.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Exited(_) | Self::Lost)
    }

    /// The state in one word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Starting => "starting",
            Self::Running => "running",
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
            Self::End(_) => "ended",
            Self::Gone => "given up",
        }
    }
}

#[cfg(test)]
mod tests;
