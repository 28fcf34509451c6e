//! A running machine.
//!
//! ```text
//! start -> booting --handshake--> up --guest powers off, kill, drop--> ended
//!    |        \--no hello in time, QEMU ends--> ended                   ^
//! restore (from a template, whose guest has said hello) --handshake--> up
//! ```

use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;
use std::process::ExitStatus;
use std::time::Duration;

use lazaret_files::blocking;
use lazaret_protocol::{Decoder, Hello};
use tokio::net::UnixStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::arguments::{Beginning, arguments_for};
use super::files::Files;
use super::qmp::{Command, Monitor};
use super::{Descriptors, Qemu};
use crate::jail::{Cell, Jail, Needs};
use crate::process::console::{Log, drain};
use crate::process::{self, Process, Refusal};
use crate::{Accelerator, Channel, Diagnostics, Error, LaunchPlan};

/// Time limit for the last output to arrive after QEMU has ended, and for QEMU to end after it
/// has closed the stream.
const END_LIMIT: Duration = Duration::from_millis(500);

/// A QEMU process with its control stream. It ends when this value is dropped, or when this
/// process dies for any reason.
#[derive(Debug)]
pub struct Machine {
    process: Process,
    pub(super) control: Option<UnixStream>,
    /// The hello of a guest that was restored after it had said it.
    pub(super) heard: Option<Hello>,
    pub(super) monitor: Monitor,
    /// The task that reads the console until QEMU closes it.
    console: Option<JoinHandle<()>>,
}

/// Streams of a machine beside its channel, to other processes.
#[derive(Debug, Default)]
pub struct Streams {
    /// To the server of the host's folders.
    pub folders: Option<OwnedFd>,
    /// For the frames of the network device, one a message (`SOCK_SEQPACKET`). Without it, the device has nobody
    /// to talk to.
    pub frames: Option<OwnedFd>,
}

impl Machine {
    /// Starts a machine. The guest is not up yet: see [`Machine::handshake`].
    ///
    /// # Errors
    /// Those of [`LaunchPlan::check`], [`Error::Spawn`], [`Error::Io`] for the console's log and the files
    /// of the plan, [`Error::Jail`].
    pub async fn start(qemu: &Qemu, plan: &LaunchPlan, streams: Streams) -> Result<Self, Error> {
        Self::launch(qemu, plan, Beginning::Boot, None, streams).await
    }

    /// Starts QEMU, which inherits `memory` and `streams` under the numbers that they have.
    pub(super) async fn launch(
        qemu: &Qemu,
        plan: &LaunchPlan,
        beginning: Beginning,
        memory: Option<OwnedFd>,
        streams: Streams,
    ) -> Result<Self, Error> {
        plan.check()?;
        let log = Log::create(plan.console_log.as_deref()).await?;
        let failed = |source| Error::Spawn {
            path: qemu.path().to_owned(),
            source,
        };
        let (control, control_peer) = pair().map_err(failed)?;
        let (console, console_peer) = pair().map_err(failed)?;
        let (monitor, monitor_peer) = pair().map_err(failed)?;
        let (files, cell) = prepare(qemu, plan, beginning).await?;
        let number = |file: &OwnedFd| file.as_raw_fd();
        let descriptors = Descriptors {
            control: number(&control_peer),
            console: number(&console_peer),
            monitor: number(&monitor_peer),
            boot: match files.boot.as_slice() {
                [kernel, initramfs] => Some((number(kernel), number(initramfs))),
                _ => None,
            },
            folders: streams.folders.as_ref().map(number),
            frames: streams.frames.as_ref().map(number),
            disks: files
                .disks
                .iter()
                .map(|disk| disk.iter().map(number).collect())
                .collect(),
        };
        let arguments = arguments_for(plan, &descriptors, beginning);
        let mut inherited = vec![control_peer, console_peer, monitor_peer];
        inherited.extend(memory);
        inherited.extend(streams.folders);
        inherited.extend(streams.frames);
        inherited.extend(files.boot);
        inherited.extend(files.disks.into_iter().flatten());
        let process = process::start(arguments, inherited, None, cell)
            .await
            .map_err(|refusal| match refusal {
                Refusal::Io(error) => failed(error),
                Refusal::Jail(jail) => Error::Jail {
                    missing: jail.missing,
                },
            })?;
        tracing::debug!(pid = process.pid(), accelerator = %plan.accelerator, "QEMU started");
        let tail = process.diagnostics.console.clone();
        let console = tokio::spawn(drain(console, tail, log));
        Ok(Self {
            process,
            control: Some(control),
            heard: None,
            monitor: Monitor::over(monitor),
            console: Some(console),
        })
    }

