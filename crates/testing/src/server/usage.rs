//! The processor time and memory of a process, from `/proc`.

use std::time::Duration;

/// Index of the user-mode time among the fields after the name, in proc(5).
const USER_TIME: usize = 11;

/// The processor time and memory of a process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Processor time, in user mode and in the kernel.
    pub processor: Duration,
    /// Largest resident memory so far, in bytes.
    pub peak_memory: u64,
    /// Current resident memory, in bytes.
    pub memory: u64,
}

impl Usage {
    /// Usage of the process with this id; zero when there is none.
    #[must_use]
    pub fn of(id: u32) -> Self {
        Self {
            processor: processor(id).unwrap_or_default(),
            peak_memory: memory(id, "VmHWM:").unwrap_or_default(),
            memory: memory(id, "VmRSS:").unwrap_or_default(),
        }
    }

    /// Usage of this process.
    #[must_use]
    pub fn own() -> Self {
        Self::of(std::process::id())
    }
}

fn processor(id: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The name may contain any character, but ends at the last parenthesis.
    let (_, fields) = stat.rsplit_once(')')?;
    let times = fields.split_ascii_whitespace().skip(USER_TIME).take(2);
    let ticks: u64 = times.filter_map(|time| time.parse::<u64>().ok()).sum();
    // The fields count hundredths of a second on Linux.
    Some(Duration::from_millis(ticks * 10))
}

fn memory(id: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes = line.trim().strip_suffix(" kB")?;
    Some(kibibytes.parse::<u64>().ok()? * 1024)
}
