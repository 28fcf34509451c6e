//! The initramfs: the cpio archive with PID 1 and the kernel modules that it loads.
//!
//! ```text
//! /init                    lazaret-guest
//! /lib/modules/load        file names, one a line, in the order to load: for every machine;
//!                          .devices for disks, .network for a network, .boot for machines that boot one, .verity for
//!                          checked disks, .folders for those of the host, .vsock for a control stream over vsock
//! /lib/modules/*.ko
//! /dev /proc /sys /run /mnt   mount points;  /dev/console, /dev/null
//! ```
//! The archive depends only on the kernel and this build, so it is made once and kept in the cache.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use lazaret_files::NewFile;
use lazaret_oci::Digest;
use lazaret_rootfs::Initramfs;
use lazaret_vm::kernel::{Chosen, Kernel, Module, Purpose};

use crate::{Error, guest};

/// Version of the archive's layout; it is part of the cache key.
const LAYOUT: &str = "5";

/// Returns the archive for `kernel`; it is made if it is not in `cache` yet.
pub(crate) fn prepare(kernel: &Kernel, cache: &Path) -> Result<PathBuf, Error> {
    let key =
        Digest::of(format!("{LAYOUT} {} {}", kernel.digest, Digest::of(guest::INIT)).as_bytes());
    let folder = cache.join("initramfs");
    let path = folder.join(format!("{}.cpio", key.hex()));
    if path.exists() {
        return Ok(path);
    }
    fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    // Two processes may do this at once: both write the same bytes, and the later rename wins.
    let archive = NewFile::create(&path, 0o600)?;
    let modules = kernel.modules.iter().map(read);
    write(&kernel.name, modules, BufWriter::new(archive.file()?))?;
    archive.publish()?;
    Ok(path)
}

/// The modules of a kernel, in the order in which they are loaded.
pub(crate) fn modules(kernel: &Kernel) -> Result<Vec<Chosen>, Error> {
    kernel.modules.iter().map(read).collect()
}

fn read(module: &Module) -> Result<Chosen, Error> {
    let bytes = fs::read(&module.path).map_err(Error::io("read", &module.path))?;
    Ok(Chosen {
        purpose: module.purpose,
        file_name: module.file_name.clone(),
        bytes,
    })
}

/// Writes the archive with these modules; `kernel` is for messages.
pub(crate) fn write<W: Write>(
    kernel: &str,
    modules: impl IntoIterator<Item = Result<Chosen, Error>>,
    output: W,
) -> Result<W, Error> {
    let failed = |source| Error::Initramfs {
        kernel: kernel.to_owned(),
        source,
    };
    let mut archive = Initramfs::new(output);
    for (folder, mode) in [
        ("dev", 0o755),
        ("proc", 0o555),
        ("sys", 0o555),
        ("run", 0o755),
        ("mnt", 0o755),
        ("lib", 0o755),
        ("lib/modules", 0o755),
    ] {
        archive.directory(folder, mode).map_err(failed)?;
    }
    archive
        .char_device("dev/console", 0o600, 5, 1)
        .map_err(failed)?;
    archive
        .char_device("dev/null", 0o666, 1, 3)
        .map_err(failed)?;
    archive.file("init", 0o755, guest::INIT).map_err(failed)?;
    let mut lists = [
        (Purpose::Machine, "load", String::new()),
        (Purpose::Devices, "load.devices", String::new()),
        (Purpose::Network, "load.network", String::new()),
        (Purpose::Boot, "load.boot", String::new()),
        (Purpose::Verity, "load.verity", String::new()),
        (Purpose::Folders, "load.folders", String::new()),
        (Purpose::Vsock, "load.vsock", String::new()),
    ];
    for module in modules {
        let module = module?;
        let place = format!("lib/modules/{}", module.file_name);
        archive.file(place, 0o644, module.bytes).map_err(failed)?;
        for (_, _, list) in lists.iter_mut().filter(|list| list.0 == module.purpose) {
            list.push_str(&module.file_name);
            list.push('\n');
        }
    }
    for (_, name, list) in lists {
        archive
            .file(format!("lib/modules/{name}"), 0o644, list)
            .map_err(failed)?;
    }
    archive.finish().map_err(failed)
}
