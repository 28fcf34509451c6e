//! Finds disks by serial and mounts them.
//!
//! Devices that have no serials are known by their order, which the host gives on the kernel's command
//! line.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lazaret_protocol::DISKS_PARAMETER;
use rustix::mount::MountFlags;

use crate::error::{Context as _, Error, Result};
use crate::parameters::Parameters;

/// Time limit for a disk to appear.
const APPEARS_WITHIN: Duration = Duration::from_secs(10);

/// File systems that the guest mounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filesystem {
    /// ext4: read-only or writable.
    Ext4,
    /// EROFS: always read-only.
    Erofs,
}

impl Filesystem {
    /// The file system with this name in the kernel.
    pub(crate) fn from_name(name: &str) -> Result<Self> {
        match name {
            "ext4" => Ok(Self::Ext4),
            "erofs" => Ok(Self::Erofs),
            _ => Err(Error::Refused {
                field: "file system",
                value: name.to_owned(),
                reason: "the guest mounts ext4 and erofs",
            }),
        }
    }

    /// The file system whose magic number is in the first blocks of a disk.
    fn from_first_blocks(blocks: &[u8]) -> Option<Self> {
        if blocks.get(1024..1028) == Some(&0xe0f5_e1e2_u32.to_le_bytes()) {
            Some(Self::Erofs)
        } else if blocks.get(1080..1082) == Some(&0xef53_u16.to_le_bytes()) {
            Some(Self::Ext4)
        } else {
            None
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Ext4 => "ext4",
            Self::Erofs => "erofs",
        }
    }
}

/// Whether a disk is mounted for writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// No writes.
    ReadOnly,
    /// Reads and writes.
    Writable,
}

/// Mounts the disk with this serial on `target`, which is made when missing. Without a
/// `filesystem`, the disk's magic number decides.
pub(crate) fn mount(
    serial: &str,
    filesystem: Option<Filesystem>,
    access: Access,
    target: &Path,
) -> Result<()> {
    mount_device(&wait_for(serial)?, serial, filesystem, access, target)
}

/// As `mount`, for a device node; messages call it `disk`.
pub(crate) fn mount_device(
    device: &Path,
    disk: &str,
    filesystem: Option<Filesystem>,
    access: Access,
    target: &Path,
) -> Result<()> {
    let filesystem = match filesystem {
        Some(filesystem) => filesystem,
        None => probe(device, disk)?,
    };
    let flags = match access {
        Access::ReadOnly => MountFlags::RDONLY | MountFlags::NOATIME,
        Access::Writable => MountFlags::NOATIME,
    };
    std::fs::create_dir_all(target).context(|| format!("make {}", target.display()))?;
    rustix::mount::mount(device, target, filesystem.name(), flags, None).context(|| {
        format!(
            "mount disk `{disk}` ({}) as {}",
            device.display(),
            filesystem.name()
        )
    })
}

/// Waits for the disk with this serial; returns its device node.
pub(crate) fn wait_for(serial: &str) -> Result<PathBuf> {
    let deadline = Instant::now() + APPEARS_WITHIN;
    let parameters = Parameters::of_kernel();
    let order = parameters.value(DISKS_PARAMETER);
    let devices = Path::new("/sys/block");
    loop {
        let found = match order {
            Some(order) => find_in_order(devices, order, serial),
            None => find(devices, serial),
        };
        if let Some(device) = found
            && device.exists()
        {
            return Ok(device);
        }
        if Instant::now() > deadline {
            return Err(Error::NoDisk {
                serial: serial.to_owned(),
                seconds: APPEARS_WITHIN.as_secs(),
            });
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn find(block_devices: &Path, serial: &str) -> Option<PathBuf> {
    for disk in std::fs::read_dir(block_devices).ok()?.flatten() {
        let found = std::fs::read_to_string(disk.path().join("serial")).unwrap_or_default();
        if !serial.is_empty() && found.trim_end() == serial {
            return Some(Path::new("/dev").join(disk.file_name()));
        }
    }
    None
}

/// The disk whose place among all virtio disks is that of its serial in the order `serial,serial`.
/// `None` before all of them are there.
fn find_in_order(block_devices: &Path, order: &str, serial: &str) -> Option<PathBuf> {
    let place = order.split(',').position(|name| name == serial)?;
    let mut disks = Vec::new();
    for disk in std::fs::read_dir(block_devices).ok()?.flatten() {
        let device = std::fs::read_link(disk.path().join("device")).unwrap_or_default();
        let number = device.file_name().and_then(|name| name.to_str());
        let number = number.and_then(|name| name.strip_prefix("virtio")?.parse::<u32>().ok());
        disks.extend(number.map(|number| (number, disk.file_name())));
    }
    disks.sort();
    if disks.len() != order.split(',').count() {
        return None;
    }
    let (_, name) = disks.into_iter().nth(place)?;
    Some(Path::new("/dev").join(name))
}

fn probe(device: &Path, disk: &str) -> Result<Filesystem> {
    let mut blocks = vec![0; 4096];
    std::fs::File::open(device)
        .and_then(|mut device| device.read_exact(&mut blocks))
        .context(|| format!("read disk `{disk}`"))?;
    Filesystem::from_first_blocks(&blocks).ok_or_else(|| Error::UnknownFilesystem {
        disk: disk.to_owned(),
    })
}

#[cfg(test)]
mod tests;
