//! `run`, in three parts that follow each other and know each other only by a value:
//!
//! ```text
//! prepare   request -> Prepared     everything is settled, no machine exists   `prepare`
//! hold      Prepared -> Machine     its folder, its emulator, its life         `machines`
//! attach    Session -> Ending       terminal, signals                          the caller
//! ```
//! The caller prints, installs signal handlers and owns the terminal; nothing in this crate does.

use crate::machines::Machine;
use crate::prepare::Prepared;
use crate::{Error, Home};

impl Home {
    /// Makes the machine of a run. It is not started yet, and held by the value that is returned.
    ///
    /// # Errors
    /// [`Error::Folder`], [`Error::Io`] and [`Error::Convert`] for its folder and its disks.
    /// Nothing is left behind then.
    pub async fn create(&self, prepared: Prepared) -> Result<Machine, Error> {
        self.machines.create(prepared.design, prepared.qemu).await
    }
}
