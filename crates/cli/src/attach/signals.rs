//! Handles the signals that the user or the system sends while a workload runs.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::failure::Failure;

/// Number of interrupts at which the machine is ended without asking the workload.
const PATIENCE: u32 = 3;

/// The action that a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// Forward this signal to the workload.
    Forward(u8),
    /// End the machine.
    Abandon,
}

/// The signal handlers. Until they are installed, a signal ends the process as usual.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    quit: Signal,
    interrupts: u32,
}

impl Signals {
    pub(crate) fn install() -> Result<Self, Failure> {
        let handle = |kind| signal(kind).map_err(|error| Failure::io("handle signals", error));
        Ok(Self {
            interrupt: handle(SignalKind::interrupt())?,
            terminate: handle(SignalKind::terminate())?,
            hangup: handle(SignalKind::hangup())?,
            quit: handle(SignalKind::quit())?,
            interrupts: 0,
        })
    }

    /// Waits for the next request. The future may be dropped at any time.
    pub(crate) async fn next(&mut self) -> Request {
        tokio::select! {
            _ = self.interrupt.recv() => {
                self.interrupts += 1;
                if self.interrupts >= PATIENCE { Request::Abandon } else { Request::Forward(2) }
            }
            _ = self.terminate.recv() => Request::Forward(15),
            _ = self.hangup.recv() => Request::Forward(1),
            _ = self.quit.recv() => Request::Forward(3),
        }
    }
}
