//! The files that describe a machine in its folder.
//!
//! | file | what | written by |
//! |---|---|---|
//! | `machine.json` | [`Spec`]: what it is, and what it starts from | who makes, starts or renames it |
//! | `state.json` | [`State`]: how it is | its holder, and who finds it without one |
//!
//! Each is replaced as a whole, so that a reader finds the old or the new one. Only the process that
//! has the folder's lock writes the state.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use lazaret_files::Durability;
use lazaret_protocol::{BootConfig, Process};
use lazaret_vm::{Accelerator, BootRanges, DiskRange, FileIdentity, Jail, JailMode, Substrate};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::begin::{Begun, Boot, Origin};
use super::life::Life;
use super::network_launch::{NetworkLaunch, PublishedPort};
use super::process::ProcessId;
use crate::Error;

/// Version of both files.
const VERSION: u32 = 1;
const SPEC: &str = "machine.json";
const STATE: &str = "state.json";

/// Everything about a machine that outlives its runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Spec {
    version: u32,
    /// 64 hexadecimal digits.
    pub id: String,
    /// A name that no other machine of this user has.
    pub name: String,
    /// When it was made, in nanoseconds since 1970.
    pub created: u64,
    /// The image, as it was named.
    pub image: String,
    /// Digest of the image's manifest.
    pub image_digest: String,
    /// The user's labels.
    pub labels: BTreeMap<String, String>,
    /// How it is held.
    pub options: Options,
    /// The volumes that it uses.
    #[serde(default)]
    pub volumes: Vec<VolumeUse>,
    /// The machine of which it began as a copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Origin>,
    /// What the emulator is started with.
    pub(crate) launch: Launch,
    /// What the guest is told. Clock and entropy are set at each start.
    pub(crate) boot: BootConfig,
}

/// The files of a disk.
pub(crate) struct DiskFiles<'a> {
    /// Its serial.
    pub(crate) serial: &'a str,
    /// Whether it outlives the machine.
    pub(crate) lasting: bool,
    /// Their paths, in the machine's folder unless they are absolute.
    pub(crate) files: Vec<&'a Path>,
}

/// By what a machine is known.
pub(super) struct Named {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) created: u64,
    pub(super) labels: BTreeMap<String, String>,
}

/// A volume at a path of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeUse {
    /// Name of the volume.
    pub name: String,
    /// Its path in the machine.
    pub target: String,
    /// Whether the machine cannot write to it.
    pub read_only: bool,
    /// Whether it was made for this machine and nobody named it.
    pub anonymous: bool,
}

/// A folder or a file of the host that a machine has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderUse {
    /// Its absolute path on the host.
    pub source: PathBuf,
    /// Its path in the machine.
    pub target: String,
    /// Whether the machine cannot change it.
    pub read_only: bool,
    /// Whether it is a file.
    pub is_file: bool,
}

/// How a machine is held.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Options {
    /// Whether the workload's standard input stays open. Otherwise it is empty.
    pub interactive: bool,
    /// Whether the machine is removed when it ends.
    pub remove: bool,
    /// When to start it again by itself.
    pub restart: Restart,
    /// Number of the signal that asks the workload to end; the image's own if there is none.
    pub stop_signal: Option<u8>,
    /// Seconds after which a workload that was asked to end is killed.
    pub stop_seconds: u64,
    /// Seconds after which the machine is ended.
    pub timeout_seconds: Option<u64>,
    /// How it begins.
    pub boot: Boot,
}

/// When a machine that has ended is started again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// Never.
    #[default]
    No,
    /// When its exit status is not 0; at most so many times in a row.
    OnFailure(Option<u32>),
    /// Always, unless the user has stopped it.
    Always,
}

/// What a machine runs on.
#[derive(Debug, Clone)]
pub struct Resources {
    /// Number of processors.
    pub cpus: u32,
    /// Size of the memory in MiB.
    pub memory_mib: u64,
    /// What executes the guest.
    pub accelerator: Accelerator,
    /// Name of the kernel.
    pub kernel: String,
    /// The hypervisor.
    pub substrate: Substrate,
    /// Its version at the last start.
    pub hypervisor: String,
    /// Serials of the disks.
    pub disks: Vec<String>,
}

