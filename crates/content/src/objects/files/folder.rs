//! The folder with all objects, and the operations on their files.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lazaret_files::{is_absent, optional};
use tokio::sync::Semaphore;

use super::staged::StagedFile;
use super::writer::turns;
use crate::error::io;
use crate::{Blob, Durability, Error, Staged, UploadId};

/// Objects of at most this many bytes are read when they are opened.
const INLINE: u64 = 64 * 1024;

/// The folder of a store.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) root: PathBuf,
    pub(super) durability: Durability,
    pub(super) turns: Arc<Semaphore>,
}

impl Folder {
    /// Opens the folder, and creates it if needed.
    pub(super) fn open(root: PathBuf, durability: Durability) -> Result<Self, Error> {
        let folder = Self {
            root,
            durability,
            turns: Arc::new(turns()),
        };
        folder.create()?;
        Ok(folder)
    }

    /// Creates every folder now, so that sealing an object has only one folder to sync. An
    /// ephemeral store is to start at once, and creates each folder when it is needed.
    fn create(&self) -> Result<(), Error> {
        self.durability.create_dirs(&self.root)?;
        if self.durability == Durability::Ephemeral {
            return Ok(());
        }
        for number in 0..=u8::MAX {
            ensure_folder(&self.shard(number))?;
        }
        // Even if all exist: a process that died may have created them without a sync.
        Ok(self.durability.sync_dir(&self.root)?)
    }

    pub(super) fn shard(&self, number: u8) -> PathBuf {
        self.root.join(format!("{number:02x}"))
    }

    fn path(&self, id: &UploadId) -> PathBuf {
        let name = id.as_str();
        let mut path = PathBuf::with_capacity(self.root.as_os_str().len() + 4 + name.len());
        path.push(&self.root);
        path.push(&name[..2]);
        path.push(name);
        path
    }

    fn sync_folder_of(&self, path: &Path) -> Result<(), Error> {
        let folder = path.parent().unwrap_or(&self.root);
        Ok(self.durability.sync_dir(folder)?)
    }

    pub(super) fn append(&self, id: &UploadId, size: u64) -> Result<StagedFile, Error> {
        let path = self.path(id);
        if self.durability == Durability::Ephemeral
            && size == 0
            && let Some(shard) = path.parent()
        {
            ensure_folder(shard)?;
        }
        let write_back = self.durability == Durability::Synced;
        StagedFile::open(id, path, size, write_back)
    }

    /// Moves a file into the folder; `None` when it is on another file system.
    pub(super) fn adopt(&self, id: &UploadId, file: &Path) -> Result<Option<Staged>, Error> {
        let path = self.path(id);
        if let Some(shard) = path.parent() {
            ensure_folder(shard)?;
        }
        let size = fs::metadata(file).map_err(io("inspect", file))?.len();
        match fs::rename(file, &path) {
            Err(error) if error.kind() == ErrorKind::CrossesDevices => Ok(None),
            Err(error) => Err(io("move", file)(error)),
            Ok(()) => Ok(Some(Staged { size, state: None })),
        }
    }

    pub(super) fn seal(&self, id: &UploadId, size: u64) -> Result<(), Error> {
        let staged = self.append(id, size)?;
        if let Err(error) = self.durability.sync_file(&staged.file, &staged.path) {
            // The kernel reports a failed write-back only once, and then treats the pages as clean.
            // Remove the file, so that a second sync cannot be taken for a success.
            let _ = fs::remove_file(&staged.path);
            return Err(error.into());
        }
        self.sync_folder_of(&staged.path)
    }

    pub(super) fn read(
        &self,
        id: &UploadId,
        size: u64,
        range: Option<Range<u64>>,
    ) -> Result<Option<Blob>, Error> {
        let path = self.path(id);
        let Some(file) = optional(File::open(&path), "open", &path)? else {
            return Ok(None);
        };
        let actual = file.metadata().map_err(io("inspect", &path))?.len();
        if actual != size {
            return Err(damaged(id, format!("it has {actual} bytes, not {size}")));
        }
        if size > INLINE {
            return Ok(Some(Blob::from_file(file, size, range)));
        }
        let length = usize::try_from(size).map_err(|error| damaged(id, error.to_string()))?;
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, 0)
            .map_err(io("read", &path))?;
        Ok(Some(Blob::from_bytes(bytes.into(), range)))
    }

    pub(super) fn stat(&self, id: &UploadId) -> Result<Option<u64>, Error> {
        let path = self.path(id);
        let metadata = optional(fs::metadata(&path), "inspect", &path)?;
        Ok(metadata.map(|metadata| metadata.len()))
    }

    pub(super) fn delete(&self, id: &UploadId) -> Result<(), Error> {
        let path = self.path(id);
        match fs::remove_file(&path) {
            Err(error) if !is_absent(&error) => Err(io("remove", &path)(error)),
            // Even if the file was gone: the process that removed it may have died before the sync.
            _ => self.sync_folder_of(&path),
        }
    }
}

fn ensure_folder(path: &Path) -> Result<(), Error> {
    match fs::create_dir(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        outcome => outcome.map_err(io("create the folder", path)),
    }
}

fn damaged(id: &UploadId, why: String) -> Error {
    Error::Object {
        action: "read",
        id: id.clone(),
        source: why.into(),
    }
}
