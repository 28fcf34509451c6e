//! The plan of one machine, as a value.

mod range;

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Error;
pub use range::{BootRange, BootRanges, DiskRange, FileIdentity};

/// Most disks of a `microvm`. With ACPI, and so a second IOAPIC, it has 24
/// virtio-mmio slots, of which 23 were found to work; serial port and random numbers take one
/// each, and one is reserved for a network.
pub const MAX_DISKS: usize = 20;

/// Longest serial of a virtio disk, in bytes (virtio 1.2, 5.2.6.1).
const SERIAL_BYTES: usize = 20;

/// Smallest memory in MiB: what a distribution kernel, its modules and one small process need.
const MIN_MEMORY_MIB: u64 = 96;

/// The accelerator that executes the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Accelerator {
    /// The host's processor, through `/dev/kvm`.
    Kvm,
    /// QEMU's translator: works everywhere, is slow, and does not promise isolation.
    Tcg,
}

impl Accelerator {
    /// The name in commands and settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kvm => "kvm",
            Self::Tcg => "tcg",
        }
    }
}

impl fmt::Display for Accelerator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The format of a disk's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DiskFormat {
    /// The content of the disk, byte for byte.
    #[default]
    Raw,
    /// A list of the files of which the disk consists, from [`crate::join`].
    Parts,
    /// A range of the file.
    Range(DiskRange),
}

/// A disk that the guest finds by its serial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Path of the file.
    pub path: PathBuf,
    /// Format of the file.
    pub format: DiskFormat,
    /// The serial: letters, digits, `_` and `-`, at most 20 bytes.
    pub serial: String,
    /// Whether the disk is attached so that the guest cannot write to it.
    pub read_only: bool,
    /// Whether the disk outlives the machine, so that what the guest flushes has to be on the host's
    /// disk.
    pub lasting: bool,
}

/// The network device of a machine. Its frames go over a socket that is given when the machine starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkDevice {
    /// The address of the device: six bytes as hexadecimal digits, with colons.
    pub mac: String,
    /// Largest packet in bytes.
    pub mtu: u16,
}

/// Everything about a machine that is decided before it starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchPlan {
    /// The accelerator to use.
    pub accelerator: Accelerator,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Number of processors.
    pub cpus: u32,
    /// The kernel: a PVH `vmlinux` or a bzImage.
    pub kernel: PathBuf,
    /// The initramfs: a cpio archive with the guest.
    pub initramfs: PathBuf,
    /// Where kernel and initramfs are in their files, if these are more than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot_ranges: Option<BootRanges>,
    /// Words that are added to the kernel's command line.
    pub cmdline: Vec<String>,
    /// Disks, in no particular order.
    pub disks: Vec<Disk>,
    /// The network device, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkDevice>,
    /// File for the output of the guest's console, up to 1 MiB.
    pub console_log: Option<PathBuf>,
}

impl LaunchPlan {
    /// Whether its kernel goes on with what is on a disk, instead of with what a host sends. Such a
    /// machine is never at rest between the two, where others could begin.
    #[must_use]
    pub fn boots_from_disk(&self) -> bool {
        self.cmdline.iter().any(|word| word.starts_with("root="))
    }

    /// Checks everything that QEMU would refuse with a less helpful message, or misread.
    ///
    /// # Errors
    /// [`Error::TooManyDisks`], [`Error::Plan`].
    pub fn check(&self) -> Result<(), Error> {
        if self.disks.len() > MAX_DISKS {
            return Err(Error::TooManyDisks {
                disks: self.disks.len(),
                limit: MAX_DISKS,
            });
        }
        let fail = |field, value: String, reason| {
            Err(Error::Plan {
                field,
                value,
                reason,
            })
        };
        if !(MIN_MEMORY_MIB..=1024 * 1024).contains(&self.memory_mib) {
            let reason = "a machine has 96 MiB to 1 TiB";
            return fail("memory", format!("{} MiB", self.memory_mib), reason);
        }
        if !(1..=64).contains(&self.cpus) {
            return fail(
                "cpus",
                self.cpus.to_string(),
                "a machine has 1 to 64 processors",
            );
        }
        if let Some(network) = &self.network {
            let digits =
                |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit());
            let parts: Vec<&str> = network.mac.split(':').collect();
            if parts.len() != 6 || !parts.into_iter().all(digits) {
                let reason = "expected six bytes, such as 02:00:00:00:00:01";
                return fail("network address", network.mac.clone(), reason);
            }
        }
        for word in &self.cmdline {
            if word.is_empty() || word.chars().any(|c| c.is_control() || c == ' ') {
                return fail(
                    "kernel command line",
                    word.clone(),
                    "its words have no blanks",
                );
            }
        }
        for disk in &self.disks {
            let valid = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
            if !(1..=SERIAL_BYTES).contains(&disk.serial.len()) || !disk.serial.bytes().all(valid) {
                let reason = "expected 1 to 20 letters, digits, '_' or '-'";
                return fail("serial", disk.serial.clone(), reason);
            }
            if let DiskFormat::Range(range) = disk.format {
                const SECTOR: u64 = 512;
                let fits = range.offset.checked_add(range.length).is_some();
                let is_whole = |bytes: u64| bytes.is_multiple_of(SECTOR);
                if !fits
                    || range.length == 0
                    || ![range.offset, range.length].into_iter().all(is_whole)
                {
                    let reason = "its range is not whole sectors of a file";
                    return fail("disk", disk.serial.clone(), reason);
                }
                if !disk.read_only {
                    let reason = "a range of a file is not written to";
                    return fail("disk", disk.serial.clone(), reason);
                }
            }
            if self
                .disks
                .iter()
                .filter(|other| other.serial == disk.serial)
                .count()
                > 1
            {
                return fail("serial", disk.serial.clone(), "two disks have it");
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
