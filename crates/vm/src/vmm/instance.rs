//! A running machine of another hypervisor than QEMU.
//!
//! ```text
//! start -> booting --the guest connects and greets--> up --guest ends, kill, drop--> ended
//!              \--no connection or hello in time, the hypervisor ends--> ended
//! ```

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::process::ExitStatus;
use std::time::Duration;

use lazaret_files::blocking;
use lazaret_protocol::Hello;
use tokio::net::unix::pipe::Receiver;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::check::check;
use super::paths::Paths;
use super::room::Room;
use super::{Vmm, cloud_hypervisor, firecracker};
use crate::jail::{Cell, Jail, Needs};
use crate::process::console::{Log, drain};
use crate::process::{self, Process, Refusal};
use crate::{Channel, Diagnostics, Error, Feature, LaunchPlan, Substrate};

/// Time limit for the last output to arrive after the hypervisor has ended, and for it to end after the
/// guest's stream has.
const END_LIMIT: Duration = Duration::from_millis(500);

/// The version of Landlock that Cloud Hypervisor insists on (`ABI::V3` in its `landlock.rs`).
const ITS_LANDLOCK: usize = 3;

/// The first bytes of an ELF file.
const ELF: [u8; 4] = *b"\x7fELF";

/// A hypervisor's process with its machine. It ends when this value is dropped, or when this process dies
/// for any reason.
#[derive(Debug)]
pub struct Instance {
    substrate: Substrate,
    process: Process,
    /// Where the guest connects, until it has.
    listener: Option<UnixListener>,
    /// The task that reads the console until the hypervisor closes it.
    console: Option<JoinHandle<()>>,
    room: Room,
}

/// Everything that a hypervisor is started with.
struct Prepared {
    room: Room,
    listener: std::os::unix::net::UnixListener,
    reader: OwnedFd,
    stdout: OwnedFd,
    arguments: Vec<OsString>,
    inherited: Vec<OwnedFd>,
    cell: Cell,
}

impl Instance {
    /// Starts a machine. The guest is not up yet: see [`Instance::handshake`].
    ///
    /// # Errors
    /// Those of [`LaunchPlan::check`], [`Error::Unsupported`], [`Error::Spawn`], [`Error::Io`] for the files of
    /// the plan and of the machine, [`Error::Jail`].
    pub async fn start(vmm: &Vmm, plan: &LaunchPlan) -> Result<Self, Error> {
        plan.check()?;
        check(vmm.substrate(), plan)?;
        let log = Log::create(plan.console_log.as_deref()).await?;
        let (of, with) = (vmm.clone(), plan.clone());
        let prepared = blocking(move || prepare(&of, &with)).await?;
        let failed = |source| Error::Spawn {
            path: vmm.path().to_owned(),
            source,
        };
        let listener = UnixListener::from_std(prepared.listener).map_err(failed)?;
        let reader = Receiver::from_owned_fd(prepared.reader).map_err(failed)?;
        let Prepared {
            arguments,
            inherited,
            stdout,
            cell,
            room,
            ..
        } = prepared;
        let process = process::start(arguments, inherited, Some(stdout), cell)
            .await
            .map_err(|refusal| match refusal {
                Refusal::Io(error) => failed(error),
                Refusal::Jail(jail) => Error::Jail {
                    missing: jail.missing,
                },
            })?;
        tracing::debug!(pid = process.pid(), substrate = %vmm.substrate(), "hypervisor started");
        let tail = process.diagnostics.console.clone();
        let console = tokio::spawn(drain(reader, tail, log));
        Ok(Self {
            substrate: vmm.substrate(),
            process,
            listener: Some(listener),
            console: Some(console),
            room,
        })
    }

    /// The hypervisor's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What the hypervisor is confined by.
    #[must_use]
    pub fn jail(&self) -> &Jail {
        &self.process.jail
    }

    /// Which hypervisor it is.
    #[must_use]
    pub fn substrate(&self) -> Substrate {
        self.substrate
    }

    /// The machine's diagnostic output; the clone keeps collecting.
    #[must_use]
    pub fn diagnostics(&self) -> Diagnostics {
        self.process.diagnostics.clone()
    }

    /// Waits for the guest to connect and exchanges greetings with it; returns its hello and the channel to
    /// it. Its first connection counts, and nobody can make another one. Call it once.
    ///
    /// # Errors
    /// [`Error::MachineEnded`] and [`Error::GuestSilent`], with the end of the hypervisor's output and of
    /// the guest's console; [`Error::GuestMismatch`]; [`Error::Protocol`]; [`Error::Channel`].
    pub async fn handshake(&mut self, limit: Duration) -> Result<(Hello, Channel), Error> {
        let deadline = Instant::now() + limit;
        let listener = self.listener.take().ok_or_else(|| Error::GuestMismatch {
            reason: "it was greeted before".to_owned(),
        })?;
        let Ok(connected) = timeout_at(deadline, self.connected(&listener)).await else {
            return Err(self.silent(limit));
        };
        // From here on the workload may run, which must not find the door open.
        self.room.close_control();
        drop(listener);
        let Some(stream) = connected.map_err(|source| Error::Channel { source })? else {
            return Err(self.ending().await);
        };
        let Ok(greeted) = timeout_at(deadline, Channel::greet(stream)).await else {
            return Err(self.silent(limit));
        };
        match greeted? {
            Some(greeted) => Ok(greeted),
            None => {
                if timeout(END_LIMIT, self.process.wait()).await.is_err() {
                    self.process.kill();
                }
                Err(self.ending().await)
            }
        }
    }

