//! What users do with volumes: make, list and remove them, and see which machines use them.

use std::collections::BTreeMap;

use crate::machines::Found;
use crate::volumes::{NewVolume, Volume};
use crate::{Error, Home, blocking, space};

/// A volume that is to be made.
#[derive(Debug, Clone, Default)]
pub struct WantedVolume {
    /// Its name; a random one if there is none.
    pub name: Option<String>,
    /// Size of its disk in bytes; as much as the host can spare if there is none.
    pub bytes: Option<u64>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
}

/// A volume, and who uses it.
#[derive(Debug, Clone)]
pub struct NamedVolume {
    /// What it is.
    pub volume: Volume,
    /// Names of the machines that use it, whether they run or not.
    pub machines: Vec<String>,
    /// Bytes that it takes on the host.
    pub allocated: u64,
    /// Its folder.
    pub folder: std::path::PathBuf,
}

impl Home {
    /// Makes a volume, unless there is one of that name.
    ///
    /// # Errors
    /// [`Error::VolumeName`], [`Error::Setting`]; those of its files. Nothing is left behind then.
    pub async fn create_volume(&self, wanted: WantedVolume) -> Result<Volume, Error> {
        let volumes = self.volumes.clone();
        let new = NewVolume {
            name: wanted.name,
            anonymous: false,
            bytes: wanted.bytes,
            labels: wanted.labels,
        };
        blocking(move || Ok(volumes.create(new)?.0)).await
    }

    /// All volumes, by name.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn volumes(&self) -> Result<Vec<NamedVolume>, Error> {
        let machines = self.machines.list()?;
        let volumes = self.volumes.list()?.into_iter();
        volumes
            .map(|volume| self.with_users(volume, &machines))
            .collect()
    }

    /// The volume of this name.
    ///
    /// # Errors
    /// [`Error::VolumeName`], [`Error::VolumeNotFound`], [`Error::VolumeRecord`].
    pub fn volume(&self, name: &str) -> Result<NamedVolume, Error> {
        self.with_users(self.volumes.find(name)?, &self.machines.list()?)
    }

    /// Removes a volume with everything on it.
    ///
    /// # Errors
    /// [`Error::VolumeNotFound`]; [`Error::VolumeInUse`] when a machine uses it, whether it runs or
    /// not.
    pub async fn remove_volume(&self, name: &str) -> Result<(), Error> {
        let (volumes, machines) = (self.volumes.clone(), self.machines.clone());
        let name = name.to_owned();
        blocking(move || {
            volumes.find(&name)?;
            let lock = volumes.lock()?;
            let users = machines.users(&name)?;
            if users.is_empty() && volumes.remove(&name, &lock)? {
                return Ok(());
            }
            Err(Error::VolumeInUse {
                name,
                machines: users.into_iter().map(|found| found.spec.name).collect(),
            })
        })
        .await
    }

    fn with_users(&self, volume: Volume, machines: &[Found]) -> Result<NamedVolume, Error> {
        let uses = |found: &&Found| {
            let mut used = found.spec.volumes.iter();
            used.any(|used| used.name == volume.name)
        };
        let users = machines.iter().filter(uses);
        let folder = self.volumes.folder_of(&volume.name);
        Ok(NamedVolume {
            machines: users.map(|found| found.spec.name.clone()).collect(),
            allocated: space::occupied(&folder).map_err(Error::io("inspect", &folder))?,
            folder,
            volume,
        })
    }
}