    /// QEMU's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What QEMU is confined by.
    #[must_use]
    pub fn jail(&self) -> &Jail {
        &self.process.jail
    }

    /// The machine's diagnostic output; the clone keeps collecting.
    #[must_use]
    pub fn diagnostics(&self) -> Diagnostics {
        self.process.diagnostics.clone()
    }

    /// Exchanges greetings with the guest; returns its hello and the channel to it. Call it once.
    ///
    /// # Errors
    /// [`Error::MachineEnded`] and [`Error::GuestSilent`], with the end of QEMU's output and of
    /// the guest's console; [`Error::GuestMismatch`]; [`Error::Protocol`]; [`Error::Channel`].
    pub async fn handshake(&mut self, limit: Duration) -> Result<(Hello, Channel), Error> {
        let control = self.control.take().ok_or_else(|| Error::GuestMismatch {
            reason: "it was greeted before".to_owned(),
        })?;
        if let Some(hello) = self.heard.take() {
            let answered = timeout(limit, Channel::answer(control, Decoder::default())).await;
            let channel = answered.map_err(|_| self.silent(limit))??;
            return Ok((hello, channel));
        }
        let Ok(greeted) = timeout(limit, Channel::greet(control)).await else {
            return Err(self.silent(limit));
        };
        match greeted? {
            Some(greeted) => Ok(greeted),
            None => Err(self.ended().await),
        }
    }

    /// Stops the guest until [`Machine::resume`]; its clocks stand still. Doing it again is no error.
    ///
    /// # Errors
    /// [`Error::Monitor`].
    pub async fn pause(&self) -> Result<(), Error> {
        self.monitor.execute(Command::plain("stop")).await?;
        Ok(())
    }

    /// Lets the guest go on. Its wall clock is late by the length of the pause.
    ///
    /// # Errors
    /// [`Error::Monitor`].
    pub async fn resume(&self) -> Result<(), Error> {
        self.monitor.execute(Command::plain("cont")).await?;
        Ok(())
    }

    /// Kills the machine; [`Machine::wait`] returns when it is gone. Later calls do nothing.
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

    /// The error for a stream that has ended; QEMU has ended too, or will soon.
    pub(super) async fn ended(&mut self) -> Error {
        if timeout(END_LIMIT, self.process.wait()).await.is_err() {
            self.process.kill();
        }
        self.ending().await
    }

    /// The error for a QEMU that has ended, or does so in a moment; `None` while it runs.
    pub(super) async fn has_ended(&mut self) -> Option<Error> {
        let ended = timeout(END_LIMIT, self.process.wait()).await;
        match ended {
            Ok(_) => Some(self.ending().await),
            Err(_) => None,
        }
    }

    /// The error for a QEMU that has ended.
    async fn ending(&mut self) -> Error {
        let status = self.wait().await;
        let (stderr, console) = self.last_words();
        Error::MachineEnded {
            status,
            stderr,
            console,
        }
    }

    /// The error for a guest that does not answer.
    pub(super) fn silent(&self, limit: Duration) -> Error {
        let (stderr, console) = self.last_words();
        Error::GuestSilent {
            limit,
            stderr,
            console,
        }
    }

    fn last_words(&self) -> (String, String) {
        (
            self.process.diagnostics.stderr(),
            self.process.diagnostics.console(),
        )
    }
}

/// Opens the files of a machine, and prepares the jail of its QEMU.
async fn prepare(
    qemu: &Qemu,
    plan: &LaunchPlan,
    beginning: Beginning,
) -> Result<(Files, Cell), Error> {
    let (qemu, plan) = (qemu.clone(), plan.clone());
    blocking(move || {
        let files = Files::open(&plan, beginning)?;
        let needs = Needs {
            program: qemu.path(),
            uses_kvm: plan.accelerator == Accelerator::Kvm,
            reopened: &files.boot,
            written: &[],
            folder: None,
            keeps_user: false,
            // A captured machine is written to files of at most its memory's size.
            largest_file: files.largest.max(plan.memory_mib << 20),
            machine: Some((plan.memory_mib, plan.cpus)),
        };
        let cell = Cell::prepare(qemu.jail(), &needs).map_err(|source| Error::Spawn {
            path: qemu.path().to_owned(),
            source,
        })?;
        Ok((files, cell))
    })
    .await
}

/// A connected pair: our end for the runtime, and the end that QEMU inherits.
pub(super) fn pair() -> std::io::Result<(UnixStream, OwnedFd)> {
    let (ours, theirs) = StdStream::pair()?;
    ours.set_nonblocking(true)?;
    Ok((UnixStream::from_std(ours)?, theirs.into()))
}
