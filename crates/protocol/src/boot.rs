//! The configuration with which the host boots a machine.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

use crate::process::Process;

/// The folders of every machine that have a file system of the kernel; they are made in the image where
/// they are missing.
pub const SYSTEM_FOLDERS: [&str; 6] = [
    "/proc",
    "/sys",
    "/sys/fs/cgroup",
    "/dev",
    "/dev/pts",
    "/dev/shm",
];

/// The files that are written at each start of a machine, whatever its image has; the id only in a
/// copy of a machine, the resolvers only in one with a network.
pub const MACHINE_FILES: [&str; 4] = [
    "/etc/hostname",
    "/etc/hosts",
    "/etc/machine-id",
    "/etc/resolv.conf",
];

/// The folder in memory with the certificates of a machine that trusts the authority of its run.
pub const TRUST_FOLDER: &str = "/run/lazaret";
/// The file there with that authority alone (PEM).
pub const AUTHORITY_FILE: &str = "/run/lazaret/authority.pem";
/// The file there with that authority and all that the image trusts (PEM).
pub const BUNDLE_FILE: &str = "/run/lazaret/bundle.pem";

/// Everything that PID 1 needs to start the workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootConfig {
    /// Host name of the machine.
    pub hostname: String,
    /// Time for the guest's clock, in nanoseconds since 1970.
    pub clock_nanos: u64,
    /// Random bytes (hex) to credit to the guest's entropy pool.
    pub entropy: String,
    /// The root file system.
    pub root: Root,
    /// Artifacts to mount into the root, in order.
    pub mounts: Vec<ArtifactMount>,
    /// Volumes to mount into the root.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disks: Vec<VolumeMount>,
    /// File systems in memory to mount into the root.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub memory: Vec<MemoryMount>,
    /// Folders and files of the host to mount into the root; the host serves them in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folders: Vec<FolderMount>,
    /// Paths that are to be folders, and writable in a read-only root, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// The network; without it the machine has loopback alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<Network>,
    /// The workload.
    pub process: Process,
}

/// The network of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// The machine's address.
    pub address: Ipv4Addr,
    /// Bits of its network.
    pub prefix: u8,
    /// The gateway, which also answers names.
    pub gateway: Ipv4Addr,
    /// What the machine trusts beside what its image does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Trust>,
}

/// Authorities of certificates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// The authority of this run (PEM).
    pub authority: String,
    /// The authorities that the host trusts (PEM), for an image that has none of its own.
    pub roots: String,
    /// Files of the guest that programs are told to trust (PEM): they get the authority, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bundles: Vec<String>,
}

/// The root file system: a read-only base disk and usually a writable overlay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// Serial of the base disk (`/sys/block/*/serial`). Attached read-only unless the mode is
    /// [`RootMode::Writable`].
    pub serial: String,
    /// File system of the base disk: `ext4` or `erofs`.
    pub filesystem: String,
    /// The dm-verity hash tree on the disk, if its blocks are to be checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verity: Option<Verity>,
    /// The place of the workload's writes.
    pub mode: RootMode,
}

/// The parameters to check a disk (`Documentation/admin-guide/device-mapper/verity.rst`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verity {
    /// Root of the hash tree: 64 hexadecimal digits.
    pub root_hash: String,
    /// Offset of the superblock of the hash tree, in bytes.
    pub hash_offset: u64,
}

/// The place to which the workload's writes to its root go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum RootMode {
    /// The base disk itself, which is attached writable: the machine's own ext4.
    Writable,
    /// An overlay on the ext4 disk with this serial.
    Overlay {
        /// Serial of the scratch disk.
        serial: String,
    },
    /// None: the root is read-only; only `/tmp`, `/run` and `/dev/shm` are writable, in memory.
    ReadOnly,
}

/// An artifact, which is read from a folder of a read-only disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArtifactMount {
    /// Serial of the disk with the artifact.
    pub serial: String,
    /// Path of the file or folder on that disk, relative to its root.
    pub source: String,
    /// Absolute path in the workload's root; missing parents are made.
    pub target: String,
    /// Whether writes are refused (`EROFS`, also to root). When false, writes go to a private
    /// overlay on the scratch disk and the artifact itself stays unchanged.
    pub read_only: bool,
}

/// A volume: an ext4 disk that outlives the machine. Its content is in one folder of the disk, which
/// the guest makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeMount {
    /// Serial of the disk. It is attached read-only if all mounts of it are.
    pub serial: String,
    /// Absolute path in the workload's root; missing parents are made.
    pub target: String,
    /// Whether writes are refused.
    pub read_only: bool,
    /// Whether an empty volume gets what the image has at the target.
    pub copy: bool,
}

/// A folder or a file of the host, which the host serves over a port of its own ([`crate::FOLDERS_PORT`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FolderMount {
    /// Absolute path in the workload's root; missing parents are made.
    pub target: String,
    /// Whether writes are refused. The host refuses them, too.
    pub read_only: bool,
    /// Whether it is a file.
    pub is_file: bool,
}

/// A file system in memory, which ends with the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemoryMount {
    /// Absolute path in the workload's root; missing parents are made.
    pub target: String,
    /// Most bytes that it takes; half of the machine's memory when there is no number.
    pub size: Option<u64>,
    /// Mode of its root folder.
    pub mode: u32,
    /// Owner of its root folder.
    pub uid: u32,
    /// Group of its root folder.
    pub gid: u32,
    /// Whether writes are refused.
    pub read_only: bool,
    /// Whether programs on it can be executed.
    pub exec: bool,
    /// Whether set-uid and set-gid bits have an effect.
    pub suid: bool,
    /// Whether device nodes have an effect.
    pub dev: bool,
}
