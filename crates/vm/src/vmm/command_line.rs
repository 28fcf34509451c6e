//! The kernel's command line.

use lazaret_protocol::{
    CONTROL_VSOCK_PORT, DISKS_PARAMETER, END_PARAMETER, POWER_OFF, VSOCK_PARAMETER,
};

use crate::{LaunchPlan, Substrate};

/// Kernel parameters of every guest, as under QEMU.
const COMMON: &str = "console=ttyS0 quiet panic=-1 cryptomgr.notests";

/// Firecracker ends when the guest resets its processor by the keyboard controller, the only part of that
/// which it has.
const FIRECRACKER: &str = "reboot=k i8042.noaux i8042.nomux i8042.dumbkbd";

/// The command line for the guest of a plan.
pub(super) fn command_line(substrate: Substrate, plan: &LaunchPlan) -> String {
    let mut words = vec![
        COMMON.to_owned(),
        format!("{VSOCK_PARAMETER}={CONTROL_VSOCK_PORT}"),
    ];
    match substrate {
        Substrate::Firecracker => {
            words.push(FIRECRACKER.to_owned());
            // Its disks have no serials.
            let serials: Vec<&str> = plan.disks.iter().map(|disk| &*disk.serial).collect();
            if !serials.is_empty() {
                words.push(format!("{DISKS_PARAMETER}={}", serials.join(",")));
            }
        }
        // A restart would boot again.
        Substrate::CloudHypervisor => words.push(format!("{END_PARAMETER}={POWER_OFF}")),
        Substrate::Qemu => {}
    }
    words.extend(plan.cmdline.iter().cloned());
    words.join(" ")
}
