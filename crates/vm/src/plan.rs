//! One machine as a value.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Error;

/// Disks that a `microvm` has room for. With ACPI, and so a second IOAPIC, it has 24
/// virtio-mmio slots, of which 23 were found to work; serial port and random numbers take one
/// each, and one is kept for a network.
pub const MAX_DISKS: usize = 20;

/// Longest serial of a virtio disk, in bytes (virtio 1.2, 5.2.6.1).
const SERIAL_BYTES: usize = 20;

/// What a distribution kernel, its modules and one small process need.
const MIN_MEMORY_MIB: u64 = 96;

/// What executes the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Accelerator {
    /// The host's processor, through `/dev/kvm`.
    Kvm,
    /// QEMU's translator: works everywhere, is slow, and promises no isolation.
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

/// What the file of a disk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DiskFormat {
    /// The disk, byte for byte.
    #[default]
    Raw,
    /// A list of the files that make it up, from [`crate::join`].
    Parts,
}

/// A disk that the guest finds by its serial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// Its file.
    pub path: PathBuf,
    /// What that file is.
    pub format: DiskFormat,
    /// Letters, digits, `_` and `-`, at most 20.
    pub serial: String,
    /// Attach it so that the guest cannot write, whoever it is.
    pub read_only: bool,
}

/// Everything about a machine that is decided before it starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchPlan {
    /// What executes it.
    pub accelerator: Accelerator,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Processors.
    pub cpus: u32,
    /// PVH `vmlinux` or bzImage.
    pub kernel: PathBuf,
    /// cpio archive with the guest.
    pub initramfs: PathBuf,
    /// Words added to the kernel's command line.
    pub cmdline: Vec<String>,
    /// Disks, in no particular order.
    pub disks: Vec<Disk>,
    /// File that receives what the guest writes to its console, up to 1 MiB.
    pub console_log: Option<PathBuf>,
}

impl LaunchPlan {
    /// Checks what QEMU would refuse with less helpful words, or take for something else.
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