/// What the emulator is started with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Launch {
    pub(crate) accelerator: Accelerator,
    pub(crate) memory_mib: u64,
    pub(crate) cpus: u32,
    /// The name of the kernel.
    pub(crate) kernel: String,
    /// The boot image of the kernel.
    pub(crate) boot_image: PathBuf,
    pub(crate) initramfs: PathBuf,
    /// Further words of the kernel's command line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) words: Vec<String>,
    /// Where both are in their files, if these are more than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) boot_ranges: Option<BootRanges>,
    /// The pack that it is of, if it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pack: Option<PackUse>,
    /// The hypervisor.
    #[serde(default)]
    pub(crate) substrate: Substrate,
    /// Its program.
    pub(crate) qemu: PathBuf,
    /// Its version.
    pub(crate) qemu_version: String,
    /// How it is jailed.
    #[serde(default)]
    pub(crate) jail: JailMode,
    /// The folder of the user's templates.
    pub(crate) templates: PathBuf,
    /// The folder of the user's volumes.
    #[serde(default)]
    pub(crate) volumes: PathBuf,
    /// The folders and files of the host that it has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) folders: Vec<FolderUse>,
    pub(crate) disks: Vec<StoredDisk>,
    /// Its network, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) network: Option<NetworkLaunch>,
}

/// The pack that a machine is of. Kernel, initramfs and disks stay in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PackUse {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Digest of its manifest: 64 hexadecimal digits.
    pub(crate) digest: String,
}

impl Launch {
    /// Notes that the pack was looked at again, and that its file is this one now.
    pub(crate) fn look_again(&mut self, file: FileIdentity) {
        let pack = self.pack.as_ref().map(|pack| &pack.path);
        for disk in &mut self.disks {
            match &mut disk.content {
                StoredContent::Range(path, range) if Some(&*path) == pack => range.file = file,
                _ => {}
            }
        }
    }

    /// Whether one of its disks is this file of the host.
    pub(crate) fn uses_file(&self, path: &Path) -> bool {
        let is_it =
            |disk: &StoredDisk| matches!(&disk.content, StoredContent::File(own) if own == path);
        self.disks.iter().any(is_it)
    }
}

/// A disk in the machine's folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredDisk {
    pub(crate) serial: String,
    pub(crate) read_only: bool,
    /// Whether it outlives the machine.
    #[serde(default)]
    pub(crate) lasting: bool,
    pub(crate) content: StoredContent,
}

/// The files of a disk, by their names in the machine's folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StoredContent {
    File(PathBuf),
    /// A range of a file elsewhere.
    Range(PathBuf, DiskRange),
    Parts(Vec<StoredPart>),
}

/// A part of a disk: a range of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredPart {
    pub(crate) file: PathBuf,
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

/// How a machine is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct State {
    version: u32,
    /// Its state.
    pub life: Life,
    /// When the workload was started last, in nanoseconds since 1970.
    pub started: Option<u64>,
    /// When the machine ended last, in nanoseconds since 1970.
    pub finished: Option<u64>,
    /// How often it was started again by itself since the user started it.
    pub restarts: u32,
    /// Why it was lost.
    pub error: Option<String>,
    /// How it began the last time.
    pub begun: Option<Begun>,
    /// The emulator's process.
    pub emulator: Option<ProcessId>,
    /// The ports of the host that lead into it, while it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<PublishedPort>,
    /// What the emulator was confined by the last time.
    #[serde(default)]
    pub jail: Option<Jail>,
}

impl Spec {
    pub(super) fn new(
        named: Named,
        options: Options,
        image: (String, String),
        launch: Launch,
        boot: BootConfig,
    ) -> Self {
        Self {
            version: VERSION,
            id: named.id,
            name: named.name,
            created: named.created,
            image: image.0,
            image_digest: image.1,
            labels: named.labels,
            options,
            volumes: Vec::new(),
            from: None,
            launch,
            boot,
        }
    }

    /// The first twelve digits of the id, by which people know a machine.
    #[must_use]
    pub fn short_id(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }

    /// Program and arguments of the workload.
    #[must_use]
    pub fn command(&self) -> &[String] {
        &self.boot.process.argv
    }

    /// Number of the signal that asks the workload to end.
    #[must_use]
    pub fn stop_signal(&self) -> u8 {
        const SIGTERM: u8 = 15;
        self.options.stop_signal.unwrap_or(SIGTERM)
    }

    /// The environment, user and folder of the workload, for a command beside it.
    #[must_use]
    pub fn process(&self) -> Process {
        self.boot.process.clone()
    }

    /// The host name of the machine.
    #[must_use]
    pub fn hostname(&self) -> &str {
        &self.boot.hostname
    }

