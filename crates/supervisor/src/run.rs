//! `run`, in three parts. They follow each other and are connected only by a value:
//!
//! ```text
//! prepare   request -> Prepared     everything is settled, no machine exists   `prepare`
//! hold      Prepared -> a machine   its folder, then the process that holds it `machines`
//! attach    Session -> Ending       terminal, signals                          the caller
//! ```
//! Only the caller prints, installs signal handlers and owns the terminal. The other operations on
//! machines are here, too: each finds its machine by name, and asks the holder or has the lock.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use lazaret_values::Printable;

use crate::machines::{
    Found, Held, Holder, Launch, Life, LogLines, LogPart, LogReader, MachineEvents, MachineUsage,
    Naming, Options, Spec, VolumeUse, check_folders, claim_all, connect, log_of, remove_folder,
    remove_with_volumes, saved, spawn, usage_of,
};
use crate::prepare::Prepared;
use crate::volumes::{NewVolume, Volumes};
use crate::{Error, Home, blocking, hypervisor, initramfs};

/// Longest time for another command to let go of a machine.
const FREE_WITHIN: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(20);

/// A machine that is being started, and the connection to its holder. The holder waits for a first
/// session before it starts the machine.
#[derive(Debug)]
pub struct StartedMachine {
    /// What it is.
    pub spec: Spec,
    /// The connection to its holder.
    pub holder: Holder,
}

impl Home {
    /// Makes a machine. It is not started.
    ///
    /// # Errors
    /// [`Error::MachineName`], [`Error::MachineExists`]; [`Error::Folder`], [`Error::Io`] and
    /// [`Error::Convert`] for its folder and its disks. Nothing is left behind then.
    pub async fn create_machine(
        &self,
        prepared: Prepared,
        naming: Naming,
        options: Options,
    ) -> Result<Spec, Error> {
        let held = self.make(prepared, naming, options, Life::Created).await?;
        Ok(held.found.spec)
    }

    /// Makes a machine and starts its holder.
    ///
    /// # Errors
    /// As [`Home::create_machine`]; [`Error::Io`] when the holder cannot be started.
    pub async fn run_machine(
        &self,
        prepared: Prepared,
        naming: Naming,
        options: Options,
    ) -> Result<StartedMachine, Error> {
        let held = self.make(prepared, naming, options, Life::Starting).await?;
        self.spawn(held).await
    }

    async fn make(
        &self,
        prepared: Prepared,
        naming: Naming,
        options: Options,
        life: Life,
    ) -> Result<Held, Error> {
        let (machines, volumes) = (self.machines.clone(), self.volumes.clone());
        blocking(move || {
            let design = prepared.design;
            hypervisor::check_boot(design.program.substrate, options.boot)?;
            if design.volumes.is_empty() {
                return machines.create(design, naming, options, life);
            }
            // From here on they are the machine's, and nobody removes them.
            let lock = volumes.lock()?;
            let made = make_missing(&volumes, &design.volumes)?;
            let create = || {
                if life == Life::Starting {
                    let holders = |name: &str| machines.holders(name, "");
                    claim_all(&volumes, &design.volumes, holders)?;
                }
                machines.create(design, naming, options, life)
            };
            let created = create();
            if created.is_err() {
                for name in made {
                    let _stays_as_one_without_a_machine = volumes.remove(&name, &lock);
                }
            }
            created
        })
        .await
    }

    /// Starts the holder of a machine that does not run.
    ///
    /// # Errors
    /// [`Error::MachineNotFound`], [`Error::MachineAmbiguous`], [`Error::MachineRunning`]; those of
    /// its kernel and of QEMU, when they are no longer there.
    pub async fn start_machine(&self, name: &str) -> Result<StartedMachine, Error> {
        let mut held = self.take(name, "started").await?;
        saved::check_there(&held.found.spec, &held.found.state)?;
        check_folders(&held.found.spec.launch.folders)?;
        let Spec { id, volumes, .. } = &held.found.spec;
        claim_all(&self.volumes, volumes, |name| {
            self.machines.holders(name, id)
        })?;
        let substrate = held.found.spec.launch.substrate;
        self.check_kvm(substrate)?;
        let program = self.program(substrate).await?;
        let file = self
            .look_again(&held.found.spec.name, &held.found.spec.launch)
            .await?;
        let (kernel, initramfs) = self.boot_files(&held.found.spec.launch).await?;
        held.found.spec = self.machines.update(&held.found.folder, |spec| {
            let launch = &mut spec.launch;
            program.note(launch);
            launch.templates = self.templates();
            (launch.boot_image, launch.initramfs) = (kernel, initramfs);
            if let Some(file) = file {
                launch.look_again(file);
            }
        })?;
        self.spawn(held).await
    }

    /// The files of kernel and initramfs of a machine that exists.
    pub(crate) async fn boot_files(&self, launch: &Launch) -> Result<(PathBuf, PathBuf), Error> {
        if let Some(pack) = &launch.pack {
            return Ok((pack.path.clone(), pack.path.clone()));
        }
        let kernel = self.any_kernel(&launch.kernel)?;
        let (of, cache) = (kernel.clone(), self.settings.cache.clone());
        let initramfs = blocking(move || initramfs::prepare(&of, &cache)).await?;
        Ok((kernel.image, initramfs))
    }

    pub(crate) async fn spawn(&self, held: Held) -> Result<StartedMachine, Error> {
        let Held { found, lock } = held;
        let settings = &self.settings;
        let holder = spawn(&settings.holder, &settings.trust, &found.folder, lock).await?;
        Ok(StartedMachine {
            spec: found.spec,
            holder,
        })
    }

