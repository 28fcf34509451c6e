//! Loads the kernel modules of the initramfs.

use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::console;

/// Folder of the modules, and of the files that list them.
const FOLDER: &str = "/lib/modules";

/// List of the modules that every machine needs from its start on.
pub(crate) const MACHINE: &str = "load";
/// List of the drivers of devices that differ between machines: see [`crate::bus`].
pub(crate) const DEVICES: &str = "load.devices";
/// List of the driver of a network device, and what it needs.
pub(crate) const NETWORK: &str = "load.network";
/// List of the additional modules of a machine that boots from a disk.
pub(crate) const BOOT: &str = "load.boot";
/// List of the modules for dm-verity.
pub(crate) const VERITY: &str = "load.verity";
/// List of the modules for folders of the host.
pub(crate) const FOLDERS: &str = "load.folders";
/// List of the modules for a control stream over vsock.
pub(crate) const VSOCK: &str = "load.vsock";

/// Loads every module of a list, in order. A failure is only reported on the console:
/// the step that needs the module will say what is missing.
pub(crate) fn load_all(list: &str) {
    match std::fs::read_to_string(Path::new(FOLDER).join(list)) {
        Ok(list) => {
            for name in parse(&list) {
                if let Err(error) = load(&Path::new(FOLDER).join(name)) {
                    console::say(&format!("cannot load module {name}: {error}"));
                }
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => console::say(&format!("cannot read {FOLDER}/{list}: {error}")),
    }
}

/// Deletes the module files, to free their memory.
pub(crate) fn forget() {
    let _only_memory = std::fs::remove_dir_all(FOLDER);
}

fn load(path: &Path) -> Result<(), Errno> {
    let module = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    match rustix::system::finit_module(&module, c"", 0) {
        // It is built in, or already loaded.
        Err(Errno::EXIST) => Ok(()),
        result => result,
    }
}

/// Parses a list of module paths: one per line, empty lines and `#` comments ignored.
fn parse(list: &str) -> impl Iterator<Item = &str> {
    list.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests;
