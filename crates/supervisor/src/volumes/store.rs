//! The folder with all volumes of a user: makes, finds, lists, claims and removes them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use lazaret_files::{Durability, LockedDirs, children, random_hex, try_flock};
use lazaret_rootfs::{Options, empty_disk};
use rustix::fs::FlockOperation;

use super::claim::Claim;
use super::name::is_volume_name;
use super::record::Volume;
use crate::room::{LEAST, MOST, writable_bytes};
use crate::{Error, Setting, clock};

const DISK: &str = "disk.ext4";
/// Offset of `s_feature_incompat` in an ext4 (`fs/ext4/ext4.h`), and its bit `RECOVER`.
const INCOMPATIBLE_FEATURES: u64 = 1024 + 0x60;
const NEEDS_RECOVERY: u32 = 4;
/// Number of random bytes of a name that nobody chose.
const NAME_BYTES: usize = 32;

/// The folder with all volumes of a user.
#[derive(Debug, Clone)]
pub(crate) struct Volumes {
    folder: PathBuf,
    unfinished: LockedDirs,
}

/// A volume that is to be made.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewVolume {
    /// Its name; a random one if there is none.
    pub(crate) name: Option<String>,
    /// Whether it is to be known as one that nobody named.
    pub(crate) anonymous: bool,
    /// Size of its disk in bytes; as much as the host can spare if there is none.
    pub(crate) bytes: Option<u64>,
    pub(crate) labels: BTreeMap<String, String>,
}

