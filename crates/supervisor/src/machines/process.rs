//! Processes that are known by more than their number, which is used again.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

/// Longest time for a killed process to end.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// A process: its number, and when it was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessId {
    /// The number.
    pub pid: u32,
    /// `starttime` of `/proc/<pid>/stat`, in clock ticks since boot.
    pub started: u64,
}

impl ProcessId {
    /// The process that has this number now.
    pub(super) fn of(pid: u32) -> Option<Self> {
        start_time(pid).map(|started| Self { pid, started })
    }

    pub(super) fn is_alive(self) -> bool {
        start_time(self.pid) == Some(self.started)
    }

    /// Kills the process, if it still exists, and waits until it is gone.
    pub(super) fn end(self) {
        let Some(pid) = Pid::from_raw(self.pid.cast_signed()) else {
            return;
        };
        if !self.is_alive() {
            return;
        }
        if let Err(error) = kill_process(pid, Signal::KILL) {
            tracing::warn!(pid = self.pid, %error, "abandoned machine not ended");
        }
        let deadline = Instant::now() + END_TIMEOUT;
        while self.is_alive() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Field 22 of `/proc/<pid>/stat` (proc(5)); `None` when there is no such process, or only a
/// zombie.
fn start_time(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the command's name in parentheses, which may contain any character.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    if fields.next()? == "Z" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests;
