//! The folder of a saved machine, as its holder writes it.
//!
//! ```text
//! memory/     memory and devices, as a template has them
//! disks/      the disks, with the names that they had in the machine's folder
//! ```

use std::path::{Path, PathBuf};

use lazaret_vm::Feature;

use super::record::{Spec, State};
use crate::Error;
use crate::checkpoint_error::CheckpointError;

/// The folder with memory and devices.
pub(crate) fn memory(folder: &Path) -> PathBuf {
    folder.join("memory")
}

/// The folder with the disks.
pub(crate) fn disks(folder: &Path) -> PathBuf {
    folder.join("disks")
}

/// Refuses machines that cannot be saved: a volume has one writer, and a copy would have the open files of
/// the host's folders and not the server that knows them.
///
/// # Errors
/// [`lazaret_vm::Error::Unsupported`], [`CheckpointError::WritesVolume`], [`CheckpointError::HasFolder`].
pub(crate) fn check(spec: &Spec) -> Result<(), Error> {
    spec.launch.substrate.require(Feature::Checkpoints)?;
    if let Some(folder) = spec.launch.folders.first() {
        return Err(CheckpointError::HasFolder {
            machine: spec.name.clone(),
            folder: folder.source.clone(),
        }
        .into());
    }
    match spec.volumes.iter().find(|volume| !volume.read_only) {
        None => Ok(()),
        Some(volume) => Err(CheckpointError::WritesVolume {
            machine: spec.name.clone(),
            volume: volume.name.clone(),
        }
        .into()),
    }
}

/// Refuses to start a machine that is to begin from memory which is no longer there.
///
/// # Errors
/// [`CheckpointError::Gone`].
pub(crate) fn check_there(spec: &Spec, state: &State) -> Result<(), Error> {
    match spec.memory(state) {
        Some(memory) if !memory.exists() => Err(CheckpointError::Gone {
            machine: spec.name.clone(),
        }
        .into()),
        _ => Ok(()),
    }
}
