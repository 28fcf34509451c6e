//! The design of a machine: everything that is decided before its folder is made.

use std::fmt;
use std::path::{Path, PathBuf};

use lazaret_images::Lease;
use lazaret_protocol::BootConfig;
use lazaret_vm::{Accelerator, BootRanges, Disk, DiskFormat, DiskPart, DiskRange, LaunchPlan};

use super::network_launch::{self, NetworkLaunch};
use super::program::Program;
use super::record::{FolderUse, Launch, PackUse, StoredContent, StoredDisk, StoredPart, VolumeUse};
use crate::Error;
use crate::integrations::RunRecord;

/// The design of a machine. Making the machine consumes it.
#[derive(Debug)]
pub(crate) struct Design {
    /// The accelerator that executes it.
    pub(crate) accelerator: Accelerator,
    /// The size of its memory, in MiB.
    pub(crate) memory_mib: u64,
    /// The number of its processors.
    pub(crate) cpus: u32,
    /// The image, as it was named.
    pub(crate) image: String,
    /// Digest of the image's manifest.
    pub(crate) image_digest: String,
    /// The signal by which the image wants to be asked to end.
    pub(crate) stop_signal: Option<u8>,
    /// The hypervisor that will execute it.
    pub(crate) program: Program,
    /// The folder of the user's templates.
    pub(crate) templates: PathBuf,
    /// The folder of the user's volumes.
    pub(crate) volumes_folder: PathBuf,
    /// The volumes that it uses, which are among its disks.
    pub(crate) volumes: Vec<VolumeUse>,
    /// The folders and files of the host that it has.
    pub(crate) folders: Vec<FolderUse>,
    /// The name of its kernel.
    pub(crate) kernel_name: String,
    /// The boot image of its kernel.
    pub(crate) kernel: PathBuf,
    /// The initramfs.
    pub(crate) initramfs: PathBuf,
    /// Where both are in their files, if these are more than that.
    pub(crate) boot_ranges: Option<BootRanges>,
    /// The pack that it is of, if it is of one.
    pub(crate) pack: Option<PackUse>,
    /// Further words of the kernel's command line.
    pub(crate) words: Vec<String>,
    /// Its disks.
    pub(crate) disks: Vec<DiskDesign>,
    /// Its network, if it has one.
    pub(crate) network: Option<NetworkLaunch>,
    /// The policy, as JSON.
    pub(crate) policy: Option<String>,
    /// Its services, if it has any.
    pub(crate) integrations: Option<RunRecord>,
    /// The boot configuration for the guest. Clock and entropy are set when the machine starts.
    pub(crate) boot: BootConfig,
    /// Keeps shared disks in the store until the machine has names of its own for them.
    pub(crate) lease: Lease,
}

/// A disk of a machine.
#[derive(Debug)]
pub(crate) struct DiskDesign {
    /// The serial by which the guest finds it.
    pub(crate) serial: String,
    /// Whether the guest cannot write to it.
    pub(crate) read_only: bool,
    /// The source of its bytes.
    pub(crate) content: DiskContent,
}

/// The bytes of a disk.
pub(crate) enum DiskContent {
    /// An existing file.
    File(PathBuf),
    /// A range of an existing file that stays where it is.
    Range(PathBuf, DiskRange),
    /// Several existing files, one after the other.
    Parts(Vec<DiskPart>),
    /// A file of the machine's own, written when the machine is made.
    Own(DiskWriter),
    /// The disk of a volume, which others may use after this machine.
    Volume(PathBuf),
}

/// Writes a new file at a path.
pub(crate) type DiskWriter = Box<dyn FnOnce(&Path) -> Result<(), Error> + Send>;

impl fmt::Debug for DiskContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => formatter.debug_tuple("File").field(path).finish(),
            Self::Range(path, range) => formatter
                .debug_tuple("Range")
                .field(path)
                .field(range)
                .finish(),
            Self::Parts(parts) => formatter.debug_tuple("Parts").field(parts).finish(),
            Self::Own(_) => formatter.write_str("Own"),
            Self::Volume(path) => formatter.debug_tuple("Volume").field(path).finish(),
        }
    }
}

impl Design {
    /// Writes the machine's own files to `folder`; returns what the emulator is started with, what
    /// the guest is told, and the image's name and digest. Blocks.
    pub(super) fn lay_out(
        self,
        folder: &Path,
    ) -> Result<(Launch, BootConfig, (String, String)), Error> {
        if let Some(policy) = &self.policy {
            let path = folder.join("policy.json");
            std::fs::write(&path, policy).map_err(Error::io("write", &path))?;
        }
        if let Some(integrations) = &self.integrations {
            integrations.write(folder)?;
        }
        let disks = self.disks.into_iter().map(|disk| disk.lay_out(folder));
        let disks = disks.collect::<Result<_, _>>()?;
        // From here on its disks stay, whatever is removed from the store.
        drop(self.lease);
        let launch = Launch {
            accelerator: self.accelerator,
            memory_mib: self.memory_mib,
            cpus: self.cpus,
            kernel: self.kernel_name,
            boot_image: self.kernel,
            initramfs: self.initramfs,
            boot_ranges: self.boot_ranges,
            pack: self.pack,
            words: self.words,
            substrate: self.program.substrate,
            qemu: self.program.path,
            qemu_version: self.program.version,
            jail: self.program.jail,
            templates: self.templates,
            volumes: self.volumes_folder,
            folders: self.folders,
            disks,
            network: self.network,
        };
        Ok((launch, self.boot, (self.image, self.image_digest)))
    }
}

