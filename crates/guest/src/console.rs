//! Writes lines to the machine's serial console, for people who debug a boot.

use rustix::fs::{Mode, OFlags};

/// Writes one line to `/dev/console`, or to standard error when there is none. Failures are
/// ignored, as they cannot be reported.
pub(crate) fn say(message: &str) {
    let line = format!("lazaret-guest: {message}\n");
    let flags = OFlags::WRONLY | OFlags::NOCTTY | OFlags::CLOEXEC;
    let _written = match rustix::fs::open("/dev/console", flags, Mode::empty()) {
        Ok(console) if is_init() => rustix::io::write(console, line.as_bytes()),
        _ => rustix::io::write(rustix::stdio::stderr(), line.as_bytes()),
    };
}

/// Whether this is PID 1: on a developer's machine, `/dev/console` is not ours.
fn is_init() -> bool {
    rustix::process::getpid().is_init()
}
