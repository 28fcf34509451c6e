//! A machine in its locked folder.
//!
//! ```text
//! <runtime>/machines/<id>/    flock held while this process lives
//!     machine.json            the emulator's process id and start time
//!     policy.json             the run's policy, unwrapped
//!     scratch.ext4            where writes go, or
//!     root.ext4               the machine's own root disk
//!     root.vmdk               the parts of the image's disk
//!     console.log             what the guest's kernel says
//! ```
//! The folder goes with the run. After a crash the next command ends the recorded process, if
//! it is still the same one, and removes the folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lazaret_artifacts::RunSpec;
use lazaret_files::LockedDir;
use lazaret_images::Lease;
use lazaret_protocol::{ArtifactMount, FailureKind, Frame, Kind};
use lazaret_vm::{Disk, DiskFormat, LaunchPlan, Machine, kernel::Kernel, probe};
use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};

use super::root::{Content, Root};
use super::signals::Signals;
use super::streams::{self, Ending};
use super::{RootDisk, RunEvents, boot, disks, initramfs, notices};
use crate::{Error, Home, blocking};

/// How long a guest may take to say hello. Emulation on a loaded host is slow.
const HELLO_TIMEOUT: Duration = Duration::from_secs(90);
/// How long a killed process may take to go.
const END_TIMEOUT: Duration = Duration::from_secs(5);

/// Everything a machine starts from.
pub(super) struct Launch {
    pub(super) kernel: Kernel,
    /// Where the machine's own files go.
    pub(super) folder: LockedDir,
    pub(super) root: Root,
    pub(super) artifacts: Option<(PathBuf, Vec<ArtifactMount>)>,
    pub(super) spec: RunSpec,
    pub(super) hostname: String,
    pub(super) read_only: bool,
    pub(super) forward_stdin: bool,
}

/// `machine.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u32,
    pid: u32,
    /// `starttime` of `/proc/<pid>/stat`, in clock ticks since boot: process ids are reused.
    started: u64,
}

impl Home {
    pub(super) async fn launch(
        &self,
        launch: Launch,
        lease: Lease,
        events: &dyn RunEvents,
    ) -> Result<u8, Error> {
        let path = launch.folder.path().to_owned();
        let mut signals = Signals::install()?;
        let plan = self.plan(&launch, &path, events).await?;
        let (hostname, mounts) = (
            launch.hostname.clone(),
            launch
                .artifacts
                .as_ref()
                .map(|(_, mounts)| mounts.clone())
                .unwrap_or_default(),
        );
        if let Some(policy) = &launch.spec.policy {
            write(
                &path.join("policy.json"),
                policy.to_value().to_string().as_bytes(),
            )?;
        }
        let boot = boot::config(
            &launch.spec,
            hostname,
            launch.read_only,
            &launch.root,
            mounts,
        );
        let boot = Frame::json(Kind::Boot, &boot).map_err(|error| Error::Option {
            option: "--env",
            value: "...".to_owned(),
            reason: format!("the boot configuration is too large: {error}"),
        })?;
        let mut machine = Machine::start(self.qemu().await?, &plan).await?;
        record(&path, &machine)?;
        tracing::debug!(pid = machine.pid(), "machine started");
        let ending = converse(&mut machine, &boot, &launch, lease, &mut signals).await;
        // Its disks are shared and read-only, or thrown away: there is nothing to shut down.
        machine.kill();
        machine.wait().await;
        launch.folder.remove()?;
        conclude(ending?)
    }

