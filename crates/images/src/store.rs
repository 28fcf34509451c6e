//! The store of images and blobs in a folder; `disks` and `prune` have its other methods.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lazaret_files::{Durability, Staging, children, optional, sys};
use lazaret_oci::{Descriptor, Digest};
use rustix::fs::{FlockOperation, flock};

use crate::blob::FileRange;
use crate::error::{Error, io};
use crate::folder::Folder;
use crate::record::{self, ImageRecord};
use crate::tree::BlobTree;
use crate::writer::BlobWriter;

/// The images and disks in one folder. Several processes may share it.
#[derive(Debug, Clone)]
pub struct ImageStore(pub(crate) Arc<Folder>);

/// A lease: nothing is pruned from the store while it is held.
///
/// Take one before looking up the first blob of an image and keep it until the image's record
/// is put.
#[derive(Debug)]
pub struct Lease {
    _lock: File,
}

impl ImageStore {
    /// Opens a store, which is made when it is first written to, and removes the leftovers of
    /// processes that died.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, Error> {
        let root = root.into();
        let durability = Durability::Synced;
        Ok(Self(Arc::new(Folder {
            blobs: BlobTree::new(root.join("blobs"), durability),
            staging: Staging::open(&root.join("scratch"), durability)?,
            root,
        })))
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0.root
    }

    /// The file of a blob; `None` when the store does not have it. Its content was verified
    /// when it was published.
    #[must_use]
    pub fn path(&self, digest: &Digest) -> Option<PathBuf> {
        let path = self.0.blobs.path(digest);
        path.is_file().then_some(path)
    }

    /// Whether the store has a blob.
    ///
    /// # Errors
    /// [`Error::SizeMismatch`] when it has the content and that has another size than the
    /// descriptor says: what names it is wrong. [`Error::Io`].
    pub fn has(&self, blob: &Descriptor) -> Result<bool, Error> {
        match self.0.blobs.stat(&blob.digest)? {
            None => Ok(false),
            Some(actual) if actual == blob.size => Ok(true),
            Some(actual) => Err(Error::SizeMismatch {
                subject: format!("blob {}", blob.digest),
                expected: blob.size,
                actual,
            }),
        }
    }

    /// A blob in memory, verified again.
    ///
    /// # Errors
    /// [`Error::BlobMissing`], [`Error::TooLarge`] beyond `limit` bytes,
    /// [`Error::DigestMismatch`] when the disk has corrupted it, and [`Error::Io`].
    pub fn read(&self, digest: &Digest, limit: u64) -> Result<Vec<u8>, Error> {
        let missing = || Error::BlobMissing {
            digest: digest.clone(),
        };
        let size = self.0.blobs.stat(digest)?.ok_or_else(missing)?;
        if size > limit {
            return Err(Error::TooLarge { size, limit });
        }
        let path = self.0.blobs.path(digest);
        let bytes = fs::read(&path).map_err(io("read", &path))?;
        let actual = Digest::with(digest.algorithm(), &bytes);
        if actual == *digest {
            Ok(bytes)
        } else {
            Err(Error::DigestMismatch {
                subject: "content".to_owned(),
                expected: digest.clone(),
                actual,
            })
        }
    }

    /// A blob as an open file; `None` when the store does not have it. Its content was verified
    /// when it was published. An open blob stays readable after a prune.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open_blob(&self, digest: &Digest) -> Result<Option<FileRange>, Error> {
        let path = self.0.blobs.path(digest);
        let Some(file) = optional(File::open(&path), "open", &path)? else {
            return Ok(None);
        };
        Ok(Some(FileRange::whole(file, &path)?.checked()))
    }

    /// Stores everything that `content` yields; with `expected`, only if it has that digest. Read
    /// errors are reported as errors of `name`. Returns digest and size in bytes.
    ///
    /// # Errors
    /// [`Error::DigestMismatch`] and [`Error::Io`].
    pub fn add(
        &self,
        content: impl Read,
        expected: Option<&Digest>,
        name: &str,
    ) -> Result<(Digest, u64), Error> {
        let mut writer = self.writer()?;
        writer.fill(content, name)?;
        writer.commit(expected)
    }

    /// An unlinked file for data that is too large for memory; it disappears when it is closed.
    pub(crate) fn scratch_file(&self) -> Result<File, Error> {
        let path = self.0.staging.path()?;
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(io("create", &path))?;
        fs::remove_file(&path).map_err(io("remove", &path))?;
        Ok(file)
    }

    /// Starts to write a blob.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn writer(&self) -> Result<BlobWriter, Error> {
        BlobWriter::create(self.0.clone())
    }

    /// Takes a lease, which keeps everything from being pruned. Waits while a prune runs.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn lease(&self) -> Result<Lease, Error> {
        let (file, path) = self.lock_file()?;
        rustix::io::retry_on_intr(|| flock(&file, FlockOperation::LockShared))
            .map_err(sys("lock", &path))?;
        Ok(Lease { _lock: file })
    }

    pub(crate) fn lock_file(&self) -> Result<(File, PathBuf), Error> {
        self.0.staging.durability.create_dirs(&self.0.root)?;
        let path = self.0.root.join("lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(io("open", &path))?;
        Ok((file, path))
    }

    /// Adds or replaces the record of an image. The store must have its blobs.
    ///
    /// # Errors
    /// [`Error::BlobMissing`], [`Error::Name`] and [`Error::Io`].
    pub fn put(&self, record: &ImageRecord) -> Result<(), Error> {
        let path = self.record_path(&record.name)?;
        if self.0.blobs.stat(&record.digest)?.is_none() {
            return Err(Error::BlobMissing {
                digest: record.digest.clone(),
            });
        }
        Ok(self.0.staging.publish_bytes(&path, &record.encode())?)
    }

    /// The image with exactly this name.
    ///
    /// # Errors
    /// [`Error::Record`] when a newer version wrote the record, and [`Error::Io`].
    pub fn get(&self, name: &str) -> Result<Option<ImageRecord>, Error> {
        let path = self.record_path(name)?;
        let bytes = optional(fs::read(&path), "read", &path)?;
        bytes
            .map(|bytes| ImageRecord::decode(&path, &bytes))
            .transpose()
    }

    /// All images, in order of name.
    ///
    /// # Errors
    /// As [`ImageStore::get`].
    pub fn list(&self) -> Result<Vec<ImageRecord>, Error> {
        let mut records = Vec::new();
        for path in children(&self.0.root.join("images"))? {
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            if let Some(bytes) = optional(fs::read(&path), "read", &path)? {
                records.push(ImageRecord::decode(&path, &bytes)?);
            }
        }
        records.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(records)
    }

    /// Removes the record of an image; `false` when there was none. Its blobs stay until
    /// [`ImageStore::prune`].
    ///
    /// # Errors
    /// [`Error::Name`] and [`Error::Io`].
    pub fn remove(&self, name: &str) -> Result<bool, Error> {
        Ok(self.0.staging.durability.remove(&self.record_path(name)?)?)
    }

    fn record_path(&self, name: &str) -> Result<PathBuf, Error> {
        Ok(self.0.root.join("images").join(record::file_name(name)?))
    }
}
