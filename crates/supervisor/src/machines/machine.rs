//! One machine, as its holder has it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lazaret_protocol::Request;
use lazaret_values::Chain;
use lazaret_vm::LaunchPlan;

use super::attached::claim_all;
use super::emulator::{Emulator, Hypervisor};
use super::events::{self, Action};
use super::life::{Ending, Life, Step};
use super::network::Network;
use super::process::ProcessId;
use super::record::{Spec, State};
use super::store::{Held, Machines};
use super::{moment, socket, store};
use crate::volumes::{Claim, Volumes};
use crate::{Error, clock};

/// Longest time for a guest to answer. Emulation on a loaded host is slow.
const HELLO_TIMEOUT: Duration = Duration::from_secs(90);

/// Longest time for a guest to write its disks after its workload has ended.
const SYNCS_WITHIN: Duration = Duration::from_secs(10);

/// The same for volumes, which are to have everything that the workload wrote.
const CLOSES_VOLUMES_WITHIN: Duration = Duration::from_secs(60);

/// Longest time for another command to let go of a volume.
const CLAIMS_WITHIN: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(20);

/// A machine whose folder this process has locked. Each step is in its folder before it is taken any
/// further. Dropping this value ends the emulator; the next command then finds the machine lost.
#[derive(Debug)]
pub(super) struct Machine<H: Hypervisor> {
    spec: Spec,
    state: State,
    hypervisor: H,
    // Fields are dropped in this order: the emulator ends before the lock.
    emulator: Option<H::Emulator>,
    /// Its network, if it has one.
    network: Option<Network>,
    /// Claims on its volumes, from the first start on.
    claims: Vec<Claim>,
    folder: PathBuf,
    lock: File,
}

impl<H: Hypervisor> Machine<H> {
    /// The machine of a folder that is locked. If it is already starting, whoever locked the folder
    /// said so in advance.
    pub(super) fn new(held: Held, hypervisor: H, network: Option<Network>) -> Self {
        Self {
            spec: held.found.spec,
            state: held.found.state,
            hypervisor,
            emulator: None,
            network,
            claims: Vec::new(),
            folder: held.found.folder,
            lock: held.lock,
        }
    }

    /// What it is.
    pub(super) fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The current state.
    pub(super) fn life(&self) -> &Life {
        &self.state.life
    }

    /// Why it was lost.
    pub(super) fn error(&self) -> Option<&str> {
        self.state.error.as_deref()
    }

    /// Starts the machine; returns the guest when it has answered. If the future is dropped before
    /// that, the machine stays in the state `Starting`, and [`Machine::end`] has to follow.
    ///
    /// # Errors
    /// [`Error::MachineState`] when it runs; those of the emulator and of the guest's greeting.
    pub(super) async fn start(
        &mut self,
        restarts: u32,
    ) -> Result<<H::Emulator as Emulator>::Guest, Error> {
        if self.state.life != Life::Starting {
            self.step(Step::Start)?;
        }
        self.state.restarts = restarts;
        self.state.error = None;
        self.state.finished = None;
        self.claim_volumes().await?;
        let plan = self.plan()?;
        let memory = self.spec.memory(&self.state).map(ToOwned::to_owned);
        let (begun, boundary) = match &mut self.network {
            Some(network) => Some(network.prepare(&self.folder)?).unzip(),
            None => (None, None),
        };
        let (frames, ports) = begun.map(|begun| (begun.frames, begun.ports)).unzip();
        self.state.ports = ports.unwrap_or_default();
        let started = async {
            match &memory {
                Some(memory) => self.hypervisor.resume(&plan, memory, frames).await,
                None => self.hypervisor.start(&plan, frames).await,
            }
        };
        let connected = async {
            match (&mut self.network, boundary) {
                (Some(network), Some(boundary)) => network.start(boundary).await,
                _ => Ok(()),
            }
        };
        let (emulator, ()) = tokio::try_join!(started, connected)?;
        let emulator = self.emulator.insert(emulator);
        self.state.emulator = ProcessId::of(emulator.pid());
        self.state.begun = Some(emulator.begun());
        self.state.jail = Some(emulator.jail());
        self.state.write(&self.folder)?;
        let mut boot = self.spec.boot.clone();
        if let (Some(network), Some(link)) = (&self.network, &mut boot.network) {
            link.trust = network.trust(&boot.process.env);
        }
        let request = match memory {
            Some(_) => Request::Resume(moment::identity(&boot, &self.spec.id)),
            None => Request::Boot(Box::new(moment::stamp(boot))),
        };
        let guest = emulator.boot(&request, HELLO_TIMEOUT).await?;
        self.state.started = Some(clock::nanoseconds());
        self.step(Step::Up)?;
        Ok(guest)
    }

    /// What the emulator is started with.
    pub(super) fn plan(&self) -> Result<LaunchPlan, Error> {
        self.spec.launch.plan(&self.folder)
    }

    /// Its folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The emulator, while it runs.
    pub(super) fn emulator(&self) -> Option<&H::Emulator> {
        self.emulator.as_ref()
    }

