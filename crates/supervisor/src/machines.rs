//! The machines of a user. Each has a locked folder, which one process holds from the machine's
//! start to its end.
//!
//! A [`Machine`] is made from a [`Design`] and goes through the states of [`Life`]. This module
//! starts and ends emulators. It never asks what a workload is for, where disks come from
//! (`prepare`), or who reads the workload's output (the caller, through the session that
//! [`Machine::start`] gives).
//!
//! ```text
//! <runtime>/machines/<id>/    flock held while the holding process lives
//!     machine.json            the emulator's process id and start time
//!     policy.json             the run's policy, unwrapped
//!     scratch.ext4            where writes go, or
//!     root.ext4               the machine's own root disk
//!     root.vmdk               the parts of the image's disk
//!     console.log             what the guest's kernel says
//! ```
//! The folder is removed with the machine. If the holder died, the next command ends the recorded
//! process, if it is still the same one, and removes the folder.

mod design;
mod emulator;
mod life;
mod machine;
mod moment;
mod qemu;
mod record;
mod session;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use lazaret_files::LockedDirs;

use crate::Error;

pub(crate) use design::{Design, DiskContent, DiskDesign};
pub(crate) use emulator::Hypervisor;
pub use life::{Ending, Life};
pub use machine::Machine;
pub(crate) use moment::stamp;
pub use session::{Control, Event, Events, Input, Session};

/// The folder with all machines of a user.
#[derive(Debug, Clone)]
pub(crate) struct Machines {
    folders: LockedDirs,
}

impl Machines {
    /// Opens `folder`, which is made if it is missing. Ends machines whose holder died, and removes
    /// their folders.
    pub(crate) fn open(folder: PathBuf) -> Result<Self, Error> {
        let folders = LockedDirs::new(folder);
        folders.sweep_with(record::end_abandoned)?;
        Ok(Self { folders })
    }

    /// Makes a machine: its folder, with all files that it starts from.
    ///
    /// # Errors
    /// [`Error::Io`] and [`Error::Convert`] for its disks. Nothing is left behind then.
    pub(crate) async fn create<H: Hypervisor>(
        &self,
        design: Design,
        hypervisor: H,
    ) -> Result<Machine<H>, Error> {
        Machine::create(self.folders.create()?, design, hypervisor).await
    }
}