    /// What it runs on.
    #[must_use]
    pub fn resources(&self) -> Resources {
        let launch = &self.launch;
        Resources {
            cpus: launch.cpus,
            memory_mib: launch.memory_mib,
            accelerator: launch.accelerator,
            kernel: launch.kernel.clone(),
            substrate: launch.substrate,
            hypervisor: launch.qemu_version.clone(),
            disks: launch
                .disks
                .iter()
                .map(|disk| disk.serial.clone())
                .collect(),
        }
    }

    /// The files of its disks.
    pub(crate) fn disk_files(&self) -> impl Iterator<Item = DiskFiles<'_>> {
        self.launch.disks.iter().map(|disk| DiskFiles {
            serial: &disk.serial,
            lasting: disk.lasting,
            files: match &disk.content {
                StoredContent::File(name) | StoredContent::Range(name, _) => vec![name],
                StoredContent::Parts(parts) => parts.iter().map(|part| &*part.file).collect(),
            },
        })
    }

    /// The machine without what is this host's alone: paths, and where it came from itself.
    pub(crate) fn without_host(mut self) -> Self {
        let launch = &mut self.launch;
        for path in [
            &mut launch.boot_image,
            &mut launch.initramfs,
            &mut launch.qemu,
            &mut launch.templates,
            &mut launch.volumes,
        ] {
            *path = PathBuf::new();
        }
        self.from = None;
        self
    }

    /// Whether it uses a volume that it can write to.
    #[must_use]
    pub fn writes_volumes(&self) -> bool {
        self.volumes.iter().any(|volume| !volume.read_only)
    }

    /// The folder with the memory and devices with which it begins, if it begins as a copy: at its
    /// first start. Later it boots as any other machine.
    pub(super) fn memory(&self, state: &State) -> Option<&Path> {
        let first = self.from.as_ref().filter(|_| state.started.is_none());
        first.map(|from| from.memory.as_path())
    }

    /// Whether it has a network.
    #[must_use]
    pub fn has_network(&self) -> bool {
        self.launch.network.is_some()
    }

    /// The network, as `inspect` shows it: nothing without one.
    #[must_use]
    pub(crate) fn network(&self) -> Option<&NetworkLaunch> {
        self.launch.network.as_ref()
    }

    /// Whether the workload has a terminal.
    #[must_use]
    pub fn has_terminal(&self) -> bool {
        self.boot.process.terminal.is_some()
    }

    pub(super) fn read(folder: &Path) -> Result<Self, Error> {
        let spec: Self = read(&folder.join(SPEC))?;
        check(spec.version, &folder.join(SPEC))?;
        Ok(spec)
    }

    pub(super) fn write(&self, folder: &Path) -> Result<(), Error> {
        write(&folder.join(SPEC), self, Durability::Synced)
    }
}

impl State {
    pub(super) fn new(life: Life) -> Self {
        Self {
            version: VERSION,
            life,
            started: None,
            finished: None,
            restarts: 0,
            error: None,
            begun: None,
            emulator: None,
            ports: Vec::new(),
            jail: None,
        }
    }

    pub(super) fn read(folder: &Path) -> Result<Self, Error> {
        let state: Self = read(&folder.join(STATE))?;
        check(state.version, &folder.join(STATE))?;
        Ok(state)
    }

    /// Not synced: after a loss of power no machine runs, whatever the file says.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Error> {
        write(&folder.join(STATE), self, Durability::Ephemeral)
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = fs::read(path).map_err(Error::io("read", path))?;
    serde_json::from_slice(&text).map_err(|error| Error::MachineRecord {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

fn check(version: u32, path: &Path) -> Result<(), Error> {
    if version == VERSION {
        return Ok(());
    }
    Err(Error::MachineRecord {
        path: path.to_owned(),
        reason: format!("it has version {version}, this program reads {VERSION}"),
    })
}

fn write<T: Serialize>(path: &Path, value: &T, durability: Durability) -> Result<(), Error> {
    let text = serde_json::to_vec(value).map_err(std::io::Error::from);
    let text = text.map_err(Error::io("write", path))?;
    // One process writes at a time, so one name for the unfinished file is enough.
    let new = path.with_extension("new");
    let write = || {
        match fs::remove_file(&new) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::File::create_new(&new).and_then(|mut file| {
            use std::io::Write as _;
            file.write_all(&text)?;
            match durability {
                Durability::Synced => file.sync_data(),
                Durability::Ephemeral => Ok(()),
            }
        })?;
        fs::rename(&new, path)
    };
    write().map_err(Error::io("write", path))
}

#[cfg(test)]
mod tests;
