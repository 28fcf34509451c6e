//! Reaps child processes.

use lazaret_protocol::Outcome;
use rustix::process::{Pid, WaitOptions, WaitStatus};

/// Reaps the children that have ended, orphans of a workload included, and calls `tell` with the
/// outcome of each. Returns whether any are left.
pub(crate) fn bury(mut tell: impl FnMut(Pid, Outcome)) -> bool {
    loop {
        match rustix::process::wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) => tell(pid, outcome_of(status)),
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

fn outcome_of(status: WaitStatus) -> Outcome {
    let byte = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
    match status.terminating_signal() {
        Some(signal) => Outcome::Signal(byte(signal)),
        None => Outcome::Code(status.exit_status().map_or(u8::MAX, byte)),
    }
}
