//! The machine that the host asks for.

use serde::{Deserialize, Serialize};

use crate::process::Process;

/// Everything PID 1 needs to bring the workload up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BootConfig {
    /// Host name of the machine.
    pub hostname: String,
    /// Seconds since the epoch, to set the guest's clock.
    pub clock_seconds: u64,
    /// Random bytes (hex) to credit to the guest's entropy pool.
    pub entropy: String,
    /// The root file system.
    pub root: Root,
    /// Artifacts to mount into the root, in order.
    pub mounts: Vec<ArtifactMount>,
    /// Paths that are to be folders, and writable in a read-only root, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// The workload.
    pub process: Process,
}

/// The root file system: a read-only base disk and, mostly, a writable overlay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// Serial of the base disk (`/sys/block/*/serial`). Attached read-only unless the mode is
    /// [`RootMode::Writable`].
    pub serial: String,
    /// File system of the base disk: `ext4` or `erofs`.
    pub filesystem: String,
    /// The dm-verity tree behind it, when its blocks are to be checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verity: Option<Verity>,
    /// Where writes go.
    pub mode: RootMode,
}

/// What a disk is checked against (`Documentation/admin-guide/device-mapper/verity.rst`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verity {
    /// Hash of everything: 64 hexadecimal digits.
    pub root_hash: String,
    /// Where the superblock of the tree is, in bytes.
    pub hash_offset: u64,
}

/// Where the workload's writes to its root go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum RootMode {
    /// To the base disk itself, which is attached writable: an ext4 of the machine's own.
    Writable,
    /// Into an overlay on the ext4 disk with this serial.
    Overlay {
        /// Serial of the scratch disk.
        serial: String,
    },
    /// Nowhere: the root is read-only; only `/tmp`, `/run` and `/dev/shm` are writable memory.
    ReadOnly,
}

/// One artifact, read from a folder of a read-only disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArtifactMount {
    /// Serial of the disk that carries it.
    pub serial: String,
    /// Path of the file or folder on that disk, relative to its root.
    pub source: String,
    /// Absolute path in the workload's root; missing parents are made.
    pub target: String,
    /// Refuse writes (`EROFS`, root included). When false, writes go to a private overlay
    /// on the scratch disk and the artifact itself stays as it is.
    pub read_only: bool,
}
