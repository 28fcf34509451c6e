//! What a machine has at the paths of its root, besides its image.

use serde::Serialize;

use super::record::Spec;

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "type")]
pub enum Mount {
    /// A volume.
    Volume {
        /// Its name.
        name: String,
        /// Its path in the machine.
        target: String,
        /// Whether the machine cannot write to it.
        read_only: bool,
        /// Whether nobody named it.
        anonymous: bool,
    },
    /// A file system in memory.
    Tmpfs {
        /// Its path in the machine.
        target: String,
        /// Most bytes that it takes, if that was said.
        size: Option<u64>,
        /// Whether the machine cannot write to it.
        read_only: bool,
    },
    /// A folder or a file of the host.
    Bind {
        /// Its path on the host.
        source: String,
        /// Its path in the machine.
        target: String,
        /// Whether the machine cannot change it.
        read_only: bool,
    },
    /// An artifact.
    Artifact {
        /// Its path in the machine.
        target: String,
        /// Whether the machine cannot write to it.
        read_only: bool,
    },
}

impl Spec {
    /// The mounts of the machine: volumes, folders of the host, memory, artifacts.
    #[must_use]
    pub fn mounts(&self) -> Vec<Mount> {
        let volumes = self.volumes.iter().map(|volume| Mount::Volume {
            name: volume.name.clone(),
            target: volume.target.clone(),
            read_only: volume.read_only,
            anonymous: volume.anonymous,
        });
        let folders = self.launch.folders.iter().map(|folder| Mount::Bind {
            source: folder.source.display().to_string(),
            target: folder.target.clone(),
            read_only: folder.read_only,
        });
        let memory = self.boot.memory.iter().map(|memory| Mount::Tmpfs {
            target: memory.target.clone(),
            size: memory.size,
            read_only: memory.read_only,
        });
        let artifacts = self.boot.mounts.iter().map(|artifact| Mount::Artifact {
            target: artifact.target.clone(),
            read_only: artifact.read_only,
        });
        volumes
            .chain(folders)
            .chain(memory)
            .chain(artifacts)
            .collect()
    }
}
