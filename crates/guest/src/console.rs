//! Lines on the machine's serial console, for people who debug a boot.

use rustix::fs::{Mode, OFlags};

/// Writes one line to `/dev/console`, or to standard error when there is none. Best effort:
/// there is nobody to tell when the console itself fails.
pub(crate) fn say(message: &str) {
    let line = format!("lazaret-guest: {message}\n");
    let flags = OFlags::WRONLY | OFlags::NOCTTY | OFlags::CLOEXEC;
    let _written = match rustix::fs::open("/dev/console", flags, Mode::empty()) {
        Ok(console) if is_init() => rustix::io::write(console, line.as_bytes()),
        _ => rustix::io::write(rustix::stdio::stderr(), line.as_bytes()),
    };
}

/// On a developer's machine `/dev/console` belongs to somebody else.
fn is_init() -> bool {
    rustix::process::getpid().is_init()
}
