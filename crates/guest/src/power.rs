//! Stops the machine.

use std::sync::atomic::{AtomicBool, Ordering};

use lazaret_protocol::{END_PARAMETER, POWER_OFF};
use rustix::process::{Pid, Signal};
use rustix::system::RebootCommand;

use crate::parameters::Parameters;
use crate::{closing, console};

/// File system magic numbers of ramfs and tmpfs, into which a kernel unpacks an initramfs.
const INITRAMFS_MAGIC: [u64; 2] = [0x8584_58f6, 0x0102_1994];

/// Whether the machine ends by a power-off.
static POWERS_OFF: AtomicBool = AtomicBool::new(false);

/// Settles how the machine ends, before the workload can cover the command line.
pub(crate) fn settle(parameters: &Parameters) {
    let wanted = parameters.value(END_PARAMETER) == Some(POWER_OFF);
    POWERS_OFF.store(wanted, Ordering::Relaxed);
}

/// Whether this is PID 1 on an initramfs. Anywhere else, for example as root on a developer's
/// computer, this program would mount over the root and restart the computer.
pub(crate) fn is_machine() -> bool {
    rustix::process::getpid().is_init()
        && rustix::fs::statfs("/").is_ok_and(|root| {
            u64::try_from(root.f_type).is_ok_and(|magic| INITRAMFS_MAGIC.contains(&magic))
        })
}

/// Kills every process but this one.
pub(crate) fn kill_everything() {
    // The process group of PID 1 stands for `kill(-1)`: all processes but the caller.
    let _none_left = rustix::process::kill_process_group(Pid::INIT, Signal::KILL);
}

/// Syncs the disks and ends the machine. Returns only when the kernel refuses.
///
/// It restarts instead of powering off, unless the host wants that: without ACPI a power-off hangs,
/// while QEMU with `-no-reboot` ends on the triple fault that `reboot=t` causes.
pub(crate) fn off() {
    closing::close_all();
    rustix::fs::sync();
    let command = match POWERS_OFF.load(Ordering::Relaxed) {
        true => RebootCommand::PowerOff,
        false => RebootCommand::Restart,
    };
    if let Err(error) = rustix::system::reboot(command) {
        console::say(&format!("cannot end the machine: {error}"));
    }
}
