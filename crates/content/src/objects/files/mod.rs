//! Objects in files.
//!
//! ```text
//! objects/<first 2 digits>/<id>     from the first byte on; nothing is ever renamed
//! ```
//!
//! What is in a folder of this store is an object or foreign; foreign files are left alone.

mod io_thread;
mod listing;
mod staged;
mod writer;

use std::fs::{self, File};
use std::io::ErrorKind;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lazaret_oci::Hasher;
use tokio::sync::Semaphore;

use crate::error::io;
use crate::{
    Blob, BlobStore, BoxFuture, Durability, Error, ObjectWriter, Staged, StoredObject, UploadId,
};
use lazaret_files::{is_absent, optional};

use io_thread::blocking;
use staged::StagedFile;
use writer::FileWriter;

/// Objects of at most this many bytes are read while they are opened.
const INLINE: u64 = 64 * 1024;

/// Objects in the folder `objects` of a root. Several processes on one machine may share it.
#[derive(Debug, Clone)]
pub struct FileObjects(Arc<Folder>);

#[derive(Debug)]
struct Folder {
    root: PathBuf,
    durability: Durability,
    turns: Arc<Semaphore>,
}

impl FileObjects {
    /// Opens, and creates when needed, the folders below `root`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(root: &Path, durability: Durability) -> Result<Self, Error> {
        let folder = Folder {
            root: root.join("objects"),
            durability,
            turns: Arc::new(writer::turns()),
        };
        folder.create()?;
        Ok(Self(Arc::new(folder)))
    }
}

impl Folder {
    /// Makes every folder now, so that sealing an object has one folder to sync. Where nothing
    /// is synced, each is made when it is needed: such a store is to start at once.
    fn create(&self) -> Result<(), Error> {
        self.durability.create_dirs(&self.root)?;
        if self.durability == Durability::Ephemeral {
            return Ok(());
        }
        for number in 0..=u8::MAX {
            ensure_folder(&self.shard(number))?;
        }
        // Also when all are there: a process that died may have made them and not synced.
        Ok(self.durability.sync_dir(&self.root)?)
    }

    fn shard(&self, number: u8) -> PathBuf {
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

    fn append(&self, id: &UploadId, size: u64) -> Result<StagedFile, Error> {
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

    fn seal(&self, id: &UploadId, size: u64) -> Result<(), Error> {
        let staged = self.append(id, size)?;
        if let Err(error) = self.durability.sync_file(&staged.file, &staged.path) {
            // The kernel says only once that it could not write, and keeps the pages as if it
            // had. Without the file nobody can take a second sync for a success.
            let _ = fs::remove_file(&staged.path);
            return Err(error.into());
        }
        self.sync_folder_of(&staged.path)
    }

    fn read(
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

    fn stat(&self, id: &UploadId) -> Result<Option<u64>, Error> {
        let path = self.path(id);
        let metadata = optional(fs::metadata(&path), "inspect", &path)?;
        Ok(metadata.map(|metadata| metadata.len()))
    }

    fn delete(&self, id: &UploadId) -> Result<(), Error> {
        let path = self.path(id);
        match fs::remove_file(&path) {
            Err(error) if !is_absent(&error) => Err(io("remove", &path)(error)),
            // Also when it was gone: whoever removed it may have died before the sync.
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

impl BlobStore for FileObjects {
    fn append<'a>(
        &'a self,
        id: &'a UploadId,
        staged: Staged,
        hasher: Option<Hasher>,
    ) -> BoxFuture<'a, Result<Box<dyn ObjectWriter>, Error>> {
        let (folder, id) = (Arc::clone(&self.0), id.clone());
        Box::pin(blocking(move || {
            let file = folder.append(&id, staged.size)?;
            let turns = Arc::clone(&folder.turns);
            Ok(Box::new(FileWriter::new(file, hasher, turns)) as Box<dyn ObjectWriter>)
        }))
    }

    fn seal<'a>(
        &'a self,
        id: &'a UploadId,
        staged: &'a Staged,
    ) -> BoxFuture<'a, Result<(), Error>> {
        let (folder, id, size) = (Arc::clone(&self.0), id.clone(), staged.size);
        Box::pin(blocking(move || folder.seal(&id, size)))
    }

    fn open<'a>(
        &'a self,
        id: &'a UploadId,
        size: u64,
        range: Option<Range<u64>>,
    ) -> BoxFuture<'a, Result<Option<Blob>, Error>> {
        let (folder, id) = (Arc::clone(&self.0), id.clone());
        Box::pin(blocking(move || folder.read(&id, size, range)))
    }

    fn stat<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Result<Option<u64>, Error>> {
        let (folder, id) = (Arc::clone(&self.0), id.clone());
        Box::pin(blocking(move || folder.stat(&id)))
    }

    fn delete<'a>(
        &'a self,
        id: &'a UploadId,
        _staged: &'a Staged,
    ) -> BoxFuture<'a, Result<(), Error>> {
        let (folder, id) = (Arc::clone(&self.0), id.clone());
        Box::pin(blocking(move || folder.delete(&id)))
    }

    fn list<'a>(
        &'a self,
        after: Option<&'a UploadId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<StoredObject>, Error>> {
        let (folder, after) = (Arc::clone(&self.0), after.cloned());
        Box::pin(blocking(move || folder.list(after.as_ref(), limit)))
    }
}
