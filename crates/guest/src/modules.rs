//! Loads the kernel modules that the initramfs carries.

use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::console;

/// Folder of the modules; files in it list them.
const FOLDER: &str = "/lib/modules";

/// What every machine needs.
pub(crate) const MACHINE: &str = "load";
/// What a machine that boots a disk needs besides.
pub(crate) const BOOT: &str = "load.boot";
/// What checks disks.
pub(crate) const VERITY: &str = "load.verity";

/// Loads every module of a list, in its order. A module that fails is reported on the console
/// only: the step that needs it names what is missing.
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

/// Frees the memory that the files occupy.
pub(crate) fn forget() {
    let _only_memory = std::fs::remove_dir_all(FOLDER);
}

fn load(path: &Path) -> Result<(), Errno> {
    let module = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    match rustix::system::finit_module(&module, c"", 0) {
        // Built in or loaded already.
        Err(Errno::EXIST) => Ok(()),
        result => result,
    }
}

/// The module paths of a list: one per line, empty lines and `#` comments ignored.
fn parse(list: &str) -> impl Iterator<Item = &str> {
    list.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests;
