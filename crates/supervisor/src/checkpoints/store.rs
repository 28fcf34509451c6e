//! The folder with all checkpoints of a user: makes, finds, lists and removes them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use lazaret_files::{
    Durability, LockedDir, LockedDirs, children, is_absent, lock_folder, try_flock,
};
use rustix::fs::FlockOperation;

use super::record::Checkpoint;
use crate::Error;
use crate::checkpoint_error::CheckpointError;
use crate::machines::is_name;

/// The folder with all checkpoints of a user.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoints {
    folder: PathBuf,
    unfinished: LockedDirs,
}

impl Checkpoints {
    /// The checkpoints in `folder`, which is made with the first one.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            unfinished: LockedDirs::new(folder.join(".unfinished")),
        }
    }

    /// Removes what dead processes left of checkpoints that they were making or removing. What cannot
    /// be removed is left to the next command: the holder of a machine may still be writing to it.
    pub(crate) fn sweep(&self) {
        if let Err(error) = self.unfinished.sweep() {
            tracing::debug!(%error, "an unfinished checkpoint stays for now");
        }
    }

    /// The place of a checkpoint of this name.
    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Refuses a name that is none, or that is taken.
    ///
    /// # Errors
    /// [`CheckpointError::Name`], [`CheckpointError::Exists`].
    pub(crate) fn check_new(&self, name: &str) -> Result<(), Error> {
        check(name)?;
        match self.place(name).exists() {
            false => Ok(()),
            true => Err(CheckpointError::Exists {
                name: name.to_owned(),
            }
            .into()),
        }
    }

    /// An empty folder for one more checkpoint, which goes with the returned value.
    pub(crate) fn begin(&self) -> Result<LockedDir, Error> {
        Ok(self.unfinished.create()?)
    }

    /// Gives a checkpoint its name, when all of it is on the disk. Blocks.
    ///
    /// # Errors
    /// [`CheckpointError::Exists`], [`Error::Io`]. Nothing is left behind then.
    pub(crate) fn finish(&self, made: LockedDir, checkpoint: &Checkpoint) -> Result<(), Error> {
        sync(made.path())?;
        checkpoint.write(made.path())?;
        Durability::Synced.sync_dir(made.path())?;
        self.check_new(&checkpoint.name)?;
        drop(made.keep(&self.place(&checkpoint.name))?);
        Ok(Durability::Synced.sync_dir(&self.folder)?)
    }

    /// All checkpoints, by name. One that cannot be read is left out, with a warning in the log.
    pub(crate) fn list(&self) -> Result<Vec<Checkpoint>, Error> {
        let mut found = Vec::new();
        for folder in children(&self.folder)? {
            let name = folder.file_name().and_then(|name| name.to_str());
            let Some(name) = name.filter(|name| is_name(name)) else {
                continue;
            };
            match Checkpoint::read(&folder, name.to_owned()) {
                Ok(checkpoint) => found.push(checkpoint),
                Err(Error::Io { source, .. }) if is_absent(&source) => {}
                Err(error) => {
                    tracing::warn!(folder = %folder.display(), %error, "checkpoint not readable");
                }
            }
        }
        found.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(found)
    }

    /// The checkpoint of this name.
    ///
    /// # Errors
    /// [`CheckpointError::NotFound`], [`CheckpointError::Record`].
    pub(crate) fn find(&self, name: &str) -> Result<Checkpoint, Error> {
        let missing = || {
            Error::from(CheckpointError::NotFound {
                name: name.to_owned(),
            })
        };
        if !is_name(name) {
            return Err(missing());
        }
        match Checkpoint::read(&self.place(name), name.to_owned()) {
            Err(Error::Io { source, .. }) if is_absent(&source) => Err(missing()),
            found => found,
        }
    }

    /// Keeps a checkpoint from being removed while the returned file is open.
    pub(crate) fn keep(&self, name: &str) -> Result<File, Error> {
        let place = self.place(name);
        let folder = File::open(&place).map_err(Error::io("open", &place))?;
        try_flock(&folder, FlockOperation::LockShared, &place)?;
        Ok(folder)
    }

    /// Removes a checkpoint; `false` when a machine is made from it right now. Blocks.
    pub(crate) fn remove(&self, name: &str) -> Result<bool, Error> {
        self.find(name)?;
        let place = self.place(name);
        let Some(_lock) = lock_folder(&place)? else {
            return Ok(false);
        };
        // It is gone at once, whatever happens to the files.
        let going = self.unfinished.create()?;
        let moved = fs::rename(&place, going.path().join(name));
        moved.map_err(Error::io("remove", &place))?;
        Durability::Synced.sync_dir(&self.folder)?;
        going.remove()?;
        Ok(true)
    }
}

fn check(name: &str) -> Result<(), Error> {
    match is_name(name) {
        true => Ok(()),
        false => Err(CheckpointError::Name {
            name: name.to_owned(),
        }
        .into()),
    }
}

/// Syncs all files below a folder.
fn sync(folder: &Path) -> Result<(), Error> {
    for entry in children(folder)? {
        let data = fs::symlink_metadata(&entry).map_err(Error::io("inspect", &entry))?;
        if data.is_dir() {
            sync(&entry)?;
        } else if data.is_file() {
            let file = File::open(&entry).map_err(Error::io("open", &entry))?;
            Durability::Synced.sync_file(&file, &entry)?;
        }
    }
    Ok(Durability::Synced.sync_dir(folder)?)
}
