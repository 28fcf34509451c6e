//! The port to the program that executes a machine. Its adapter is `driver::Driver`.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use lazaret_protocol::Request;
use lazaret_vm::{Jail, LaunchPlan};

use super::begin::Begun;
use crate::Error;

/// Starts emulators.
pub(super) trait Hypervisor: Send + Sync {
    /// The type of a started emulator.
    type Emulator: Emulator;

    /// Starts the emulator of one machine, whose network device sends its frames over `frames`. If the future is dropped early, it leaves no process.
    ///
    /// # Errors
    /// When the program cannot be started.
    fn start(
        &self,
        plan: &LaunchPlan,
        frames: Option<OwnedFd>,
    ) -> impl Future<Output = Result<Self::Emulator, Error>> + Send;

    /// Starts the emulator of a machine that begins as a copy of another one, whose memory and devices
    /// are in a folder.
    ///
    /// # Errors
    /// When the program cannot be started, or the memory is not that of a machine of this plan.
    fn resume(
        &self,
        plan: &LaunchPlan,
        memory: &Path,
        frames: Option<OwnedFd>,
    ) -> impl Future<Output = Result<Self::Emulator, Error>> + Send;

    /// Makes what lets the next machine of this plan begin faster than one that has begun in this
    /// way. It does not wait for it.
    fn prepare_next(&self, plan: &LaunchPlan, begun: &Begun);
}

/// A running emulator. It ends when this value is dropped, or when this process dies.
pub(super) trait Emulator: Send {
    /// The guest after its greeting: the session with the workload, and a way to open others.
    type Guest: Send;

    /// Its process id.
    fn pid(&self) -> u32;

    /// What it is confined by.
    fn jail(&self) -> Jail;

    /// How it has begun.
    fn begun(&self) -> Begun;

    /// Waits at most `limit` for the guest to answer, and asks it to run the workload.
    ///
    /// # Errors
    /// When the guest does not answer, or not as this program expects.
    fn boot(
        &mut self,
        request: &Request,
        limit: Duration,
    ) -> impl Future<Output = Result<Self::Guest, Error>> + Send;

    /// Stops its processors.
    ///
    /// # Errors
    /// When the emulator does not obey.
    fn pause(&self) -> impl Future<Output = Result<(), Error>> + Send;

    /// Lets its processors go on.
    ///
    /// # Errors
    /// When the emulator does not obey.
    fn resume(&self) -> impl Future<Output = Result<(), Error>> + Send;

    /// Waits at most `limit` for the guest to write its disks and to end the emulator itself, which it
    /// does when the host has hung up.
    fn settle(&mut self, limit: Duration) -> impl Future<Output = ()> + Send;

    /// Kills it at once; [`Emulator::wait`] returns when it is gone.
    fn kill(&self);

    /// Waits until the process has ended.
    fn wait(&mut self) -> impl Future<Output = ()> + Send;
}
