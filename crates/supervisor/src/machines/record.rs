//! Records the emulator's process, so that the next command can end it if the holder dies.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Longest time for a killed process to end.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// The content of `machine.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u32,
    pid: u32,
    /// `starttime` of `/proc/<pid>/stat`, in clock ticks since boot. It tells processes with a
    /// reused id apart.
    started: u64,
}

/// Writes the record of the emulator to the machine's folder.
pub(super) fn write(folder: &Path, pid: u32) -> Result<(), Error> {
    let Some(started) = start_time(pid) else {
        return Ok(());
    };
    let record = Record {
        version: 1,
        pid,
        started,
    };
    let path = folder.join("machine.json");
    let text = serde_json::to_vec(&record).map_err(std::io::Error::from);
    text.and_then(|text| fs::write(&path, text))
        .map_err(Error::io("write", &path))
}

/// Ends the emulator that a dead holder recorded in `folder`.
pub(super) fn end_abandoned(folder: &Path) {
    let record = fs::read(folder.join("machine.json"))
        .ok()
        .and_then(|text| serde_json::from_slice::<Record>(&text).ok());
    let Some(record) = record else { return };
    let alive = || start_time(record.pid) == Some(record.started);
    let Some(pid) = Pid::from_raw(record.pid.cast_signed()) else {
        return;
    };
    if !alive() {
        return;
    }
    // The second line of defence: the emulator asks the kernel to kill it when its parent dies.
    if let Err(error) = kill_process(pid, Signal::KILL) {
        tracing::warn!(pid = record.pid, %error, "abandoned machine not ended");
    }
    let deadline = Instant::now() + END_TIMEOUT;
    while alive() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
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
