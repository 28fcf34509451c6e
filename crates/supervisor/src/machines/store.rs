//! The folder with all machines of a user: makes, finds, lists and removes them.
//!
//! ```text
//! machines/
//!     names.lock              held while a name is given
//!     <id>/                   a machine; its holder has the lock of the folder
//!     lazaret-<random>/       one that is being made; whoever makes it has the lock
//! ```

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use lazaret_files::{LockedDirs, children, is_absent, lock_folder, random_hex, try_flock};
use rustix::fs::FlockOperation;

use super::design::Design;
use super::events::{self, Action, MachineEvents};
use super::life::{Life, Step};
use super::names;
use super::record::{Named, Options, Spec, State};
use super::replica::Replica;
use super::{Naming, attached, audited, socket};
use crate::{Error, clock};

/// Why a machine is lost whose holder died.
const HOLDER_ENDED: &str = "the process that held it ended";

/// Number of random bytes of an id.
const ID_BYTES: usize = 32;

/// The folder with all machines of a user.
#[derive(Debug, Clone)]
pub(crate) struct Machines {
    folder: PathBuf,
    unfinished: LockedDirs,
}

/// A machine as its files describe it.
#[derive(Debug, Clone)]
pub struct Found {
    /// What it is.
    pub spec: Spec,
    /// How it is.
    pub state: State,
    /// Its folder.
    pub folder: PathBuf,
}

/// A machine that this process may change: it has the lock of its folder.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) found: Found,
    pub(crate) lock: File,
}

impl Machines {
    /// All machines in the folder that a machine's own folder is in.
    pub(super) fn around(folder: &Path) -> Self {
        let folder = folder.parent().unwrap_or(folder).to_owned();
        Self {
            unfinished: LockedDirs::new(folder.clone()),
            folder,
        }
    }

    /// Opens `folder`. Settles machines whose holder died: ends their emulators, and records that
    /// they are lost.
    pub(crate) fn open(folder: PathBuf) -> Result<Self, Error> {
        let machines = Self {
            unfinished: LockedDirs::new(folder.clone()),
            folder,
        };
        machines.settle_all()?;
        Ok(machines)
    }

    /// Settles machines whose holder died, and removes those that nobody makes any more.
    pub(crate) fn settle_all(&self) -> Result<(), Error> {
        self.unfinished.sweep()?;
        for found in self.list()? {
            if found.state.life.is_held()
                && let Some(lock) = lock_folder(&found.folder)?
                // Where nothing can be written, commands that only read work all the same.
                && let Err(error) = settle(&found.folder, &lock)
            {
                tracing::warn!(folder = %found.folder.display(), %error, "loss not recorded");
            }
        }
        Ok(())
    }

    /// Makes a machine with all files that it starts from, in this state. Blocks.
    ///
    /// # Errors
    /// [`Error::MachineName`], [`Error::MachineExists`]; those of its files. Nothing is left behind
    /// then.
    pub(crate) fn create(
        &self,
        design: Design,
        naming: Naming,
        mut options: Options,
        life: Life,
    ) -> Result<Held, Error> {
        options.stop_signal = options.stop_signal.or(design.stop_signal);
        self.make(naming, life, |folder, naming| {
            let volumes = design.volumes.clone();
            let (launch, boot, image) = design.lay_out(folder)?;
            let mut spec = Spec::new(naming, options, image, launch, boot);
            spec.volumes = volumes;
            Ok(spec)
        })
    }

    /// Makes a machine that begins as a copy of a saved one, in this state. Blocks.
    ///
    /// # Errors
    /// As [`Machines::create`]; [`Error::Vm`] for one that cannot begin on this host.
    pub(crate) fn create_replica(
        &self,
        replica: Replica,
        naming: Naming,
        life: Life,
    ) -> Result<Held, Error> {
        self.make(naming, life, |folder, naming| {
            replica.lay_out(folder, naming)
        })
    }

