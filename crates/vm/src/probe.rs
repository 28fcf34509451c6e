//! Which accelerator works on this host.
//!
//! That `/dev/kvm` opens says little: there are hosts where a virtual processor is created,
//! firmware runs, and yet Linux hangs. So the probe boots the real kernel and guest once,
//! without disks, and waits for its hello. The verdict is remembered until the host kernel,
//! QEMU, the processor or the guest kernel changes.

mod memory;
#[cfg(test)]
mod tests;
mod verdict;

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tokio::time::sleep;

use self::memory::{Key, recall, remember};
pub use self::verdict::{Reason, Verdict};
use crate::{Accelerator, Diagnostics, Error, LaunchPlan, Machine, Qemu, kernel::Kernel};

/// A working KVM boots in well under a second.
const BOOT_LIMIT: Duration = Duration::from_secs(6);
/// A guest that works has written its banner long before.
const SILENCE_LIMIT: Duration = Duration::from_millis(2500);
const WATCH_INTERVAL: Duration = Duration::from_millis(50);
/// Makes the kernel write its banner at the first opportunity.
const EARLY_CONSOLE: [&str; 2] = ["loglevel=6", "earlyprintk=serial,ttyS0,115200"];

/// What to probe with.
#[derive(Debug)]
pub struct Request<'a> {
    /// The QEMU that will run machines.
    pub qemu: &'a Qemu,
    /// The kernel that guests will boot.
    pub kernel: &'a Kernel,
    /// Their initramfs.
    pub initramfs: &'a Path,
    /// Where verdicts are remembered; a damaged file counts as none.
    pub verdict_file: &'a Path,
    /// The user's choice: taken without a probe.
    pub forced: Option<Accelerator>,
    /// Probe even when a verdict is remembered.
    pub refresh: bool,
}

/// Chooses the accelerator. Takes up to 6 s where KVM hangs, the first time.
///
/// Two processes may probe at once: they find the same, and the last writer wins.
///
/// # Errors
/// [`Error::Io`] when the verdict cannot be written. That KVM does not work is no error.
pub async fn accelerator(request: &Request<'_>) -> Result<Verdict, Error> {
    if let Some(accelerator) = request.forced {
        return Ok(Verdict {
            accelerator,
            reason: Reason::Forced,
            cached: false,
        });
    }
    // Looked at each time: the user may have joined the group since.
    if let Some(reason) = device_fault(Path::new("/dev/kvm")) {
        return Ok(Verdict {
            accelerator: Accelerator::Tcg,
            reason,
            cached: false,
        });
    }
    let key = Key::of_host(request.qemu.version(), &request.kernel.digest).await;
    if !request.refresh
        && let Some(reason) = recall(request.verdict_file, &key).await
    {
        return Ok(Verdict {
            accelerator: reason.accelerator(),
            reason,
            cached: true,
        });
    }
    let reason = boot(request).await?;
    let verdict = Verdict {
        accelerator: reason.accelerator(),
        reason,
        cached: false,
    };
    tracing::info!(accelerator = %verdict.accelerator, reason = %verdict.reason, "probed");
    if verdict.reason.is_lasting() {
        remember(request.verdict_file, key, verdict.reason.clone()).await?;
    }
    Ok(verdict)
}

/// Why KVM cannot even be opened.
fn device_fault(device: &Path) -> Option<Reason> {
    let opened = File::options().read(true).write(true).open(device);
    match opened.map_err(|error| error.kind()) {
        Ok(_) => None,
        Err(io::ErrorKind::NotFound) => Some(Reason::NoDevice),
        Err(io::ErrorKind::PermissionDenied) => Some(Reason::PermissionDenied),
        Err(kind) => Some(Reason::Unusable {
            detail: format!("{}: {kind}", device.display()),
        }),
    }
}

async fn boot(request: &Request<'_>) -> Result<Reason, Error> {
    let plan = LaunchPlan {
        accelerator: Accelerator::Kvm,
        memory_mib: 256,
        cpus: 1,
        kernel: request.kernel.image.clone(),
        initramfs: PathBuf::from(request.initramfs),
        cmdline: EARLY_CONSOLE.map(str::to_owned).to_vec(),
        disks: Vec::new(),
        console_log: None,
    };
    let begin = Instant::now();
    let mut machine = Machine::start(request.qemu, &plan).await?;
    let diagnostics = machine.diagnostics();
    let reason = tokio::select! {
        outcome = machine.handshake(BOOT_LIMIT) => match outcome {
            Ok(_) => Reason::KvmWorks,
            Err(Error::GuestSilent { .. }) => Reason::hang(begin.elapsed()),
            Err(Error::MachineEnded { stderr, console, .. }) => {
                let detail = if stderr.is_empty() { console } else { stderr };
                Reason::Failed { detail }
            }
            // The guest ran well enough to say something odd: the same would come under TCG.
            Err(error) => return Err(error),
        },
        reason = watch(&diagnostics, begin) => reason,
    };
    machine.kill();
    machine.wait().await;
    Ok(reason)
}

/// Sees early that the boot will not succeed.
async fn watch(diagnostics: &Diagnostics, begin: Instant) -> Reason {
    loop {
        sleep(WATCH_INTERVAL).await;
        // QEMU stays with a stopped machine after such an error.
        let stderr = diagnostics.stderr();
        if stderr.contains("KVM internal error") {
            return Reason::Failed {
                detail: stderr.lines().take(2).collect::<Vec<_>>().join("; "),
            };
        }
        if diagnostics.console_bytes() == 0 && begin.elapsed() > SILENCE_LIMIT {
            return Reason::hang(begin.elapsed());
        }
    }
}
