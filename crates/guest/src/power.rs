//! The end of the machine.

use rustix::process::{Pid, Signal};
use rustix::system::RebootCommand;

use crate::console;

/// File system magic of ramfs and tmpfs, the two that a kernel unpacks an initramfs into.
const INITRAMFS_MAGIC: [u64; 2] = [0x8584_58f6, 0x0102_1994];

/// Whether this is PID 1 on an initramfs. Run anywhere else, as root on a developer's own
/// computer say, this program would mount over it and restart it.
pub(crate) fn is_machine() -> bool {
    rustix::process::getpid().is_init()
        && rustix::fs::statfs("/").is_ok_and(|root| {
            u64::try_from(root.f_type).is_ok_and(|magic| INITRAMFS_MAGIC.contains(&magic))
        })
}

/// Kills every process but this one.
pub(crate) fn kill_everything() {
    // The process group of PID 1 stands for `kill(-1)`: everything but the caller.
    let _none_left = rustix::process::kill_process_group(Pid::INIT, Signal::KILL);
}

/// Writes back what is dirty and ends the machine. Returns only when the kernel refuses.
///
/// A restart rather than a power-off: without ACPI power-off hangs, while QEMU with
/// `-no-reboot` ends on the triple fault that `reboot=t` asks for.
pub(crate) fn off() {
    rustix::fs::sync();
    if let Err(error) = rustix::system::reboot(RebootCommand::Restart) {
        console::say(&format!("cannot restart: {error}"));
    }
}