    /// The guest's connection; `None` when the hypervisor ends before.
    async fn connected(&self, listener: &UnixListener) -> std::io::Result<Option<UnixStream>> {
        tokio::select! {
            biased;
            accepted = listener.accept() => accepted.map(|(stream, _)| Some(stream)),
            _ = self.process.wait() => Ok(None),
        }
    }

    /// Kills the machine; [`Instance::wait`] returns when it is gone. Later calls do nothing.
    pub fn kill(&self) {
        self.process.kill();
    }

    /// Waits for the end of the process and of its output. It may be cancelled and called again.
    pub async fn wait(&mut self) -> ExitStatus {
        let status = self.process.wait().await;
        if let Some(console) = &mut self.console {
            if timeout(END_LIMIT, &mut *console).await.is_err() {
                console.abort();
            }
            self.console = None;
        }
        status
    }

    /// The error for a hypervisor that has ended.
    async fn ending(&mut self) -> Error {
        let status = self.wait().await;
        Error::MachineEnded {
            status,
            stderr: self.process.diagnostics.stderr(),
            console: self.process.diagnostics.console(),
        }
    }

    /// The error for a guest that does not connect or not answer.
    fn silent(&self, limit: Duration) -> Error {
        Error::GuestSilent {
            limit,
            stderr: self.process.diagnostics.stderr(),
            console: self.process.diagnostics.console(),
        }
    }
}

/// Opens the files of a machine, makes its folder and prepares the jail. It blocks.
fn prepare(vmm: &Vmm, plan: &LaunchPlan) -> Result<Prepared, Error> {
    let boot = [
        kernel(vmm.substrate(), plan)?,
        open(&plan.initramfs, false)?.into(),
    ];
    let (mut read, mut written) = (Vec::new(), Vec::new());
    let mut largest_file = 0;
    for disk in &plan.disks {
        let file = open(&disk.path, !disk.read_only)?;
        if disk.read_only {
            read.push(file.into());
            continue;
        }
        let size = file.metadata().map_err(Error::io("measure", &disk.path))?;
        largest_file = largest_file.max(size.len());
        written.push(file.into());
    }
    let room = Room::make(plan)?;
    let listener = room.listen()?;
    let (reader, stdout) = room.console()?;
    let folder = room.folder.try_clone();
    let folder = folder.map_err(|source| Error::Spawn {
        path: vmm.path().to_owned(),
        source,
    })?;
    let (mut of_read, mut of_written) = (read.iter(), written.iter());
    let disks = plan.disks.iter().filter_map(|disk| match disk.read_only {
        true => of_read.next(),
        false => of_written.next(),
    });
    let disks: Vec<&OwnedFd> = disks.collect();
    let paths = Paths::of(&boot, &disks, &folder);
    read.extend(boot);
    let needs = Needs {
        program: vmm.path(),
        uses_kvm: true,
        reopened: &read,
        written: &written,
        folder: Some(&folder),
        keeps_user: true,
        largest_file,
        machine: Some((plan.memory_mib, plan.cpus)),
    };
    let cell = Cell::prepare(vmm.jail(), &needs).map_err(|source| Error::Spawn {
        path: vmm.path().to_owned(),
        source,
    })?;
    let arguments = match vmm.substrate() {
        Substrate::CloudHypervisor => {
            let landlock = cell
                .landlock()
                .is_some_and(|version| version >= ITS_LANDLOCK);
            cloud_hypervisor::arguments(plan, &paths, landlock)
        }
        Substrate::Firecracker | Substrate::Qemu => {
            let configuration = firecracker::configuration(plan, &paths);
            let configuration = configuration.map_err(|error| Error::Plan {
                field: "configuration",
                value: error.to_string(),
                reason: "it has no representation in JSON",
            })?;
            room.configure(&configuration)?;
            firecracker::arguments(plan, &paths)
        }
    };
    let inherited = read.into_iter().chain(written).chain([folder]).collect();
    Ok(Prepared {
        room,
        listener,
        reader,
        stdout,
        arguments,
        inherited,
        cell,
    })
}

fn open(path: &std::path::Path, writable: bool) -> Result<File, Error> {
    let opened = File::options().read(true).write(writable).open(path);
    opened.map_err(Error::io("open", path))
}

/// Opens the kernel, which not every hypervisor boots in every form.
fn kernel(substrate: Substrate, plan: &LaunchPlan) -> Result<OwnedFd, Error> {
    let mut file = open(&plan.kernel, false)?;
    let mut magic = [0; ELF.len()];
    let read = file.read_exact(&mut magic);
    if read.is_err() || magic != ELF {
        substrate.require(Feature::BzImage)?;
    }
    Ok(file.into())
}
