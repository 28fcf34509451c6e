//! Mounts what the host adds to the image's root: a folder before what lies in it.

use std::path::Path;

use lazaret_protocol::{BootConfig, MemoryMount, VolumeMount};

use crate::error::Result;
use crate::inroot::InRoot;
use crate::mounts::Source;
use crate::{memory, volumes};

/// One addition.
enum Addition<'a> {
    /// An artifact, with its position among all of them.
    Artifact(usize, &'a Source<'a>),
    Volume(&'a VolumeMount),
    Memory(&'a MemoryMount),
}

impl Addition<'_> {
    fn target(&self) -> &Path {
        match self {
            Self::Artifact(_, source) => source.target(),
            Self::Volume(mount) => Path::new(&mount.target),
            Self::Memory(mount) => Path::new(&mount.target),
        }
    }
}

/// The folders that volumes and file systems in memory are mounted on.
pub(crate) fn folders(config: &BootConfig) -> impl Iterator<Item = &str> {
    let disks = config.disks.iter().map(|mount| mount.target.as_str());
    let memory = config.memory.iter().map(|mount| mount.target.as_str());
    disks.chain(memory)
}

/// Mounts everything.
pub(crate) fn mount_all(root: &InRoot, sources: &[Source<'_>], config: &BootConfig) -> Result<()> {
    let artifacts = sources.iter().enumerate();
    let mut additions: Vec<Addition<'_>> = artifacts
        .map(|(index, source)| Addition::Artifact(index, source))
        .chain(config.disks.iter().map(Addition::Volume))
        .chain(config.memory.iter().map(Addition::Memory))
        .collect();
    // Paths are compared by components, so a folder comes before what lies in it.
    additions.sort_by(|a, b| a.target().cmp(b.target()));
    for addition in additions {
        match addition {
            Addition::Artifact(index, source) => source.mount(root, index)?,
            Addition::Volume(mount) => {
                let writable = volumes::is_writable(&config.disks, &mount.serial);
                volumes::mount(root, mount, writable)?;
            }
            Addition::Memory(mount) => memory::mount(root, mount)?,
        }
    }
    Ok(())
}
