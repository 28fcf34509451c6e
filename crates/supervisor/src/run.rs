//! `run`, in three parts. They follow each other and are connected only by a value:
//!
//! ```text
//! prepare   request -> Prepared     everything is settled, no machine exists   `prepare`
//! hold      Prepared -> Machine     its folder, its emulator, its life         `machines`
//! attach    Session -> Ending       terminal, signals                          the caller
//! ```
//! Only the caller prints, installs signal handlers and owns the terminal.

use crate::machines::Machine;
use crate::prepare::Prepared;
use crate::{Error, Home};

impl Home {
    /// Makes the machine of a run. It is not started yet; the returned value holds it.
    ///
    /// # Errors
    /// [`Error::Folder`], [`Error::Io`] and [`Error::Convert`] for its folder and its disks.
    /// Nothing is left behind then.
    pub async fn create(&self, prepared: Prepared) -> Result<Machine, Error> {
        self.machines.create(prepared.design, prepared.qemu).await
    }
}