    /// All machines, the newest first.
    ///
    /// # Errors
    /// [`Error::Io`] when their folder cannot be read.
    pub fn machines(&self) -> Result<Vec<Found>, Error> {
        self.machines.list()
    }

    /// What became of which machine, from the oldest event that is still known.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn machine_events(&self) -> Result<MachineEvents, Error> {
        self.machines.events()
    }

    /// The machine with this name, id or beginning of an id.
    ///
    /// # Errors
    /// [`Error::MachineNotFound`], [`Error::MachineAmbiguous`].
    pub fn machine(&self, name: &str) -> Result<Found, Error> {
        self.machines.find(name)
    }

    /// Connects to the holder of a machine.
    ///
    /// # Errors
    /// [`Error::MachineNotRunning`] when it has none.
    pub async fn holder(&self, found: &Found) -> Result<Holder, Error> {
        // A machine that is being started has its lock before its holder listens.
        let deadline = Instant::now() + FREE_WITHIN;
        loop {
            if let Some(holder) = connect(&found.folder).await? {
                return Ok(holder);
            }
            let now = self.machines.find(&found.spec.id)?;
            if !now.state.life.is_held() || Instant::now() > deadline {
                return Err(Error::MachineNotRunning {
                    name: found.spec.name.clone(),
                    state: now.state.life.to_string(),
                });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Waits for the end of a machine, and returns its exit status.
    ///
    /// # Errors
    /// As [`Home::holder`]; [`Error::ChannelClosed`] when the machine was lost.
    pub async fn wait_for_machine(&self, found: &Found) -> Result<u8, Error> {
        if let Some(status) = found.state.life.status() {
            return Ok(status);
        }
        let ended = match self.holder(found).await {
            Ok(holder) => holder.wait().await,
            Err(error) => Err(error),
        };
        match ended {
            Ok(ending) => Ok(ending.status()),
            // A holder writes how its machine ended before it goes; its answer may be lost with it.
            Err(error @ (Error::ChannelClosed | Error::MachineNotRunning { .. })) => {
                let now = self.machines.find(&found.spec.id).ok();
                now.and_then(|now| now.state.life.status()).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Gives a machine another name.
    ///
    /// # Errors
    /// [`Error::MachineNotFound`], [`Error::MachineName`], [`Error::MachineExists`].
    pub fn rename_machine(&self, name: &str, new: &str) -> Result<(), Error> {
        self.machines.rename(&self.machines.find(name)?, new)
    }

    /// Removes a machine; with `force` it is ended first if it runs, and with `volumes` those go, too,
    /// that were made for it and that nobody named.
    ///
    /// # Errors
    /// [`Error::MachineNotFound`]; [`Error::MachineRunning`] without `force`.
    pub async fn remove_machine(
        &self,
        name: &str,
        force: bool,
        volumes: bool,
    ) -> Result<Spec, Error> {
        let found = self.machines.find(name)?;
        if force && found.state.life.is_held() {
            if let Ok(holder) = self.holder(&found).await {
                // It is gone in any case; how it ended is of no interest.
                let _ended = holder.end().await;
            }
            if found.spec.options.remove {
                return Ok(found.spec);
            }
        }
        let held = match self.take(&found.spec.id, "removed").await {
            // It removed itself with its end.
            Err(Error::MachineNotFound { .. }) if force => return Ok(found.spec),
            taken => taken?,
        };
        let Found { spec, folder, .. } = held.found.clone();
        blocking(move || match volumes {
            true => remove_with_volumes(&spec, &folder),
            false => remove_folder(&folder, &spec),
        })
        .await?;
        Ok(held.found.spec)
    }

    /// What a machine takes of the host; `None` when it does not run.
    #[must_use]
    pub fn machine_usage(&self, found: &Found) -> Option<MachineUsage> {
        usage_of(found)
    }

    /// The log of a machine.
    #[must_use]
    pub fn machine_log(&self, found: &Found) -> LogReader {
        log_of(&found.folder)
    }

    /// A part of the log of a machine, as it is shown. Blocks for the disk.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn machine_log_part(&self, found: &Found, part: LogPart) -> Result<LogLines, Error> {
        LogLines::new(|| log_of(&found.folder), part)
    }

    /// What the guest's kernel said on its console at the last start.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn machine_console(&self, found: &Found) -> Result<String, Error> {
        let path = found.folder.join("console.log");
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Printable::new(&String::from_utf8_lossy(&bytes))
                .lines()
                .whole()
                .to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(Error::io("read", &path)(error)),
        }
    }

    /// Takes the lock of a machine that nobody holds.
    pub(crate) async fn take(&self, name: &str, action: &'static str) -> Result<Held, Error> {
        let deadline = Instant::now() + FREE_WITHIN;
        loop {
            let found = self.machines.find(name)?;
            if let Some(held) = self.machines.hold(&found)? {
                return Ok(held);
            }
            if found.state.life.is_held() {
                return Err(Error::MachineRunning {
                    name: found.spec.name,
                    state: found.state.life.to_string(),
                    action,
                });
            }
            // Its holder is about to let go, or another command has it for a moment.
            if Instant::now() > deadline {
                return Err(Error::MachineBusy {
                    name: found.spec.name,
                });
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Makes the volumes that do not exist yet; returns their names.
fn make_missing(volumes: &Volumes, uses: &[VolumeUse]) -> Result<Vec<String>, Error> {
    let mut made = Vec::new();
    for volume in uses {
        let new = NewVolume {
            name: Some(volume.name.clone()),
            anonymous: volume.anonymous,
            ..NewVolume::default()
        };
        let (volume, is_new) = volumes.create(new)?;
        made.extend(is_new.then_some(volume.name));
    }
    Ok(made)
}