impl Volumes {
    /// The volumes in `folder`, which is made with the first one.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            unfinished: LockedDirs::new(folder.join(".unfinished")),
        }
    }

    /// Removes what dead processes left of volumes that they were making.
    pub(crate) fn sweep(&self) -> Result<(), Error> {
        self.unfinished.sweep()?;
        Ok(())
    }

    /// The folder with all volumes.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of one volume.
    pub(crate) fn folder_of(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The disk of a volume.
    pub(crate) fn disk(&self, name: &str) -> PathBuf {
        self.folder_of(name).join(DISK)
    }

    /// A name that no volume has.
    pub(crate) fn random_name() -> String {
        random_hex(NAME_BYTES)
    }

    /// Makes a volume; returns it, and whether it is new: one of that name stays as it is. Blocks.
    ///
    /// # Errors
    /// [`Error::VolumeName`], [`Error::Setting`] for its size; those of its files. Nothing is left
    /// behind then.
    pub(crate) fn create(&self, new: NewVolume) -> Result<(Volume, bool), Error> {
        let anonymous = new.anonymous || new.name.is_none();
        let name = new.name.unwrap_or_else(Self::random_name);
        match self.find(&name) {
            Err(Error::VolumeNotFound { .. }) => {}
            found => return Ok((found?, false)),
        }
        if let Some(bytes) = new.bytes.filter(|bytes| *bytes < LEAST) {
            return Err(Error::Setting {
                setting: Setting::Size,
                value: format!("{} MiB", bytes >> 20),
                reason: format!("a volume has at least {} MiB", LEAST >> 20),
            });
        }
        let unfinished = self.unfinished.create()?;
        let disk = unfinished.path().join(DISK);
        let size = new.bytes.unwrap_or_else(|| writable_bytes(&disk, MOST));
        write_disk(&disk, size)?;
        let volume = Volume {
            name,
            created: clock::nanoseconds(),
            labels: new.labels,
            size,
            anonymous,
        };
        volume.write(unfinished.path())?;
        Durability::Synced.sync_dir(unfinished.path())?;
        match unfinished.keep(&self.folder_of(&volume.name)) {
            Ok(_lock) => {}
            // Somebody else has made it meanwhile.
            Err(error) => match self.find(&volume.name) {
                Ok(found) => return Ok((found, false)),
                Err(_) => return Err(error.into()),
            },
        }
        Durability::Synced.sync_dir(&self.folder)?;
        Ok((volume, true))
    }

    /// All volumes, by name. A folder whose file cannot be read is left out, with a warning in the
    /// log.
    pub(crate) fn list(&self) -> Result<Vec<Volume>, Error> {
        let mut volumes = Vec::new();
        for folder in children(&self.folder)? {
            let name = folder.file_name().and_then(|name| name.to_str());
            let Some(name) = name.filter(|name| is_volume_name(name)) else {
                continue;
            };
            match self.find(name) {
                Ok(volume) => volumes.push(volume),
                Err(Error::VolumeNotFound { .. }) => {}
                Err(error) => {
                    tracing::warn!(folder = %folder.display(), %error, "volume not readable");
                }
            }
        }
        volumes.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(volumes)
    }

    /// The volume of this name.
    ///
    /// # Errors
    /// [`Error::VolumeName`], [`Error::VolumeNotFound`], [`Error::VolumeRecord`].
    pub(crate) fn find(&self, name: &str) -> Result<Volume, Error> {
        if !is_volume_name(name) {
            return Err(Error::VolumeName {
                name: name.to_owned(),
            });
        }
        match Volume::read(&self.folder_of(name), name.to_owned()) {
            Err(Error::Io { source, .. }) if lazaret_files::is_absent(&source) => {
                Err(Error::VolumeNotFound {
                    name: name.to_owned(),
                })
            }
            found => found,
        }
    }

    /// Claims a volume; `None` when others have claims that exclude this one.
    ///
    /// # Errors
    /// [`Error::VolumeNotFound`].
    pub(crate) fn claim(&self, name: &str, read_only: bool) -> Result<Option<Claim>, Error> {
        Claim::take(&self.folder_of(name), name, read_only)
    }

    /// Whether the last machine that wrote to a volume died before it had closed it: what it wrote last is
    /// only in the journal, which is replayed when the volume is mounted to be written to.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub(crate) fn is_unclosed(&self, name: &str) -> Result<bool, Error> {
        let path = self.disk(name);
        let mut features = [0; 4];
        let read = File::open(&path).and_then(|disk| {
            disk.read_exact_at(&mut features, INCOMPATIBLE_FEATURES)?;
            Ok(u32::from_le_bytes(features) & NEEDS_RECOVERY != 0)
        });
        read.map_err(Error::io("read", &path))
    }

    /// Waits until no other command gives volumes to machines or removes volumes, and keeps others
    /// from it as long as the returned file is open.
    pub(crate) fn lock(&self) -> Result<File, Error> {
        Durability::Synced.create_dirs(&self.folder)?;
        let path = self.folder.join(".lock");
        let open = || File::options().create(true).append(true).open(&path);
        let file = open().map_err(Error::io("open", &path))?;
        try_flock(&file, FlockOperation::LockExclusive, &path)?;
        Ok(file)
    }

    /// Removes a volume that no machine refers to, which the caller has made sure of under
    /// [`Volumes::lock`]; `false` when somebody has a claim on it.
    ///
    /// # Errors
    /// [`Error::VolumeNotFound`].
    pub(crate) fn remove(&self, name: &str, _lock: &File) -> Result<bool, Error> {
        let Some(_claim) = self.claim(name, false)? else {
            return Ok(false);
        };
        let folder = self.folder_of(name);
        // What is left after a crash is no volume any more, and swept.
        let grave = self.unfinished.create()?;
        fs::rename(&folder, grave.path().join(name)).map_err(Error::io("remove", &folder))?;
        Durability::Synced.sync_dir(&self.folder)?;
        grave.remove()?;
        Ok(true)
    }
}

/// Writes an empty disk and syncs it.
fn write_disk(path: &Path, size: u64) -> Result<(), Error> {
    let options = Options {
        label: "volume".to_owned(),
        journal: true,
        ..Options::default()
    };
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(Error::io("create", path))?;
    let copy = file.try_clone().map_err(Error::io("create", path))?;
    empty_disk(file, size, options).map_err(|source| Error::Convert {
        subject: "the disk of a volume".to_owned(),
        source,
    })?;
    copy.sync_all().map_err(Error::io("sync", path))
}

#[cfg(test)]
mod tests;
