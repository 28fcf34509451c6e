//! The port to the program that executes a machine. `qemu` is its adapter.

use std::time::Duration;

use lazaret_protocol::BootConfig;
use lazaret_vm::LaunchPlan;

use crate::Error;

/// Starts emulators.
pub trait Hypervisor: Send + Sync {
    /// A started emulator.
    type Emulator: Emulator;

    /// Starts the emulator of one machine. Dropped before it is done, it leaves no process.
    ///
    /// # Errors
    /// When the program cannot be started.
    fn start(
        &self,
        plan: &LaunchPlan,
    ) -> impl Future<Output = Result<Self::Emulator, Error>> + Send;
}

/// An emulator. It ends when this value is dropped, or when this process dies.
pub trait Emulator: Send {
    /// The workload's streams, signals and ending.
    type Session: Send;

    /// Its process id.
    fn pid(&self) -> u32;

    /// Waits at most `limit` for the guest, and tells it what to run.
    ///
    /// # Errors
    /// When the guest does not answer, or not as this program expects.
    fn boot(
        &mut self,
        boot: &BootConfig,
        limit: Duration,
    ) -> impl Future<Output = Result<Self::Session, Error>> + Send;

    /// Ends it at once; [`Emulator::wait`] tells when it is gone.
    fn kill(&self);

    /// Waits for the end of the process.
    fn wait(&mut self) -> impl Future<Output = ()> + Send;
}