    /// Makes a machine whose files `lay_out` writes to its folder; it returns what the machine is.
    fn make(
        &self,
        naming: Naming,
        life: Life,
        lay_out: impl FnOnce(&Path, Named) -> Result<Spec, Error>,
    ) -> Result<Held, Error> {
        if let Some(name) = &naming.name {
            names::check(name)?;
            // Checked before the work, and once more when the name is given.
            self.refuse_taken(name)?;
        }
        let unfinished = self.unfinished.create()?;
        let named = Named {
            id: random_hex(ID_BYTES),
            name: String::new(),
            created: clock::nanoseconds(),
            labels: naming.labels,
        };
        let mut spec = lay_out(unfinished.path(), named)?;
        let _naming = self.lock_names()?;
        spec.name = match naming.name {
            Some(name) => {
                self.refuse_taken(&name)?;
                name
            }
            None => {
                let taken: Vec<String> = self.list()?.into_iter().map(|m| m.spec.name).collect();
                names::choose(&taken)
            }
        };
        let state = State::new(life);
        spec.write(unfinished.path())?;
        state.write(unfinished.path())?;
        let folder = self.folder.join(&spec.id);
        let lock = unfinished.keep(&folder)?;
        events::note(&self.folder, Action::Create, &spec, None);
        let found = Found {
            spec,
            state,
            folder,
        };
        Ok(Held { found, lock })
    }

    /// All machines, the newest first. A folder whose files cannot be read is left out, with a
    /// warning in the log.
    pub(crate) fn list(&self) -> Result<Vec<Found>, Error> {
        let mut machines = Vec::new();
        for folder in children(&self.folder)? {
            let name = folder.file_name().and_then(|name| name.to_str());
            if !name.is_some_and(is_id) {
                continue;
            }
            match read(folder.clone()) {
                Ok(Some(found)) => machines.push(found),
                Ok(None) => {}
                Err(error) => {
                    tracing::warn!(folder = %folder.display(), %error, "machine not readable");
                }
            }
        }
        machines.sort_by_key(|found| std::cmp::Reverse(found.spec.created));
        Ok(machines)
    }

    /// The machine with this name, id or beginning of an id.
    ///
    /// # Errors
    /// [`Error::MachineNotFound`]; [`Error::MachineAmbiguous`] for a beginning of several ids.
    pub(crate) fn find(&self, wanted: &str) -> Result<Found, Error> {
        let machines = self.list()?;
        let exact = |found: &&Found| found.spec.name == wanted || found.spec.id == wanted;
        if let Some(found) = machines.iter().find(exact) {
            return Ok(found.clone());
        }
        let is_digits = !wanted.is_empty() && wanted.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mut similar = machines
            .into_iter()
            .filter(|found| is_digits && found.spec.id.starts_with(wanted));
        let Some(first) = similar.next() else {
            return Err(Error::MachineNotFound {
                name: wanted.to_owned(),
            });
        };
        let others: Vec<Found> = similar.collect();
        if others.is_empty() {
            return Ok(first);
        }
        let names = std::iter::once(&first).chain(&others);
        let names = names.map(|found| format!("{} ({})", found.spec.short_id(), found.spec.name));
        Err(Error::MachineAmbiguous {
            text: wanted.to_owned(),
            names: names.collect(),
        })
    }

    /// The machines that use a volume, whether they run or not.
    pub(crate) fn users(&self, volume: &str) -> Result<Vec<Found>, Error> {
        let mut users = self.list()?;
        users.retain(|found| found.spec.volumes.iter().any(|used| used.name == volume));
        Ok(users)
    }

    /// The names of other machines than this one that run and use a volume.
    pub(crate) fn holders(&self, volume: &str, id: &str) -> Result<Vec<String>, Error> {
        let users = self.users(volume)?.into_iter();
        let running = users.filter(|found| found.state.life.is_held() && found.spec.id != id);
        Ok(running.map(|found| found.spec.name).collect())
    }

    /// Takes the lock of a machine that no process holds; `None` when one does.
    pub(crate) fn hold(&self, found: &Found) -> Result<Option<Held>, Error> {
        let Some(lock) = lock_folder(&found.folder)? else {
            return Ok(None);
        };
        settle(&found.folder, &lock)?;
        match read(found.folder.clone())? {
            Some(found) => Ok(Some(Held { found, lock })),
            None => Err(Error::MachineNotFound {
                name: found.spec.name.clone(),
            }),
        }
    }

