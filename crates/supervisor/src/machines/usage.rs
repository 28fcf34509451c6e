//! What a running machine takes of the host: the figures of its emulator's process (proc(5)).

use std::fs;
use std::time::Duration;

use super::process::ProcessId;

/// Ticks of the times in `/proc/<pid>/stat` in a second: `USER_HZ`, which is 100 on every Linux.
const TICKS: u64 = 100;

/// What a machine has taken so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MachineUsage {
    /// Time on processors of the host.
    pub processor: Duration,
    /// Bytes of memory that it has to itself; what it shares with other machines is not counted.
    pub memory: u64,
    /// Bytes read from disks.
    pub read: u64,
    /// Bytes written to disks.
    pub written: u64,
}

/// The figures of a process; `None` when it is gone.
pub(super) fn of(process: ProcessId) -> Option<MachineUsage> {
    let file = |name: &str| fs::read_to_string(format!("/proc/{}/{name}", process.pid)).ok();
    let (stat, memory, io) = (file("stat")?, file("smaps_rollup")?, file("io")?);
    if !process.is_alive() {
        return None;
    }
    let (_, rest) = stat.rsplit_once(')')?;
    // Fields 14 and 15: time in user and kernel mode.
    let mut times = rest
        .split_ascii_whitespace()
        .skip(11)
        .map(str::parse::<u64>);
    let ticks = times.next()?.ok()? + times.next()?.ok()?;
    let private = memory.lines().filter(|line| line.starts_with("Private_"));
    let kibibytes = private.filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    let bytes = |name: &str| {
        let value = io.lines().find_map(|line| line.strip_prefix(name));
        value
            .and_then(|value| value.trim().parse().ok())
            .unwrap_or(0)
    };
    Some(MachineUsage {
        processor: Duration::from_millis(ticks * 1000 / TICKS),
        memory: kibibytes.sum::<u64>() * 1024,
        read: bytes("read_bytes:"),
        written: bytes("write_bytes:"),
    })
}

#[cfg(test)]
mod tests;
