//! The record of an installation: what was there before, and how to know what was written.
//!
//! The texts are in the record itself and not beside the files: engines read whole folders, and one file that is
//! replaced as a whole cannot be out of step with itself. It has mode 0600, because configurations have secrets.
//! It is written before the files are, so that whatever happens then can be undone: which files have been written
//! is seen from their digests.

use std::fs::File;
use std::path::{Path, PathBuf};

use lazaret_files::{Durability, io, is_absent, read_regular_text};
use lazaret_values::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::error::Error;
use super::plan::{Change, Step};

const VERSION: u32 = 1;
/// Largest record, in bytes: some dozens of the largest files.
const LARGEST: u64 = 64 << 20;

/// The record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    version: u32,
    /// The root folder.
    pub(super) root: PathBuf,
    /// The files, in the order in which they were first written.
    pub(super) files: Vec<Entry>,
    /// Folders that were made for them, parents first.
    pub(super) folders: Vec<PathBuf>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// The file, root folder included.
    pub(super) path: PathBuf,
    /// Its text before; none when there was no such file.
    pub(super) before: Option<String>,
    /// The digests of what installations have written, none standing for no file.
    pub(super) written: Vec<Option<String>>,
    /// Whether `before` is what somebody made of an earlier installation's text.
    pub(super) edited: bool,
    /// What makes the engine read it.
    pub(super) step: Option<Step>,
}

impl Entry {
    /// Whether an installation has written this text.
    pub(super) fn is_ours(&self, text: Option<&str>) -> bool {
        self.written.contains(&digest(text))
    }
}

impl Record {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            version: VERSION,
            root: root.to_owned(),
            files: Vec::new(),
            folders: Vec::new(),
        }
    }

    /// Reads a record; none when there is none.
    pub(super) fn load(path: &Path) -> Result<Option<Self>, Error> {
        let failed = |reason: String| Error::Record {
            path: path.to_owned(),
            reason,
        };
        let text = match read_regular_text(path, LARGEST) {
            Err(error) if is_absent(&error) => return Ok(None),
            text => text.map_err(io("read", path))?,
        };
        // The words of the parser may quote a secret.
        let record: Self = serde_json::from_str(&text).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            failed(format!("it is damaged at line {line}, column {column}"))
        })?;
        if record.version != VERSION {
            let version = record.version;
            return Err(failed(format!(
                "it has version {version}, this program reads {VERSION}"
            )));
        }
        Ok(Some(record))
    }

    /// Replaces the record; its folder must exist.
    pub(super) fn save(&self, path: &Path) -> Result<(), Error> {
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::Record {
            path: path.to_owned(),
            reason: format!("it cannot be written: {error}"),
        })?;
        Ok(lazaret_files::replace(path, text.as_bytes(), 0o600)?)
    }

    /// Adds a change that is about to be made.
    pub(super) fn add(&mut self, change: &Change) {
        let after = digest(change.after.as_deref());
        let Some(entry) = self
            .files
            .iter_mut()
            .find(|entry| entry.path == change.path)
        else {
            self.files.push(Entry {
                path: change.path.clone(),
                before: change.before.clone(),
                written: vec![after],
                edited: false,
                step: change.step,
            });
            return;
        };
        if entry.is_ours(change.before.as_deref()) || entry.before == change.before {
            // Both: the process may end before the new text is written.
            entry.written.push(after);
        } else {
            // Somebody has changed what an earlier installation wrote. That is what would be lost.
            entry.before.clone_from(&change.before);
            entry.written = vec![after];
            entry.edited = true;
        }
    }
}

fn digest(text: Option<&str>) -> Option<String> {
    text.map(|text| format!("sha256:{}", hex(&Sha256::digest(text))))
}

/// Makes the folder of a record and locks it, so that one process at a time uses the record.
pub(super) fn lock(record: &Path) -> Result<File, Error> {
    let folder = match record.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    Durability::Synced.create_dirs(folder)?;
    let lock = File::open(folder).map_err(io("open the folder", folder))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::Busy {
            folder: folder.to_owned(),
        }),
        Err(std::fs::TryLockError::Error(error)) => Err(io("lock", folder)(error).into()),
    }
}

#[cfg(test)]
mod tests;
