//! [`BlobStore`] over files.

use std::collections::HashMap;
use std::fs::{self, File};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lazaret_oci::{Algorithm, Digest, Hasher};

use super::blocking;
use super::staged::{Running, Staged};
use super::tree::{BlobTree, children};
use super::writer::FsUploadWriter;
use crate::durable::optional;
use crate::error::io;
use crate::{Blob, BlobStore, BoxFuture, Durability, Error, UploadId, UploadWriter};

/// Blobs of at most this size are read while they are opened.
const INLINE: u64 = 64 * 1024;

/// Blobs and uploads in the folders `blobs` and `uploads` of a root.
#[derive(Debug, Clone)]
pub struct FsBlobs {
    tree: BlobTree,
    uploads: Arc<Uploads>,
}

impl FsBlobs {
    /// Opens, and creates when needed, the folders below `root`.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(root: &Path, durability: Durability) -> Result<Self, Error> {
        let (blobs, uploads) = (root.join("blobs"), root.join("uploads"));
        durability.create_dirs(&blobs)?;
        durability.create_dirs(&uploads)?;
        Ok(Self {
            tree: BlobTree::new(blobs, durability),
            uploads: Arc::new(Uploads {
                folder: uploads,
                durability,
                running: Mutex::default(),
            }),
        })
    }

    fn commit_now(&self, id: &UploadId, digest: &Digest) -> Result<u64, Error> {
        let mut staged = self.uploads.open(id)?;
        let actual = staged.digest(digest.algorithm())?;
        if actual != *digest {
            self.uploads.durability.remove(&staged.path)?;
            return Err(Error::DigestMismatch {
                expected: digest.clone(),
                actual,
            });
        }
        self.tree.publish(&staged.file, &staged.path, digest)?;
        Ok(staged.offset)
    }
}

/// The uploads of a store.
#[derive(Debug)]
pub(crate) struct Uploads {
    folder: PathBuf,
    durability: Durability,
    running: Mutex<HashMap<UploadId, Running>>,
}

impl Uploads {
    fn path(&self, id: &UploadId) -> PathBuf {
        self.folder.join(id.as_str())
    }

    pub(crate) fn remember(&self, id: &UploadId, running: Running) {
        self.lock().insert(id.clone(), running);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<UploadId, Running>> {
        // The map is valid after every statement that changes it.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create(&self, id: &UploadId, algorithm: Algorithm) -> Result<(), Error> {
        let path = self.path(id);
        File::create_new(&path).map_err(io("create", &path))?;
        let running = Running {
            hasher: Hasher::new(algorithm),
            algorithm,
            offset: 0,
        };
        self.remember(id, running);
        Ok(())
    }

    fn open(&self, id: &UploadId) -> Result<Staged, Error> {
        let write_back = self.durability == Durability::Synced;
        let mut staged = Staged::open(id, self.path(id), write_back)?;
        let running = self.lock().remove(id);
        staged.running = running.filter(|running| running.offset == staged.offset);
        Ok(staged)
    }

    fn abort(&self, id: &UploadId) -> Result<bool, Error> {
        match self.open(id) {
            Ok(staged) => {
                fs::remove_file(&staged.path).map_err(io("remove", &staged.path))?;
                Ok(true)
            }
            Err(Error::UploadUnknown { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn expire(&self, idle: Duration) -> Result<u64, Error> {
        let mut expired = 0;
        for path in children(&self.folder)? {
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(id) = name.and_then(|name| name.parse::<UploadId>().ok()) else {
                continue;
            };
            let metadata = optional(fs::metadata(&path), "inspect", &path)?;
            let modified = metadata.and_then(|metadata| metadata.modified().ok());
            let stale = modified
                .and_then(|modified| modified.elapsed().ok())
                .is_some_and(|age| age >= idle);
            if stale {
                match self.abort(&id) {
                    Ok(removed) => expired += u64::from(removed),
                    Err(Error::UploadBusy { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(expired)
    }
}

impl BlobStore for FsBlobs {
    fn stat<'a>(&'a self, digest: &'a Digest) -> BoxFuture<'a, Result<Option<u64>, Error>> {
        let (store, digest) = (self.clone(), digest.clone());
        Box::pin(blocking(move || store.tree.stat(&digest)))
    }

    fn open<'a>(
        &'a self,
        digest: &'a Digest,
        range: Option<Range<u64>>,
    ) -> BoxFuture<'a, Result<Option<Blob>, Error>> {
        let (store, digest) = (self.clone(), digest.clone());
        Box::pin(blocking(move || {
            let Some((file, size)) = store.tree.open(&digest)? else {
                return Ok(None);
            };
            if size <= INLINE {
                let path = store.tree.path(&digest);
                let bytes = read_all(file, size).map_err(io("read", &path))?;
                return Ok(Some(Blob::from_bytes(bytes.into(), range)));
            }
            Ok(Some(Blob::from_file(file, size, range)))
        }))
    }

    fn delete<'a>(&'a self, digest: &'a Digest) -> BoxFuture<'a, Result<bool, Error>> {
        let (store, digest) = (self.clone(), digest.clone());
        Box::pin(blocking(move || store.tree.remove(&digest)))
    }

    fn create_upload<'a>(
        &'a self,
        id: &'a UploadId,
        algorithm: Algorithm,
    ) -> BoxFuture<'a, Result<(), Error>> {
        let (store, id) = (self.clone(), id.clone());
        Box::pin(blocking(move || store.uploads.create(&id, algorithm)))
    }

    fn upload_offset<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Result<Option<u64>, Error>> {
        let path = self.uploads.path(id);
        Box::pin(blocking(move || {
            let metadata = optional(fs::metadata(&path), "inspect", &path)?;
            Ok(metadata.map(|metadata| metadata.len()))
        }))
    }

    fn append<'a>(
        &'a self,
        id: &'a UploadId,
        at: Option<u64>,
    ) -> BoxFuture<'a, Result<Box<dyn UploadWriter>, Error>> {
        let (uploads, id) = (Arc::clone(&self.uploads), id.clone());
        Box::pin(blocking(move || {
            let staged = uploads.open(&id)?;
            let actual = staged.offset;
            let writer = FsUploadWriter::new(uploads, id.clone(), staged);
            match at {
                Some(requested) if requested != actual => Err(Error::OffsetMismatch {
                    id,
                    requested,
                    actual,
                }),
                _ => Ok(Box::new(writer) as Box<dyn UploadWriter>),
            }
        }))
    }

    fn commit<'a>(
        &'a self,
        id: &'a UploadId,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<u64, Error>> {
        let (store, id, digest) = (self.clone(), id.clone(), digest.clone());
        Box::pin(blocking(move || store.commit_now(&id, &digest)))
    }

    fn abort<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Result<bool, Error>> {
        let (uploads, id) = (Arc::clone(&self.uploads), id.clone());
        Box::pin(blocking(move || uploads.abort(&id)))
    }

    fn expire_uploads(&self, idle: Duration) -> BoxFuture<'_, Result<u64, Error>> {
        let uploads = Arc::clone(&self.uploads);
        Box::pin(blocking(move || uploads.expire(idle)))
    }
}

fn read_all(file: File, size: u64) -> std::io::Result<Vec<u8>> {
    use std::os::unix::fs::FileExt as _;
    let mut bytes = vec![0; usize::try_from(size).map_err(std::io::Error::other)?];
    file.read_exact_at(&mut bytes, 0)?;
    Ok(bytes)
}
