//! Keeps drivers and devices of the virtio bus apart until the host has said what the machine is
//! for.
//!
//! A driver reads once, when it meets its device, what the device is: the size of a disk, whether
//! it may be written. A machine that is restored from a template has other disks than the
//! template, so their driver must not have met them before; but it can be there, as loading
//! it is what takes the time.

use std::path::Path;

use crate::console;

const BUS: &str = "/sys/bus/virtio";
/// The driver of disks.
const DISKS: &str = "virtio_blk";

/// The number of network devices (virtio 1.2, 5).
const NETWORK: &str = "0x0001";

/// Whether there is a network device.
pub(crate) fn has_network() -> bool {
    let devices = std::fs::read_dir(Path::new(BUS).join("devices"));
    devices.into_iter().flatten().flatten().any(|device| {
        let number = std::fs::read_to_string(device.path().join("device"));
        number.is_ok_and(|number| number.trim() == NETWORK)
    })
}

/// Drivers that are loaded from now on do not look for devices.
pub(crate) fn hold() {
    set("drivers_autoprobe", "0");
}

/// Joins every device with its driver; disks that had one already, because the kernel has it built
/// in, get it anew.
pub(crate) fn join() {
    set("drivers_autoprobe", "1");
    let Ok(devices) = std::fs::read_dir(Path::new(BUS).join("devices")) else {
        return;
    };
    let mut names: Vec<_> = devices
        .flatten()
        .filter_map(|device| device.file_name().into_string().ok())
        .collect();
    // Disks get their names in the order of their devices: `virtio2` is before `virtio10`.
    names.sort_by_key(|name| (name.len(), name.clone()));
    for name in names {
        let driver = Path::new(BUS).join("devices").join(&name).join("driver");
        match std::fs::read_link(driver) {
            Err(_) => set("drivers_probe", &name),
            Ok(driver) if driver.ends_with(DISKS) => {
                set(&format!("drivers/{DISKS}/unbind"), &name);
                set(&format!("drivers/{DISKS}/bind"), &name);
            }
            Ok(_) => {}
        }
    }
}

/// Writes a file of the bus. What fails is only reported: the step that needs a disk will say what
/// is missing.
fn set(file: &str, value: &str) {
    if let Err(error) = std::fs::write(Path::new(BUS).join(file), value) {
        console::say(&format!("cannot write {value} to {BUS}/{file}: {error}"));
    }
}
