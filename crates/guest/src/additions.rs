//! Mounts what the host adds to the image's root: a folder before what lies in it.

use std::path::Path;

use lazaret_protocol::{BootConfig, FolderMount, MemoryMount, VolumeMount};

use crate::error::Result;
use crate::folders::Folders;
use crate::inroot::InRoot;
use crate::mounts::Source;
use crate::{memory, volumes};

/// One addition.
enum Addition<'a> {
    /// An artifact, with its position among all of them.
    Artifact(usize, &'a Source<'a>),
    Volume(&'a VolumeMount),
    Memory(&'a MemoryMount),
    /// A folder of the host, with its position among all of them.
    Folder(usize, &'a FolderMount),
}

impl Addition<'_> {
    fn target(&self) -> &Path {
        match self {
            Self::Artifact(_, source) => source.target(),
            Self::Volume(mount) => Path::new(&mount.target),
            Self::Memory(mount) => Path::new(&mount.target),
            Self::Folder(_, mount) => Path::new(&mount.target),
        }
    }
}

/// The folders that volumes, file systems in memory and folders of the host are mounted on.
pub(crate) fn folders(config: &BootConfig) -> impl Iterator<Item = &str> {
    let disks = config.disks.iter().map(|mount| mount.target.as_str());
    let memory = config.memory.iter().map(|mount| mount.target.as_str());
    let folders = config.folders.iter().filter(|mount| !mount.is_file);
    let folders = folders.map(|mount| mount.target.as_str());
    disks.chain(memory).chain(folders)
}

/// The files that files of the host are mounted on.
pub(crate) fn files(config: &BootConfig) -> impl Iterator<Item = &str> {
    let files = config.folders.iter().filter(|mount| mount.is_file);
    files.map(|mount| mount.target.as_str())
}

/// Mounts everything.
pub(crate) fn mount_all(root: &InRoot, sources: &[Source<'_>], config: &BootConfig) -> Result<()> {
    let folders = Folders::connect(root, config)?;
    let artifacts = sources.iter().enumerate();
    let mut additions: Vec<Addition<'_>> = artifacts
        .map(|(index, source)| Addition::Artifact(index, source))
        .chain(config.disks.iter().map(Addition::Volume))
        .chain(config.memory.iter().map(Addition::Memory))
        .chain(
            config
                .folders
                .iter()
                .enumerate()
                .map(|(number, mount)| Addition::Folder(number, mount)),
        )
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
            Addition::Folder(number, mount) => {
                if let Some(folders) = &folders {
                    folders.mount(root, number, mount)?;
                }
            }
        }
    }
    Ok(())
}
