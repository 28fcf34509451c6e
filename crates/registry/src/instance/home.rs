//! The folder of an instance.

use std::path::PathBuf;

use lazaret_content::Durability;
use lazaret_files::{LockedDir, LockedDirs};

use super::source::Root;
use crate::Error;

/// The folder of an instance, with the durability of its content.
pub(super) struct Home {
    pub(super) path: PathBuf,
    /// Whether acknowledged writes survive a power loss.
    pub(super) durability: Durability,
    /// The lock of a temporary folder, which is removed when this value is dropped.
    pub(super) lock: Option<LockedDir>,
}

impl Home {
    /// Prepares the folder. A lasting folder is made when the first file is put there.
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
