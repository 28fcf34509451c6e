//! The folder of an instance.

use std::path::PathBuf;

use lazaret_content::Durability;
use lazaret_files::{LockedDir, LockedDirs};

use super::source::Root;
use crate::Error;

/// The folder of an instance, and how well its content is kept.
pub(super) struct Home {
    pub(super) path: PathBuf,
    /// Whether acknowledged writes survive a loss of power.
    pub(super) durability: Durability,
    /// Removes a temporary folder when it is dropped.
    pub(super) lock: Option<LockedDir>,
}

impl Home {
    /// Prepares the folder. A lasting one is made when something is put there.
    ///
    /// # Errors
    /// Fails when a temporary folder cannot be made or locked.
    pub(super) fn open(root: &Root) -> Result<Self, Error> {
        let parent = match root {
            Root::Lasting(path) => {
                return Ok(Self {
                    path: path.clone(),
                    durability: Durability::Synced,
                    lock: None,
                });
            }
            Root::Temporary(parent) => parent,
        };
        std::fs::create_dir_all(parent).map_err(|source| Error::Create {
            path: parent.clone(),
            source,
        })?;
        let failed = |source| Error::Temporary {
            path: parent.clone(),
            source,
        };
        let folders = LockedDirs::new(parent);
        folders.sweep().map_err(failed)?;
        let folder = folders.create().map_err(failed)?;
        Ok(Self {
            path: folder.path().to_owned(),
            durability: Durability::Ephemeral,
            lock: Some(folder),
        })
    }
}
