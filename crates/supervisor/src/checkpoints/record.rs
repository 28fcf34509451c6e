//! The file that describes a checkpoint. It is written once, before the checkpoint has its name.

use std::path::Path;

use lazaret_files::{Durability, read_regular};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::checkpoint_error::CheckpointError;
use crate::machines::Spec;

const VERSION: u32 = 1;
const FILE: &str = "checkpoint.json";
/// Largest file in bytes; a machine is described by at most some hundred KiB.
const MAX_BYTES: u64 = 4 << 20;

/// What a checkpoint is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checkpoint {
    version: u32,
    /// Its name.
    #[serde(skip)]
    pub name: String,
    /// When it was made, in nanoseconds since 1970.
    pub created: u64,
    /// The machine that was saved, as it was then.
    pub machine: Spec,
}

impl Checkpoint {
    pub(crate) fn new(name: &str, created: u64, machine: Spec) -> Self {
        Self {
            version: VERSION,
            name: name.to_owned(),
            created,
            machine,
        }
    }

    /// Reads the checkpoint in `folder`.
    pub(super) fn read(folder: &Path, name: String) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let fail = |reason| {
            Error::from(CheckpointError::Record {
                path: path.clone(),
                reason,
            })
        };
        let text = read_regular(&path, MAX_BYTES).map_err(Error::io("read", &path))?;
        let mut record: Self =
            serde_json::from_slice(&text).map_err(|error| fail(error.to_string()))?;
        if record.version != VERSION {
            let version = record.version;
            return Err(fail(format!(
                "it has version {version}, this program reads {VERSION}"
            )));
        }
        record.name = name;
        Ok(record)
    }

    /// Writes it to a folder that has no such file yet.
    pub(super) fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(FILE);
        let text = serde_json::to_vec(self).map_err(std::io::Error::from);
        let text = text.map_err(Error::io("write", &path))?;
        Ok(Durability::Synced.create_file(&path, &text)?)
    }
}
