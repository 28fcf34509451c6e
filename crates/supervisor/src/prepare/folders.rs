//! The folders and files of the host that a run is to have: only what the user asks for, never what an
//! artifact names.

use std::path::PathBuf;

use lazaret_artifacts::{GuestPath, Volume};

use crate::Error;
use crate::machines::FolderUse;

/// A folder or a file of the host that a run is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderRequest {
    /// Its path on the host; a relative one is of the working folder.
    pub source: PathBuf,
    /// Its path in the machine.
    pub target: GuestPath,
    /// Whether the machine cannot change it.
    pub read_only: bool,
}

/// A folder of a request that is there.
#[derive(Debug, Clone)]
pub(super) struct Settled {
    /// As one of the run's volumes, among which it takes the place of one that an agent names.
    pub(super) volume: Volume,
    pub(super) used: FolderUse,
}

/// Finds the folders. None is made.
pub(super) fn settle(requests: &[FolderRequest]) -> Result<Vec<Settled>, Error> {
    let settle = |request: &FolderRequest| {
        let found = lazaret_folders::look(&request.source)?;
        Ok(Settled {
            volume: Volume {
                source: found.path.display().to_string(),
                path: request.target.clone(),
                read_only: request.read_only,
            },
            used: FolderUse {
                source: found.path,
                target: request.target.to_string(),
                read_only: request.read_only,
                is_file: found.is_file,
            },
        })
    };
    requests.iter().map(settle).collect()
}