    async fn plan(
        &self,
        launch: &Launch,
        folder: &Path,
        events: &dyn RunEvents,
    ) -> Result<LaunchPlan, Error> {
        let (kernel, cache) = (launch.kernel.clone(), self.settings.cache.clone());
        let initramfs = blocking(move || initramfs::prepare(&kernel, &cache)).await?;
        let verdict = probe::accelerator(&probe::Request {
            qemu: self.qemu().await?,
            kernel: &launch.kernel,
            initramfs: &initramfs,
            verdict_file: &self.settings.cache.join("accelerator.json"),
            forced: self.settings.accelerator,
            refresh: false,
        })
        .await?;
        if !verdict.cached {
            notices::accelerator(&verdict, events);
        }
        let (path, format) = match &launch.root.content {
            Content::File(path) => (path.clone(), DiskFormat::Raw),
            Content::Parts(parts) => {
                let path = folder.join("root.vmdk");
                lazaret_vm::join(parts, &path)?;
                (path, DiskFormat::Parts)
            }
        };
        let mut attached = vec![Disk {
            path,
            format,
            serial: boot::ROOT.to_owned(),
            read_only: launch.root.kind != RootDisk::Own,
        }];
        if let Some((path, _)) = &launch.artifacts {
            attached.push(Disk {
                path: path.clone(),
                format: DiskFormat::Raw,
                serial: boot::ARTIFACTS.to_owned(),
                read_only: true,
            });
        }
        if !launch.read_only && launch.root.kind != RootDisk::Own {
            attached.push(Disk {
                path: disks::scratch(folder)?,
                format: DiskFormat::Raw,
                serial: boot::SCRATCH.to_owned(),
                read_only: false,
            });
        }
        Ok(LaunchPlan {
            accelerator: verdict.accelerator,
            memory_mib: launch.spec.memory_mib,
            cpus: launch.spec.cpus,
            kernel: launch.kernel.image.clone(),
            initramfs,
            cmdline: Vec::new(),
            disks: attached,
            console_log: Some(folder.join("console.log")),
        })
    }
}

/// From hello to the end of the workload. A signal before the guest is up ends the attempt.
async fn converse(
    machine: &mut Machine,
    boot: &Frame,
    launch: &Launch,
    lease: Lease,
    signals: &mut Signals,
) -> Result<Ending, Error> {
    let (_, mut channel) = tokio::select! {
        greeted = machine.handshake(HELLO_TIMEOUT) => greeted?,
        _ = signals.next() => return Ok(Ending::Abandoned),
    };
    tracing::info!("guest is up");
    // It has its disks open: they may lose their names now.
    drop(lease);
    channel.send(boot).await?;
    let (sender, receiver) = channel.split();
    streams::carry(sender, receiver, launch.forward_stdin, signals).await
}

/// The ending as an exit status.
fn conclude(ending: Ending) -> Result<u8, Error> {
    match ending {
        Ending::Exit(outcome) => Ok(outcome.exit_status()),
        Ending::Failure(failure) => Err(Error::Workload {
            message: failure.message,
            status: match failure.kind {
                FailureKind::Machine => 125,
                FailureKind::NotExecutable => 126,
                FailureKind::NotFound => 127,
            },
        }),
        Ending::Abandoned => Ok(130),
    }
}

fn record(folder: &Path, machine: &Machine) -> Result<(), Error> {
    let pid = machine.pid();
    let Some(started) = start_time(pid) else {
        return Ok(());
    };
    let record = Record {
        version: 1,
        pid,
        started,
    };
    let text = serde_json::to_vec(&record).map_err(|error| Error::Io {
        action: "encode the record".to_owned(),
        source: error.into(),
    })?;
    write(&folder.join("machine.json"), &text)
}

fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    fs::write(path, content).map_err(Error::io("write", path))
}

/// Ends the emulator that a dead process recorded in `folder`.
pub(crate) fn end_abandoned(folder: &Path) {
    let record = fs::read(folder.join("machine.json"))
        .ok()
        .and_then(|text| serde_json::from_slice::<Record>(&text).ok());
    let Some(record) = record else { return };
    let alive = || start_time(record.pid) == Some(record.started);
    let Some(pid) = Pid::from_raw(record.pid.cast_signed()) else {
        return;
    };
    if !alive() {
        return;
    }
    // It asks the kernel to die with its parent, so this is the second line of defence.
    if let Err(error) = kill_process(pid, Signal::KILL) {
        tracing::warn!(pid = record.pid, %error, "abandoned machine not ended");
    }
    let deadline = Instant::now() + END_TIMEOUT;
    while alive() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Field 22 of `/proc/<pid>/stat` (proc(5)); `None` when there is no such process, or only
/// its remains.
fn start_time(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the name in parentheses, which may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    if fields.next()? == "Z" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}
