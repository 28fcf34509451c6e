//! Boots from a disk: mounts the disk of `root=` and starts the init program on it.
//!
//! | word of the command line | effect |
//! |---|---|
//! | `root=/dev/NAME`, `root=serial=NAME` | the disk or partition; without it the host decides over the control port |
//! | `rootfstype=ext4`, `erofs` | recognised on the disk when missing |
//! | `rw`, `ro` | `ro` is the default, as with the kernel's own mounting |
//! | `init=PATH` | the program to start; default: the injected wrapper, then the kernel's list |
//! | `lazaret.verity=HASH@OFFSET` | root hash and offset of the dm-verity tree on the disk |
//! | `port.rootfs_overlay=1` | writes go to another disk; without `root=`, the root is `/dev/vda` |
//! | `port.rootfs_overlay_device=` | that disk, named as the root is; default `/dev/vdb` |

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::mount::UnmountFlags;

use crate::disks::{self, Access, Filesystem};
use crate::error::{Context as _, Error, Result};
use crate::inroot::InRoot;
use crate::modules;
use crate::overlay::{SCRATCH, mount_writable};
use crate::parameters::Parameters;
use crate::verity;

const TARGET: &str = "/mnt/root";
/// Where the disk is mounted when writes go to another one.
const BASE: &str = "/mnt/base";
/// The disks of a machine with an overlay, if the command line does not name them.
const FIRST: &str = "/dev/vda";
const SECOND: &str = "/dev/vdb";
/// Begins the name of a disk that is known by its serial.
const SERIAL: &str = "serial=";
const APPEARS_WITHIN: Duration = Duration::from_secs(30);
/// The wrapper, then the programs that the kernel would try.
const CANDIDATES: [&str; 4] = [crate::init::PLACE, "/sbin/init", "/etc/init", "/bin/init"];

/// The disk to boot from, if the command line asks for that.
pub(crate) fn root(parameters: &Parameters) -> Option<&str> {
    let overlay = has_overlay(parameters).then_some(FIRST);
    parameters.value("root").or(overlay)
}

fn has_overlay(parameters: &Parameters) -> bool {
    parameters.value("port.rootfs_overlay") == Some("1")
}

/// Boots from the disk. Returns only when that fails.
pub(crate) fn boot(parameters: &Parameters, device: &str) -> Result<std::convert::Infallible> {
    modules::load_all(modules::DEVICES);
    modules::load_all(modules::NETWORK);
    modules::load_all(modules::BOOT);
    modules::load_all(modules::FOLDERS);
    modules::load_all(modules::VSOCK);
    let mut disk = find(device, "root=")?;
    if let Some(value) = parameters.value("lazaret.verity") {
        let (root_hash, hash_offset) = parse_verity(value)?;
        modules::load_all(modules::VERITY);
        disk = verity::open(&disk, root_hash, hash_offset)?;
    }
    let filesystem = match parameters.value("rootfstype") {
        Some(name) => Some(Filesystem::from_name(name)?),
        None => None,
    };
    let access = match parameters.choice("rw", "ro") {
        Some(true) => Access::Writable,
        _ => Access::ReadOnly,
    };
    if has_overlay(parameters) {
        let name = parameters.value("port.rootfs_overlay_device");
        let name = name.unwrap_or(SECOND);
        let upper = find(name, "port.rootfs_overlay_device=")?;
        let (base, scratch) = (Path::new(BASE), Path::new(SCRATCH));
        disks::mount_device(&disk, device, filesystem, Access::ReadOnly, base)?;
        let ext4 = Some(Filesystem::Ext4);
        disks::mount_device(&upper, name, ext4, Access::Writable, scratch)?;
        std::fs::create_dir_all(TARGET).context(|| format!("make {TARGET}"))?;
        mount_writable(base, scratch, Path::new(TARGET))?;
    } else {
        disks::mount_device(&disk, device, filesystem, access, Path::new(TARGET))?;
    }
    let init = choose(parameters)?;
    move_kernel_folders();
    enter()?;
    let error = Command::new(&init).exec();
    Err(error).context(|| format!("start {}", init.display()))
}

fn parse_verity(value: &str) -> Result<(&str, u64)> {
    let parsed = value.split_once('@');
    parsed
        .and_then(|(hash, offset)| Some((hash, offset.parse().ok()?)))
        .ok_or_else(|| Error::Refused {
            field: "lazaret.verity=",
            value: value.to_owned(),
            reason: "it is not HASH@OFFSET",
        })
}

/// The device node of a disk that the command line names in `field`; waits for it.
fn find(name: &str, field: &'static str) -> Result<PathBuf> {
    if let Some(serial) = name.strip_prefix(SERIAL) {
        return disks::wait_for(serial);
    }
    if !name.starts_with("/dev/") {
        return Err(Error::Refused {
            field,
            value: name.to_owned(),
            reason: "it is neither /dev/NAME nor serial=NAME",
        });
    }
    let deadline = Instant::now() + APPEARS_WITHIN;
    while !Path::new(name).exists() {
        if Instant::now() > deadline {
            return Err(Error::NoDisk {
                serial: name.to_owned(),
                seconds: APPEARS_WITHIN.as_secs(),
            });
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(name.into())
}

/// The first init program on the disk. Links are resolved as if the disk were the root already.
fn choose(parameters: &Parameters) -> Result<PathBuf> {
    let root = InRoot::new(Path::new(TARGET))?;
    let wanted = parameters.value("init");
    let candidates = wanted.map_or(&CANDIDATES[..], |_| &[]);
    wanted
        .iter()
        .chain(candidates)
        .find(|path| root.open(Path::new(path)).is_ok())
        .map(PathBuf::from)
        .ok_or_else(|| Error::NoInit {
            tried: wanted.map_or_else(|| CANDIDATES.join(", "), str::to_owned),
        })
}

/// Moves the mounts of `/dev`, `/proc` and `/sys` to the disk, if it has these folders.
fn move_kernel_folders() {
    for folder in ["/dev", "/proc", "/sys"] {
        let target = format!("{TARGET}{folder}");
        if rustix::mount::mount_move(folder, &target).is_err() {
            let _gone_anyway = rustix::mount::unmount(folder, UnmountFlags::DETACH);
        }
    }
}

/// Makes the disk the root, and frees the memory of the initramfs.
fn enter() -> Result<()> {
    modules::forget();
    let _only_memory = std::fs::remove_file("/init");
    rustix::process::chdir(TARGET)
        .and_then(|()| rustix::mount::mount_move(".", "/"))
        .and_then(|()| rustix::process::chroot("."))
        .and_then(|()| rustix::process::chdir("/"))
        .context(|| "enter the disk".to_owned())
}
