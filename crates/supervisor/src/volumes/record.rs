//! The file that describes a volume. It is written once, before the volume has its name.

use std::collections::BTreeMap;
use std::path::Path;

use lazaret_files::Durability;
use serde::{Deserialize, Serialize};

use crate::Error;

const VERSION: u32 = 1;
const FILE: &str = "volume.json";

/// What a volume is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// When it was made, in nanoseconds since 1970.
    pub created: u64,
    /// The user's labels.
    pub labels: BTreeMap<String, String>,
    /// Size of its disk in bytes.
    pub size: u64,
    /// Whether nobody named it.
    pub anonymous: bool,
}

#[derive(Serialize, Deserialize)]
struct Record {
    version: u32,
    created: u64,
    labels: BTreeMap<String, String>,
    size: u64,
    anonymous: bool,
}

impl Volume {
    /// Reads the volume in `folder`.
    pub(super) fn read(folder: &Path, name: String) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let fail = |reason| Error::VolumeRecord {
            path: path.clone(),
            reason,
        };
        let text = std::fs::read(&path).map_err(Error::io("read", &path))?;
        let record: Record =
            serde_json::from_slice(&text).map_err(|error| fail(error.to_string()))?;
        if record.version != VERSION {
            let version = record.version;
            return Err(fail(format!(
                "it has version {version}, this program reads {VERSION}"
            )));
        }
        Ok(Self {
            name,
            created: record.created,
            labels: record.labels,
            size: record.size,
            anonymous: record.anonymous,
        })
    }

    /// Writes it to a folder that has no such file yet.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(FILE);
        let record = Record {
            version: VERSION,
            created: self.created,
            labels: self.labels.clone(),
            size: self.size,
            anonymous: self.anonymous,
        };
        let text = serde_json::to_vec(&record).map_err(std::io::Error::from);
        let text = text.map_err(Error::io("write", &path))?;
        Ok(Durability::Synced.create_file(&path, &text)?)
    }
}
