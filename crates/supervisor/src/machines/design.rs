//! The design of a machine: everything that is decided before its folder is made.

use std::fmt;
use std::path::{Path, PathBuf};

use lazaret_images::Lease;
use lazaret_protocol::BootConfig;
use lazaret_vm::{Accelerator, Disk, DiskFormat, DiskPart, LaunchPlan};

use crate::Error;

/// The design of a machine. Making the machine consumes it.
#[derive(Debug)]
pub(crate) struct Design {
    /// The accelerator that executes it.
    pub(crate) accelerator: Accelerator,
    /// The size of its memory, in MiB.
    pub(crate) memory_mib: u64,
    /// The number of its processors.
    pub(crate) cpus: u32,
    /// The boot image of its kernel.
    pub(crate) kernel: PathBuf,
    /// The initramfs.
    pub(crate) initramfs: PathBuf,
    /// Its disks.
    pub(crate) disks: Vec<DiskDesign>,
    /// The policy, as JSON.
    pub(crate) policy: Option<String>,
    /// The boot configuration for the guest. Clock and entropy are set when the machine starts.
    pub(crate) boot: BootConfig,
    /// Keeps shared disks in the store until the emulator has opened them.
    pub(crate) lease: Lease,
}

/// A disk of a machine.
#[derive(Debug)]
pub(crate) struct DiskDesign {
    /// The serial by which the guest finds it.
    pub(crate) serial: &'static str,
    /// Whether the guest cannot write to it.
    pub(crate) read_only: bool,
    /// The source of its bytes.
    pub(crate) content: DiskContent,
}

/// The bytes of a disk.
pub(crate) enum DiskContent {
    /// An existing file.
    File(PathBuf),
    /// Several existing files, one after the other.
    Parts(Vec<DiskPart>),
    /// A file of the machine's own, written when the machine is made.
    Own(DiskWriter),
}

/// Writes a new file at a path.
pub(crate) type DiskWriter = Box<dyn FnOnce(&Path) -> Result<(), Error> + Send>;

impl fmt::Debug for DiskContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => formatter.debug_tuple("File").field(path).finish(),
            Self::Parts(parts) => formatter.debug_tuple("Parts").field(parts).finish(),
            Self::Own(_) => formatter.write_str("Own"),
        }
    }
}

/// A machine whose files are all written.
#[derive(Debug)]
pub(super) struct Laid {
    pub(super) plan: LaunchPlan,
    pub(super) boot: BootConfig,
    pub(super) lease: Lease,
}

impl Design {
    /// Writes the machine's own files to `folder`. Blocks.
    pub(super) fn lay_out(self, folder: &Path) -> Result<Laid, Error> {
        if let Some(policy) = &self.policy {
            let path = folder.join("policy.json");
            std::fs::write(&path, policy).map_err(Error::io("write", &path))?;
        }
        let disks = self.disks.into_iter().map(|disk| disk.lay_out(folder));
        let plan = LaunchPlan {
            accelerator: self.accelerator,
            memory_mib: self.memory_mib,
            cpus: self.cpus,
            kernel: self.kernel,
            initramfs: self.initramfs,
            cmdline: Vec::new(),
            disks: disks.collect::<Result<_, _>>()?,
            console_log: Some(folder.join("console.log")),
        };
        Ok(Laid {
            plan,
            boot: self.boot,
            lease: self.lease,
        })
    }
}

impl DiskDesign {
    fn lay_out(self, folder: &Path) -> Result<Disk, Error> {
        let (path, format) = match self.content {
            DiskContent::File(path) => (path, DiskFormat::Raw),
            DiskContent::Parts(parts) => {
                let path = folder.join(format!("{}.vmdk", self.serial));
                lazaret_vm::join(&parts, &path)?;
                (path, DiskFormat::Parts)
            }
            DiskContent::Own(write) => {
                let path = folder.join(format!("{}.ext4", self.serial));
                write(&path)?;
                (path, DiskFormat::Raw)
            }
        };
        Ok(Disk {
            path,
            format,
            serial: self.serial.to_owned(),
            read_only: self.read_only,
        })
    }
}
