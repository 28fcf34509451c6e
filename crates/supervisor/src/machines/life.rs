//! The life of a machine, as a value that knows no machine.
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

/// How a machine ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The workload ended.
    Exit(Outcome),
    /// The workload could not be started.
    Failure(Failure),
    /// The machine was ended before its workload was.
    Killed,
}

/// The state of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Life {
    /// Everything it starts from is in its folder.
    Created,
    /// Its emulator was asked to start.
    Starting,
    /// Its guest is up.
    Running,
    /// It is being taken down.
    Stopping(Ending),
    /// It is gone.
    Exited(Ending),
    /// It is gone, and nobody knows how its workload ended.
    Lost,
}

/// A step from one state to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// The emulator is to be started.
    Start,
    /// The guest has answered.
    Up,
    /// The workload has ended, or the machine is to end without it.
    End(Ending),
    /// The emulator is no more.
    Gone,
}

impl Life {
    /// The state after a step.
    ///
    /// # Errors
    /// [`Error::MachineState`] for a step that the state does not have.
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

    /// Whether nothing comes after it.
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
    /// The step as the rest of "cannot be ...".
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
