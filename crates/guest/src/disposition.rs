//! What a signal would do to PID 1 of a PID namespace.
//!
//! The kernel drops a signal for such a process when it has no handler for it, even if the default
//! is to end the process (pid_namespaces(7)). People expect `sleep` to end at SIGTERM all the same.

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

/// Whether the workload's first process would end by a signal if it were not PID 1.
pub(crate) fn would_end_init(signal: Signal) -> bool {
    let ends = !HARMLESS.contains(&signal) && signal != Signal::WINCH;
    let status = || std::fs::read_to_string(STATUS).ok();
    ends && status().is_some_and(|status| is_default(&status, signal))
}

/// Whether a process neither catches, ignores nor blocks a signal: one that it blocks may be waited
/// for with `sigwait`.
fn is_default(status: &str, signal: Signal) -> bool {
    let bit = u64::try_from(signal.as_raw() - 1).map_or(0, |shift| 1 << (shift & 63));
    let mask = |name: &str| {
        let mut lines = status.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.and_then(|value| u64::from_str_radix(value.trim(), 16).ok())
    };
    ["SigBlk", "SigIgn", "SigCgt"]
        .iter()
        .all(|name| mask(name).is_some_and(|mask| mask & bit == 0))
}

#[cfg(test)]
mod tests;
