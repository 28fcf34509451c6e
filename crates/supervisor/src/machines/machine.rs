//! One machine, as its holder has it.

use std::path::Path;
use std::time::Duration;

use lazaret_files::LockedDir;
use lazaret_images::Lease;
use lazaret_protocol::BootConfig;
use lazaret_vm::{LaunchPlan, Qemu};

use super::design::{Design, Laid};
use super::emulator::{Emulator, Hypervisor};
use super::life::{Ending, Life, Step};
use super::{moment, record};
use crate::{Error, blocking};

/// Longest time for a guest to answer. Emulation on a loaded host is slow.
const HELLO_TIMEOUT: Duration = Duration::from_secs(90);

/// A machine with its locked folder. The owner of this value holds the machine: dropping it in any
/// state ends the emulator and removes the folder.
#[derive(Debug)]
pub struct Machine<H: Hypervisor = Qemu> {
    life: Life,
    hypervisor: H,
    plan: LaunchPlan,
    boot: BootConfig,
    // Fields are dropped in this order: the emulator ends before the files of its disks are
    // removed.
    emulator: Option<H::Emulator>,
    lease: Option<Lease>,
    folder: LockedDir,
}

impl<H: Hypervisor> Machine<H> {
    /// Makes a machine in an empty folder.
    pub(super) async fn create(
        folder: LockedDir,
        design: Design,
        hypervisor: H,
    ) -> Result<Self, Error> {
        let (folder, laid) = blocking(move || {
            let laid = design.lay_out(folder.path())?;
            Ok((folder, laid))
        })
        .await?;
        let Laid { plan, boot, lease } = laid;
        Ok(Self {
            life: Life::Created,
            hypervisor,
            plan,
            boot,
            emulator: None,
            lease: Some(lease),
            folder,
        })
    }

    /// The current state.
    #[must_use]
    pub fn life(&self) -> &Life {
        &self.life
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the machine; returns the workload's session when the guest is up. If the future is
    /// dropped before that, the machine stays in the state `Starting`, and [`Machine::end`] has to
    /// follow.
    ///
    /// # Errors
    /// [`Error::MachineState`] when it was started before; those of the emulator and of the guest's
    /// greeting. After an error of the latter two the machine is lost.
    pub async fn start(&mut self) -> Result<<H::Emulator as Emulator>::Session, Error> {
        self.step(Step::Start)?;
        match self.boot().await {
            Ok(session) => {
                self.step(Step::Up)?;
                // The emulator has opened its disks, so the store may remove their names from now
                // on.
                self.lease = None;
                Ok(session)
            }
            Err(error) => {
                self.take_down().await;
                self.step(Step::Gone)?;
                Err(error)
            }
        }
    }

    async fn boot(&mut self) -> Result<<H::Emulator as Emulator>::Session, Error> {
        let emulator = self.hypervisor.start(&self.plan).await?;
        let emulator = self.emulator.insert(emulator);
        record::write(self.folder.path(), emulator.pid())?;
        let boot = moment::stamp(self.boot.clone());
        emulator.boot(&boot, HELLO_TIMEOUT).await
    }

    /// Ends the machine, in whatever state it is, and removes its folder; returns the last state.
    /// Without an ending, because the session broke, the machine is lost.
    ///
    /// # Errors
    /// [`Error::MachineState`] when it has ended already; [`Error::Folder`]. The emulator is gone
    /// in any case, and the next command removes the rest of the folder.
    pub async fn end(mut self, ending: Option<Ending>) -> Result<Life, Error> {
        if let Some(ending) = ending {
            self.step(Step::End(ending))?;
        }
        // No shutdown is needed: its disks are shared and read-only, or are thrown away.
        self.take_down().await;
        self.step(Step::Gone)?;
        self.folder.remove()?;
        Ok(self.life)
    }

    async fn take_down(&mut self) {
        if let Some(emulator) = &mut self.emulator {
            emulator.kill();
            emulator.wait().await;
        }
        self.emulator = None;
    }

    fn step(&mut self, step: Step) -> Result<(), Error> {
        self.life = self.life.after(step)?;
        tracing::debug!(folder = %self.folder.path().display(), state = %self.life, "machine");
        Ok(())
    }
}
