//! What the holder of a machine must know of its services: `integrations.json` in the machine's folder. It
//! has placeholders, and where secrets are, but no secret.

use std::path::Path;

use lazaret_egress::Integration;
use lazaret_files::{is_absent, read_regular};
use lazaret_secrets::Settings;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::integration_error::IntegrationError;

/// Name of the file in a machine's folder.
const RUN_FILE: &str = "integrations.json";
const VERSION: u32 = 1;
/// Largest file, in bytes.
const LARGEST: u64 = 64 << 20;

/// The services of one machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    version: u32,
    /// Where the secrets are.
    pub(crate) secrets: Settings,
    /// The services.
    pub(crate) integrations: Vec<Integration>,
}

impl RunRecord {
    pub(crate) fn new(secrets: Settings, integrations: Vec<Integration>) -> Self {
        Self {
            version: VERSION,
            secrets,
            integrations,
        }
    }

    /// Writes the file of a machine that is being made.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Error> {
        let path = folder.join(RUN_FILE);
        let text = serde_json::to_vec(self).map_err(std::io::Error::from);
        let text = text.map_err(Error::io("write", &path))?;
        std::fs::write(&path, text).map_err(Error::io("write", &path))
    }

    /// Reads the file; `None` for a machine without services.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(RUN_FILE);
        let text = match read_regular(&path, LARGEST) {
            Err(error) if is_absent(&error) => return Ok(None),
            text => text.map_err(Error::io("read", &path))?,
        };
        let failed = |reason: String| IntegrationError::Record {
            path: path.clone(),
            reason,
        };
        let record: Self =
            serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))?;
        match record.version {
            VERSION => Ok(Some(record)),
            other => Err(failed(format!(
                "it has version {other}, this program reads {VERSION}"
            ))
            .into()),
        }
    }
}