    /// The events of all machines.
    pub(crate) fn events(&self) -> Result<MachineEvents, Error> {
        MachineEvents::new(&self.folder)
    }

    /// Changes the description of a machine; the others wait meanwhile.
    pub(crate) fn update(
        &self,
        folder: &Path,
        change: impl FnOnce(&mut Spec),
    ) -> Result<Spec, Error> {
        let _naming = self.lock_names()?;
        let mut spec = Spec::read(folder)?;
        change(&mut spec);
        spec.write(folder)?;
        Ok(spec)
    }

    /// Gives a machine another name.
    ///
    /// # Errors
    /// [`Error::MachineName`], [`Error::MachineExists`], [`Error::Io`].
    pub(crate) fn rename(&self, found: &Found, name: &str) -> Result<(), Error> {
        names::check(name)?;
        let _naming = self.lock_names()?;
        self.refuse_taken(name)?;
        let mut spec = Spec::read(&found.folder)?;
        name.clone_into(&mut spec.name);
        spec.write(&found.folder)?;
        events::note(&self.folder, Action::Rename, &spec, None);
        Ok(())
    }

    fn refuse_taken(&self, name: &str) -> Result<(), Error> {
        let taken = |found: &Found| found.spec.name == name || found.spec.id == name;
        match self.list()?.iter().find(|found| taken(found)) {
            None => Ok(()),
            Some(found) => Err(Error::MachineExists {
                name: name.to_owned(),
                id: found.spec.short_id().to_owned(),
            }),
        }
    }

    /// Waits for the lock under which names are given.
    fn lock_names(&self) -> Result<File, Error> {
        let path = self.folder.join("names.lock");
        let open = || File::options().create(true).append(true).open(&path);
        let file = open().map_err(Error::io("open", &path))?;
        try_flock(&file, FlockOperation::LockExclusive, &path)?;
        Ok(file)
    }
}

/// Removes the folder of a machine.
pub(crate) fn remove(folder: &Path, spec: &Spec) -> Result<(), Error> {
    match fs::remove_dir_all(folder) {
        Err(error) if !is_absent(&error) => {
            return Err(Error::io("remove the folder", folder)(error));
        }
        _ => {}
    }
    if let Some(machines) = folder.parent() {
        events::note(machines, Action::Destroy, spec, None);
    }
    Ok(())
}

/// Removes the folder of a machine, and the volumes that were made for it alone.
pub(crate) fn remove_with_volumes(spec: &Spec, folder: &Path) -> Result<(), Error> {
    remove(folder, spec)?;
    let machines = Machines::around(folder);
    attached::discard(spec, |name| Ok(!machines.users(name)?.is_empty()))
}

/// Ends what a dead holder left of a machine, whose lock the caller has.
fn settle(folder: &Path, _lock: &File) -> Result<(), Error> {
    let Some(found) = read(folder.to_owned())? else {
        return Ok(());
    };
    let mut state = found.state;
    if !state.life.is_held() {
        return Ok(());
    }
    if let Some(emulator) = state.emulator.take() {
        emulator.end();
    }
    let machines = folder.parent().unwrap_or(folder);
    events::note(machines, Action::Die, &found.spec, Life::Lost.status());
    audited::lost(folder, &found.spec, HOLDER_ENDED);
    if found.spec.options.remove {
        return remove_with_volumes(&found.spec, folder);
    }
    state.life = match state.life {
        Life::Stopping(_) => state.life.after(Step::Gone)?,
        _ => Life::Lost,
    };
    state.finished = Some(clock::nanoseconds());
    state.error = Some(HOLDER_ENDED.to_owned());
    let _absent = fs::remove_file(socket::path(folder));
    state.write(folder)
}

fn read(folder: PathBuf) -> Result<Option<Found>, Error> {
    let read = || Ok((Spec::read(&folder)?, State::read(&folder)?));
    match read() {
        Ok((spec, state)) => Ok(Some(Found {
            spec,
            state,
            folder,
        })),
        Err(Error::Io { source, .. }) if is_absent(&source) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_id(name: &str) -> bool {
    name.len() == ID_BYTES * 2 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
