//! What a signal would do to PID 1 of a PID namespace.
//!
//! The kernel drops a signal for such a process when it has no handler for it, even if the default
//! is to end the process (pid_namespaces(7)). People expect `sleep` to end at SIGTERM, and at Ctrl-C
//! in a terminal, all the same.

use std::time::Duration;

use rustix::process::Signal;

/// The file that shows how the workload's first process handles signals.
const STATUS: &str = "/proc/1/status";

/// Signals whose default is to do nothing, to stop or to go on.
const HARMLESS: [Signal; 7] = [
    Signal::CHILD,
    Signal::CONT,
    Signal::STOP,
    Signal::TSTP,
    Signal::TTIN,
    Signal::TTOU,
    Signal::URG,
];

/// What a process does with a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Handling {
    /// It neither catches, ignores nor blocks it.
    Default,
    /// It blocks it and has no handler: it may wait for it with `sigwait`, or be in the middle of
    /// starting a program.
    Blocked,
    /// It catches or ignores it, or its state is not known.
    Own,
}

/// Looks at a process that blocks a signal, and the time between two of them: starting a program
/// takes less.
const LOOKS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(1);

/// Whether the workload's first process would end by a signal if it were not PID 1. A signal that it
/// blocks only for a moment would be dropped as well, when the moment is over.
pub(crate) fn would_end_init(signal: Signal) -> bool {
    if HARMLESS.contains(&signal) || signal == Signal::WINCH {
        return false;
    }
    for _ in 0..LOOKS {
        let status = std::fs::read_to_string(STATUS).unwrap_or_default();
        match handling(&status, signal) {
            Handling::Default => return true,
            Handling::Own => return false,
            Handling::Blocked => std::thread::sleep(PAUSE),
        }
    }
    false
}

fn handling(status: &str, signal: Signal) -> Handling {
    let bit = u64::try_from(signal.as_raw() - 1).map_or(0, |shift| 1 << (shift & 63));
    let has = |name: &str| {
        let mut lines = status.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        let mask = u64::from_str_radix(value.trim(), 16).ok()?;
        Some(mask & bit != 0)
    };
    match (has("SigIgn"), has("SigCgt"), has("SigBlk")) {
        (Some(false), Some(false), Some(false)) => Handling::Default,
        (Some(false), Some(false), Some(true)) => Handling::Blocked,
        _ => Handling::Own,
    }
}

#[cfg(test)]
mod tests;
