//! Writes images to a layout in a folder.
//!
//! A blob appears whole or not at all, and `index.json` names only blobs that are there. Several
//! processes may write to one layout: each holds a lock on the folder while it changes the index.

use std::fs::File;
use std::io::{BufWriter, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use lazaret_files::{Durability, NewFile, blocking, optional, replace, sys};
use lazaret_oci::{Descriptor, Digest, ManifestDocument};
use rustix::fs::{FlockOperation, flock};

use super::files::Files as _;
use super::folder::Folder;
use super::index_file::IndexFile;
use super::names::{INDEX, MARK, VERSION, blob as blob_name};
use crate::checked::Checked;
use crate::document::{known_as, read, referrer};
use crate::error::{Error, io, unusable};
use crate::feed::feed;
use crate::{Blob, Target};

/// Permissions of the files that are created, before the umask.
const MODE: u32 = 0o644;

/// A layout in a folder, as a target of images.
#[derive(Debug, Clone)]
pub struct LayoutFolder(Arc<Path>);

impl LayoutFolder {
    /// Opens the layout in `folder`; creates one if the folder is missing or empty.
    ///
    /// # Errors
    /// [`Error::Source`] for a folder with other content, and [`Error::Io`].
    pub fn create(folder: &Path) -> Result<Self, Error> {
        let this = Self(folder.into());
        if Folder::is_at(folder) {
            return Ok(this);
        }
        Durability::Synced.create_dirs(folder)?;
        let _lock = this.lock()?;
        for path in lazaret_files::children(folder)? {
            let name = path.file_name().and_then(|name| name.to_str());
            if !matches!(name, Some("blobs" | MARK | INDEX)) {
                return Err(unusable(
                    folder,
                    "the folder is not empty and no OCI layout",
                ));
            }
        }
        Durability::Synced.create_dirs(&folder.join("blobs"))?;
        if !folder.join(INDEX).exists() {
            replace(&folder.join(INDEX), &IndexFile::new().bytes(), MODE)?;
        }
        replace(&folder.join(MARK), VERSION, MODE)?;
        Ok(this)
    }

    fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.0.join(blob_name(digest))
    }

    fn has(&self, blob: &Descriptor) -> Result<bool, Error> {
        let path = self.blob_path(&blob.digest);
        let metadata = optional(path.symlink_metadata(), "inspect", &path)?;
        Ok(metadata.is_some_and(|found| found.is_file() && found.len() == blob.size))
    }

    /// Writes a blob to a temporary file, which gets its name only when it is complete.
    fn write(
        &self,
        content: &mut dyn Read,
        descriptor: &Descriptor,
        subject: &str,
    ) -> Result<(), Error> {
        let path = self.blob_path(&descriptor.digest);
        if let Some(folder) = path.parent() {
            Durability::Synced.create_dirs(folder)?;
        }
        let new = NewFile::create(&path, MODE)?;
        let mut file = BufWriter::with_capacity(256 * 1024, new.file()?);
        let mut content = Checked::new(content, descriptor, subject);
        let copied = std::io::copy(&mut content, &mut file).and_then(|_| file.flush());
        copied.map_err(io("write", &path))?;
        content.finish()?;
        Ok(new.publish()?)
    }

    fn put_document(&self, digest: &Digest, document: &ManifestDocument) -> Result<(), Error> {
        let descriptor = known_as(document, digest);
        if self.has(&descriptor)? {
            return Ok(());
        }
        let subject = format!("manifest {digest}");
        self.write(&mut document.raw(), &descriptor, &subject)
    }

    /// Adds a root to the index.
    fn add_root(&self, root: Descriptor, name: Option<&str>) -> Result<(), Error> {
        let _lock = self.lock()?;
        let folder = Folder::new(&self.0);
        let mut index = match folder.file(INDEX)? {
            Some(range) => IndexFile::parse(&read(&range)?, &self.0)?,
            None => IndexFile::new(),
        };
        index.add(root, name);
        Ok(replace(&self.0.join(INDEX), &index.bytes(), MODE)?)
    }

    /// Locks the index against other writers.
    fn lock(&self) -> Result<File, Error> {
        let folder = File::open(&self.0).map_err(io("open", &self.0))?;
        rustix::io::retry_on_intr(|| flock(&folder, FlockOperation::LockExclusive))
            .map_err(sys("lock", &self.0))?;
        Ok(folder)
    }
}

#[async_trait]
impl Target for LayoutFolder {
    async fn has_blob(&self, blob: &Descriptor) -> Result<bool, Error> {
        let (this, blob) = (self.clone(), blob.clone());
        blocking(move || this.has(&blob)).await
    }

    async fn put_blob(&self, blob: &Blob) -> Result<(), Error> {
        let descriptor = blob.descriptor().clone();
        if self.has_blob(&descriptor).await? {
            return Ok(());
        }
        let (this, subject) = (self.clone(), blob.subject());
        feed(blob, move |content| {
            this.write(content, &descriptor, &subject)
        })
        .await
    }

    async fn put_manifest(
        &self,
        digest: &Digest,
        document: &ManifestDocument,
    ) -> Result<(), Error> {
        let (this, digest, document) = (self.clone(), digest.clone(), document.clone());
        blocking(move || {
            this.put_document(&digest, &document)?;
            match document.subject() {
                Some(_) => this.add_root(referrer(&document, &digest), None),
                None => Ok(()),
            }
        })
        .await
    }

    async fn put_root(
        &self,
        digest: &Digest,
        document: &ManifestDocument,
        name: Option<&str>,
    ) -> Result<(), Error> {
        let (this, digest, document) = (self.clone(), digest.clone(), document.clone());
        let name = name.map(str::to_owned);
        blocking(move || {
            this.put_document(&digest, &document)?;
            this.add_root(known_as(&document, &digest), name.as_deref())
        })
        .await
    }
}
