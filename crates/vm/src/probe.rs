//! Finds the accelerator that works on this host.
//!
//! That `/dev/kvm` can be opened is not enough: on some hosts a virtual processor can be created
//! and firmware runs, and yet Linux hangs. So the probe boots the real kernel and guest once,
//! without disks, and waits for the guest's hello. The verdict is remembered until the host kernel,
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
use crate::{
    Accelerator, BootRanges, Diagnostics, Error, LaunchPlan, Machine, Qemu, Streams, Substrate,
    kernel::Kernel,
};

/// Time limit of the boot; with a working KVM it takes well under a second.
const BOOT_LIMIT: Duration = Duration::from_secs(6);
/// Time limit for the first output; a working guest writes its banner much earlier.
const SILENCE_LIMIT: Duration = Duration::from_millis(2500);
/// The device of KVM.
const DEVICE: &str = "/dev/kvm";
const WATCH_INTERVAL: Duration = Duration::from_millis(50);
/// Kernel parameters with which the kernel writes its banner as early as possible.
const EARLY_CONSOLE: [&str; 2] = ["loglevel=6", "earlyprintk=serial,ttyS0,115200"];

/// The parameters of a probe.
#[derive(Debug)]
pub struct Request<'a> {
    /// The QEMU that will run machines.
    pub qemu: &'a Qemu,
    /// The kernel that guests will boot.
    pub kernel: &'a Kernel,
    /// The initramfs of the guests.
    pub initramfs: &'a Path,
    /// Where both are in their files, if these are more than that.
    pub boot_ranges: Option<BootRanges>,
    /// File with remembered verdicts; a damaged file counts as empty.
    pub verdict_file: &'a Path,
    /// The user's choice, which is used without a probe.
    pub forced: Option<Accelerator>,
    /// Whether to probe even when a verdict is remembered.
    pub refresh: bool,
}

/// Chooses the accelerator. The first call takes up to 6 s on a host on which KVM hangs.
///
/// Two processes may probe at once: both find the same, and the last writer wins.
///
/// # Errors
/// [`Error::Io`] when the verdict cannot be written. It is not an error if KVM does not work.
pub async fn accelerator(request: &Request<'_>) -> Result<Verdict, Error> {
    if let Some(accelerator) = request.forced {
        return Ok(Verdict {
            accelerator,
            reason: Reason::Forced,
            cached: false,
        });
    }
    // Checked on each call: the user may have joined the group since.
    if let Some(reason) = device_fault(Path::new(DEVICE)) {
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

/// Opens `/dev/kvm`, for a hypervisor that runs with nothing else.
///
/// # Errors
/// [`Error::NoKvm`].
pub fn open_device(substrate: Substrate) -> Result<File, Error> {
    let opened = File::options().read(true).write(true).open(DEVICE);
    opened.map_err(|source| Error::NoKvm { substrate, source })
}

/// The reason for which KVM cannot be opened, if any.
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
        boot_ranges: request.boot_ranges.clone(),
        cmdline: EARLY_CONSOLE.map(str::to_owned).to_vec(),
        disks: Vec::new(),
        network: None,
        console_log: None,
    };
    let begin = Instant::now();
    let mut machine = Machine::start(request.qemu, &plan, Streams::default()).await?;
    let diagnostics = machine.diagnostics();
    let reason = tokio::select! {
        outcome = machine.handshake(BOOT_LIMIT) => match outcome {
            Ok(_) => Reason::KvmWorks,
            Err(Error::GuestSilent { .. }) => Reason::hang(begin.elapsed()),
            Err(Error::MachineEnded { stderr, console, .. }) => {
                let detail = if stderr.is_empty() { console } else { stderr };
                Reason::Failed { detail }
            }
            // The guest ran far enough to send an unexpected answer, as it would under TCG.
            Err(error) => return Err(error),
        },
        reason = watch(&diagnostics, begin) => reason,
    };
    machine.kill();
    machine.wait().await;
    Ok(reason)
}

/// Detects early that the boot will not succeed.
async fn watch(diagnostics: &Diagnostics, begin: Instant) -> Reason {
    loop {
        sleep(WATCH_INTERVAL).await;
        // After such an error, QEMU keeps running with a stopped machine.
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
