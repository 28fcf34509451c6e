//! What users do with checkpoints: make, list and remove them, and have machines begin from them.

use std::path::{Path, PathBuf};

use lazaret_files::LockedDir;

use crate::checkpoint_error::CheckpointError;
use crate::checkpoints::Checkpoint;
use crate::integrations::RunRecord;
use crate::machines::{Found, Held, Life, Naming, Options, Replica, Spec, claim_all, saved};
use crate::run::StartedMachine;
use crate::{Error, Home, blocking, clock, space};

/// A checkpoint, and where it is.
#[derive(Debug, Clone)]
pub struct NamedCheckpoint {
    /// What it is.
    pub checkpoint: Checkpoint,
    /// Bytes that it takes on the host, without what others have, too.
    pub allocated: u64,
    /// Its folder.
    pub folder: PathBuf,
}

/// What is settled about a machine that begins as a copy.
#[derive(Debug, Clone, Default)]
pub struct NewMachine {
    /// Its name and labels.
    pub naming: Naming,
    /// How it is held. Whether input stays open is as it was.
    pub options: Options,
    /// Another host name than that of the first machine.
    pub hostname: Option<String>,
}

/// A machine as it was at one moment, for machines that begin there. It goes with this value.
#[derive(Debug)]
pub struct Fork {
    spec: Spec,
    folder: LockedDir,
}

impl Home {
    /// Saves a running machine as a checkpoint. It stands still for a part of that time.
    ///
    /// # Errors
    /// [`CheckpointError::Name`], [`CheckpointError::Exists`], [`CheckpointError::WritesVolume`]; those of
    /// finding the machine and of its holder. Nothing is left behind then.
    pub async fn create_checkpoint(&self, machine: &str, name: &str) -> Result<Checkpoint, Error> {
        self.checkpoints.check_new(name)?;
        let found = self.machines.find(machine)?;
        let made = self.save(&found).await?;
        let checkpoint = Checkpoint::new(name, clock::nanoseconds(), found.spec);
        let checkpoints = self.checkpoints.clone();
        blocking(move || {
            checkpoints.finish(made, &checkpoint)?;
            Ok(checkpoint)
        })
        .await
    }

    /// Saves a running machine for machines that begin there.
    ///
    /// # Errors
    /// As [`Home::create_checkpoint`].
    pub async fn fork(&self, machine: &str) -> Result<Fork, Error> {
        let found = self.machines.find(machine)?;
        let folder = self.save(&found).await?;
        Ok(Fork {
            spec: found.spec,
            folder,
        })
    }

    async fn save(&self, found: &Found) -> Result<LockedDir, Error> {
        saved::check(&found.spec)?;
        let holder = self.holder(found).await?;
        let made = self.checkpoints.begin()?;
        holder.save(made.path()).await?;
        // Its placeholders are in the memory. They stay on this host: a pushed checkpoint is without.
        if let Some(services) = RunRecord::read(&found.folder)? {
            services.write(made.path())?;
        }
        Ok(made)
    }

    /// All checkpoints, by name.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn checkpoints(&self) -> Result<Vec<NamedCheckpoint>, Error> {
        let all = self.checkpoints.list()?.into_iter();
        all.map(|checkpoint| self.with_place(checkpoint)).collect()
    }

    /// The checkpoint of this name.
    ///
    /// # Errors
    /// [`CheckpointError::NotFound`].
    pub fn checkpoint(&self, name: &str) -> Result<NamedCheckpoint, Error> {
        self.with_place(self.checkpoints.find(name)?)
    }

    fn with_place(&self, checkpoint: Checkpoint) -> Result<NamedCheckpoint, Error> {
        let folder = self.checkpoints.place(&checkpoint.name);
        let allocated = space::occupied(&folder).map_err(Error::io("inspect", &folder))?;
        Ok(NamedCheckpoint {
            checkpoint,
            allocated,
            folder,
        })
    }

    /// Removes a checkpoint. Machines that began from it stay.
    ///
    /// # Errors
    /// [`CheckpointError::NotFound`]; [`CheckpointError::Busy`] while a machine is made from it.
    pub async fn remove_checkpoint(&self, name: &str) -> Result<(), Error> {
        let (checkpoints, wanted) = (self.checkpoints.clone(), name.to_owned());
        match blocking(move || checkpoints.remove(&wanted)).await? {
            true => Ok(()),
            false => Err(CheckpointError::Busy {
                name: name.to_owned(),
            }
            .into()),
        }
    }

    /// Makes a machine that begins from a checkpoint. It is not started.
    ///
    /// # Errors
    /// [`CheckpointError::NotFound`]; [`CheckpointError::Differs`] where it cannot begin; those of the
    /// machine's files. Nothing is left behind then.
    pub async fn create_machine_from(&self, name: &str, new: NewMachine) -> Result<Spec, Error> {
        let held = self.replicate_checkpoint(name, new, Life::Created).await?;
        Ok(held.found.spec)
    }

    /// Makes a machine that begins from a checkpoint and starts its holder.
    ///
    /// # Errors
    /// As [`Home::create_machine_from`]; [`Error::Io`] when the holder cannot be started.
    pub async fn run_machine_from(
        &self,
        name: &str,
        new: NewMachine,
    ) -> Result<StartedMachine, Error> {
        let held = self.replicate_checkpoint(name, new, Life::Starting).await?;
        self.spawn(held).await
    }

    /// Makes a machine that begins where another one was forked, and starts its holder.
    ///
    /// # Errors
    /// As [`Home::run_machine_from`].
    pub async fn run_fork(&self, fork: &Fork, new: NewMachine) -> Result<StartedMachine, Error> {
        let (spec, folder) = (fork.spec.clone(), fork.folder.path());
        let held = self
            .replicate(spec, folder, None, new, Life::Starting)
            .await?;
        self.spawn(held).await
    }

    async fn replicate_checkpoint(
        &self,
        name: &str,
        new: NewMachine,
        life: Life,
    ) -> Result<Held, Error> {
        let checkpoint = self.checkpoints.find(name)?;
        let _stays = self.checkpoints.keep(name)?;
        let place = self.checkpoints.place(name);
        let name = Some(name.to_owned());
        self.replicate(checkpoint.machine, &place, name, new, life)
            .await
    }

    async fn replicate(
        &self,
        mut spec: Spec,
        folder: &Path,
        checkpoint: Option<String>,
        new: NewMachine,
        life: Life,
    ) -> Result<Held, Error> {
        if let Some(file) = self.look_again(&spec.name, &spec.launch).await? {
            spec.launch.look_again(file);
        }
        let (kernel, initramfs) = self.boot_files(&spec.launch).await?;
        let replica = Replica {
            folder: folder.to_owned(),
            checkpoint,
            options: new.options,
            hostname: new.hostname,
            qemu: self.qemu().await?.clone(),
            kernel,
            initramfs,
            templates: self.templates(),
            volumes: self.volumes.folder().to_owned(),
            spec,
        };
        let (machines, volumes) = (self.machines.clone(), self.volumes.clone());
        blocking(move || {
            let uses = replica.spec.volumes.clone();
            if uses.is_empty() {
                return machines.create_replica(replica, new.naming, life);
            }
            // From here on they are the machine's, and nobody removes them.
            let _lock = volumes.lock()?;
            if life == Life::Starting {
                claim_all(&volumes, &uses, |name| machines.holders(name, ""))?;
            }
            machines.create_replica(replica, new.naming, life)
        })
        .await
    }
}
