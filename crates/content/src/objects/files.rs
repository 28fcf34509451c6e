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

use crate::{
    Blob, BlobStore, BoxFuture, Durability, Error, ObjectWriter, Staged, StoredObject, UploadId,
};

use folder::Folder;
use writer::FileWriter;

/// An object store in the folder `objects` of a root. Several processes on one machine may share
/// it.
#[derive(Debug, Clone)]
pub struct FileObjects(Arc<Folder>);

impl FileObjects {
    /// Opens the folders below `root`, and creates them if needed.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(root: &Path, durability: Durability) -> Result<Self, Error> {
        let folder = Folder::open(root.join("objects"), durability)?;
        Ok(Self(Arc::new(folder)))
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
