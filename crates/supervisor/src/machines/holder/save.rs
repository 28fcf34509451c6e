//! Saves a running machine: what a checkpoint is made of.
//!
//! ```text
//! guest at rest -> processors stopped -> memory and devices to another process, disks copied
//!       -> processors go on -> guest goes on, with the right time
//!       -> memory and devices written
//! ```
//! Whatever fails, the machine goes on.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lazaret_protocol::Hello;
use lazaret_values::Chain;
use lazaret_vm::{Captured, Qemu};

use super::desk::Desk;
use crate::machines::disks;
use crate::machines::driver::Driver;
use crate::machines::life::Life;
use crate::machines::machine::Machine;
use crate::machines::saved;
use crate::{Error, blocking};

/// Longest time for a guest to stop its processes.
const RESTS_WITHIN: Duration = Duration::from_secs(15);

/// A moment of a machine. Its disks are in the folder already.
pub(super) struct Saved {
    captured: Captured,
    hello: Hello,
    folder: PathBuf,
}

/// Captures a machine that runs, and copies its disks into an empty folder.
///
/// # Errors
/// [`Error::MachineState`] when it does not run, [`CheckpointError::WritesVolume`] for one with a volume that it writes
/// to; those of the guest, of the emulator and of the disks.
pub(super) async fn capture(
    machine: &Machine<Driver>,
    desk: &Arc<Desk>,
    folder: &Path,
) -> Result<Saved, Error> {
    let spec = machine.spec();
    saved::check(spec)?;
    let state = machine.life().name();
    let refused = || Error::MachineState {
        state,
        action: "saved",
    };
    if *machine.life() != Life::Running {
        return Err(refused());
    }
    let running = machine.emulator().and_then(|running| running.parts());
    let (Some(channel), Some((vm, hello))) = (desk.channel(), running) else {
        return Err(refused());
    };
    let plan = machine.plan()?;
    let qemu = Qemu::known(&spec.launch.qemu, &spec.launch.qemu_version);
    let (disks, from) = (spec.launch.disks.clone(), machine.folder().to_owned());
    let to = saved::disks(folder);
    let rest = channel.rest(RESTS_WITHIN).await?;
    let captured = async {
        vm.pause().await?;
        let copying = blocking(move || {
            std::fs::create_dir(&to).map_err(Error::io("create the folder", &to))?;
            disks::duplicate(&disks, &from, &to)
        });
        let (captured, copied) = tokio::join!(vm.capture(&qemu, &plan), copying);
        copied?;
        Ok::<_, Error>(captured?)
    };
    let captured = captured.await;
    if let Err(error) = vm.resume().await {
        // Who stops or kills the machine ends the emulator.
        tracing::error!(error = %Chain(&error), "a saved machine does not go on");
    }
    drop(rest);
    desk.set_clock().await;
    Ok(Saved {
        captured: captured?,
        hello: hello.clone(),
        folder: folder.to_owned(),
    })
}

impl Saved {
    /// Writes memory and devices into the folder.
    pub(super) async fn write(self) -> Result<(), Error> {
        let memory = saved::memory(&self.folder);
        std::fs::create_dir(&memory).map_err(Error::io("create the folder", &memory))?;
        Ok(self.captured.write(&memory, self.hello).await?)
    }
}