    /// Claims its volumes until this value is dropped.
    async fn claim_volumes(&mut self) -> Result<(), Error> {
        if !self.claims.is_empty() || self.spec.volumes.is_empty() {
            return Ok(());
        }
        let volumes = Volumes::new(&self.spec.launch.volumes);
        let machines = Machines::around(&self.folder);
        let deadline = Instant::now() + CLAIMS_WITHIN;
        loop {
            let holders = |name: &str| machines.holders(name, &self.spec.id);
            match claim_all(&volumes, &self.spec.volumes, holders) {
                // Another command may only be asking.
                Err(Error::VolumeInUse { .. }) if Instant::now() < deadline => {
                    tokio::time::sleep(PAUSE).await;
                }
                claims => {
                    self.claims = claims?;
                    return Ok(());
                }
            }
        }
    }

    /// Has the next machine of this kind begin faster, if that is possible.
    pub(super) fn prepare_next(&self) {
        if let (Some(begun), Ok(plan)) = (&self.state.begun, self.plan()) {
            self.hypervisor.prepare_next(&plan, begun);
        }
    }

    /// Stops the processors.
    ///
    /// # Errors
    /// [`Error::MachineState`] when it does not run; those of the emulator.
    pub(super) async fn pause(&mut self) -> Result<(), Error> {
        self.state.life.after(Step::Pause)?;
        if let Some(emulator) = &self.emulator {
            emulator.pause().await?;
        }
        self.step(Step::Pause)
    }

    /// Lets the processors go on. The guest's clock is late by the length of the pause.
    ///
    /// # Errors
    /// [`Error::MachineState`] when it is not paused; those of the emulator.
    pub(super) async fn resume(&mut self) -> Result<(), Error> {
        self.state.life.after(Step::Resume)?;
        if let Some(emulator) = &self.emulator {
            emulator.resume().await?;
        }
        self.step(Step::Resume)
    }

    /// Says that the machine is about to be started again.
    ///
    /// # Errors
    /// As [`Machine::end`]; a machine that is removed with its end is not started again.
    pub(super) fn restart(&mut self) -> Result<(), Error> {
        self.step(Step::Start)
    }

    /// Ends the machine, whose guest the caller has hung up on, in whatever state it is; returns the
    /// last state. Without an ending, because it did not start or its session broke for the reason
    /// given, the machine is lost.
    ///
    /// # Errors
    /// [`Error::Io`] when the state cannot be written. The emulator is gone in any case.
    pub(super) async fn end(&mut self, ending: Result<Ending, String>) -> Result<Life, Error> {
        match ending {
            Ok(ending) => self.step(Step::End(ending))?,
            Err(reason) => self.state.error = Some(reason),
        }
        let limit = match (&self.state.life, self.spec.writes_volumes()) {
            (Life::Stopping(Ending::Exit(_) | Ending::Failure(_)), true) => CLOSES_VOLUMES_WITHIN,
            (Life::Stopping(Ending::Exit(_) | Ending::Failure(_)), false)
                if !self.spec.options.remove =>
            {
                SYNCS_WITHIN
            }
            _ => Duration::ZERO,
        };
        if let Some(emulator) = &mut self.emulator {
            if !limit.is_zero() {
                emulator.settle(limit).await;
            }
            emulator.kill();
            emulator.wait().await;
        }
        self.emulator = None;
        if let Some(network) = &mut self.network {
            network.close().await;
        }
        self.state.emulator = None;
        self.state.finished = Some(clock::nanoseconds());
        self.step(Step::Gone)?;
        Ok(self.state.life.clone())
    }

    /// Gives the folder up: others may start, change or remove the machine from now on.
    pub(super) fn release(self) -> Result<(), Error> {
        let _absent = std::fs::remove_file(socket::path(&self.folder));
        drop(self.claims);
        let removed = match self.spec.options.remove {
            true => store::remove_with_volumes(&self.spec, &self.folder),
            false => Ok(()),
        };
        drop(self.lock);
        removed
    }

    fn step(&mut self, step: Step) -> Result<(), Error> {
        let action = match step {
            Step::Up => Some(Action::Start),
            Step::Pause => Some(Action::Pause),
            Step::Resume => Some(Action::Unpause),
            Step::Gone => Some(Action::Die),
            Step::Start | Step::End(_) => None,
        };
        self.state.life = self.state.life.after(step)?;
        if let (Some(action), Some(machines)) = (action, self.folder.parent()) {
            events::note(machines, action, &self.spec, self.state.life.status());
        }
        tracing::debug!(id = %self.spec.id, state = %self.state.life, "machine");
        // The folder of a machine that is removed with its end says so by still being held.
        if self.spec.options.remove && !self.state.life.is_held() {
            return Ok(());
        }
        // A full disk of the host is no reason to hold up the end of a machine: who finds the state
        // before it then takes the machine for lost.
        if let Err(error) = self.state.write(&self.folder) {
            tracing::warn!(error = %Chain(&error), "state not written");
        }
        Ok(())
    }
}