impl DiskDesign {
    fn lay_out(self, folder: &Path) -> Result<StoredDisk, Error> {
        let serial = self.serial;
        let lasting = matches!(self.content, DiskContent::Volume(_));
        let content = match self.content {
            DiskContent::File(path) => {
                StoredContent::File(link(&path, folder, &format!("{serial}.disk"))?)
            }
            DiskContent::Range(path, range) => StoredContent::Range(path, range),
            DiskContent::Parts(parts) => {
                let mut stored: Vec<StoredPart> = Vec::new();
                let mut files: Vec<(PathBuf, PathBuf)> = Vec::new();
                for part in parts {
                    let known = files.iter().find(|(path, _)| *path == part.path);
                    let file = match known {
                        Some((_, file)) => file.clone(),
                        None => {
                            let name = format!("{serial}.part{}", files.len());
                            let file = link(&part.path, folder, &name)?;
                            files.push((part.path, file.clone()));
                            file
                        }
                    };
                    stored.push(StoredPart {
                        file,
                        offset: part.offset,
                        length: part.length,
                    });
                }
                StoredContent::Parts(stored)
            }
            DiskContent::Own(write) => {
                let name = format!("{serial}.ext4");
                write(&folder.join(&name))?;
                StoredContent::File(name.into())
            }
            DiskContent::Volume(path) => {
                let absolute = std::path::absolute(&path).map_err(Error::io("find", &path));
                StoredContent::File(absolute?)
            }
        };
        Ok(StoredDisk {
            serial,
            read_only: self.read_only,
            lasting,
            content,
        })
    }
}

/// Gives a file of the store a second name in the machine's folder; returns that name. So the
/// machine keeps its disks when the store drops them, and nothing is copied. Where the file system
/// has no more links for it, the path itself is returned.
fn link(path: &Path, folder: &Path, name: &str) -> Result<PathBuf, Error> {
    match std::fs::hard_link(path, folder.join(name)) {
        Ok(()) => Ok(name.into()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(Error::io("link", path)(error))
        }
        Err(_) => std::path::absolute(path).map_err(Error::io("find", path)),
    }
}

impl Launch {
    /// The plan of the emulator, for the machine in `folder`.
    pub(super) fn plan(&self, folder: &Path) -> Result<LaunchPlan, Error> {
        let disks = self.disks.iter().map(|disk| disk.plan(folder));
        Ok(LaunchPlan {
            accelerator: self.accelerator,
            memory_mib: self.memory_mib,
            cpus: self.cpus,
            kernel: self.boot_image.clone(),
            initramfs: self.initramfs.clone(),
            boot_ranges: self.boot_ranges.clone(),
            cmdline: self.words.clone(),
            disks: disks.collect::<Result<_, _>>()?,
            network: self.network.as_ref().map(|_| network_launch::device()),
            console_log: Some(folder.join("console.log")),
        })
    }
}

impl Launch {
    /// The plan of a machine whose disks are only saved in a folder, by which its kind is known. No
    /// machine can be started from it.
    pub(crate) fn plan_of_saved(&self, folder: &Path) -> LaunchPlan {
        let disks = self.disks.iter().map(|disk| Disk {
            path: folder.to_owned(),
            format: DiskFormat::Raw,
            serial: disk.serial.clone(),
            read_only: disk.read_only,
            lasting: disk.lasting,
        });
        LaunchPlan {
            accelerator: self.accelerator,
            memory_mib: self.memory_mib,
            cpus: self.cpus,
            kernel: self.boot_image.clone(),
            initramfs: self.initramfs.clone(),
            boot_ranges: self.boot_ranges.clone(),
            cmdline: self.words.clone(),
            disks: disks.collect(),
            network: self.network.as_ref().map(|_| network_launch::device()),
            console_log: None,
        }
    }
}

impl StoredDisk {
    fn plan(&self, folder: &Path) -> Result<Disk, Error> {
        let (path, format) = match &self.content {
            StoredContent::File(name) => (folder.join(name), DiskFormat::Raw),
            StoredContent::Range(path, range) => (path.clone(), DiskFormat::Range(*range)),
            StoredContent::Parts(parts) => {
                let parts = parts.iter().map(|part| DiskPart {
                    path: folder.join(&part.file),
                    offset: part.offset,
                    length: part.length,
                });
                let path = folder.join(format!("{}.vmdk", self.serial));
                lazaret_vm::join(&parts.collect::<Vec<_>>(), &path)?;
                (path, DiskFormat::Parts)
            }
        };
        Ok(Disk {
            path,
            format,
            serial: self.serial.clone(),
            read_only: self.read_only,
            lasting: self.lasting,
        })
    }
}
