//! Stores objects in files.
//!
//! ```text
//! objects/<first 2 digits>/<id>     written in place; never renamed
//! ```
//!
//! Files whose names are not those of objects are foreign, and are left alone.

mod folder;
mod listing;
mod staged;
mod writer;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use lazaret_files::blocking;
use lazaret_oci::Hasher;

use crate::reserve::Reserve;
use crate::{
    Blob, BlobStore, BoxFuture, Durability, Error, ObjectWriter, Staged, StoredObject, UploadId,
};

use folder::Folder;
use writer::FileWriter;

/// An object store in the folder `objects` of a root. Several processes on one machine may share
/// it.
#[derive(Debug, Clone)]
pub struct FileObjects {
    folder: Arc<Folder>,
    reserve: Reserve,
}

impl FileObjects {
    /// Opens the folders below `root`, and creates them if needed.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(root: &Path, durability: Durability) -> Result<Self, Error> {
        let folder = Arc::new(Folder::open(root.join("objects"), durability)?);
        let reserve = Reserve::new(root, 0);
        Ok(Self { folder, reserve })
    }

    /// Refuses content when it would leave less than `bytes` free on the disk.
    #[must_use]
    pub fn with_reserve(mut self, bytes: u64) -> Self {
        self.reserve = Reserve::new(&self.folder.root, bytes);
        self
    }
}

impl BlobStore for FileObjects {
    fn append<'a>(
        &'a self,
        id: &'a UploadId,
        staged: Staged,
        hasher: Option<Hasher>,
    ) -> BoxFuture<'a, Result<Box<dyn ObjectWriter>, Error>> {
        let (folder, id) = (Arc::clone(&self.folder), id.clone());
        let reserve = self.reserve.clone();
        Box::pin(blocking(move || {
            reserve.require()?;
            let file = folder.append(&id, staged.size)?;
            let turns = Arc::clone(&folder.turns);
            let writer = FileWriter::new(file, hasher, turns, reserve);
            Ok(Box::new(writer) as Box<dyn ObjectWriter>)
        }))
    }

    fn seal<'a>(
        &'a self,
        id: &'a UploadId,
        staged: &'a Staged,
    ) -> BoxFuture<'a, Result<(), Error>> {
        let (folder, id, size) = (Arc::clone(&self.folder), id.clone(), staged.size);
        Box::pin(blocking(move || folder.seal(&id, size)))
    }

    fn open<'a>(
        &'a self,
        id: &'a UploadId,
        size: u64,
        range: Option<Range<u64>>,
    ) -> BoxFuture<'a, Result<Option<Blob>, Error>> {
        let (folder, id) = (Arc::clone(&self.folder), id.clone());
        Box::pin(blocking(move || folder.read(&id, size, range)))
    }

    fn stat<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Result<Option<u64>, Error>> {
        let (folder, id) = (Arc::clone(&self.folder), id.clone());
        Box::pin(blocking(move || folder.stat(&id)))
    }

    fn delete<'a>(
        &'a self,
        id: &'a UploadId,
        _staged: &'a Staged,
    ) -> BoxFuture<'a, Result<(), Error>> {
        let (folder, id) = (Arc::clone(&self.folder), id.clone());
        Box::pin(blocking(move || folder.delete(&id)))
    }

    fn adopt<'a>(
        &'a self,
        id: &'a UploadId,
        file: &'a Path,
    ) -> BoxFuture<'a, Result<Option<Staged>, Error>> {
        let (folder, id, file) = (Arc::clone(&self.folder), id.clone(), file.to_owned());
        Box::pin(blocking(move || folder.adopt(&id, &file)))
    }

    fn room(&self) -> BoxFuture<'_, Result<(), Error>> {
        let reserve = self.reserve.clone();
        Box::pin(blocking(move || reserve.require()))
    }

    fn list<'a>(
        &'a self,
        after: Option<&'a UploadId>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<StoredObject>, Error>> {
        let (folder, after) = (Arc::clone(&self.folder), after.cloned());
        Box::pin(blocking(move || folder.list(after.as_ref(), limit)))
    }
}
