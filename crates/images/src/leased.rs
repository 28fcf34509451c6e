//! The image store as a source and a target of copies.
//!
//! A record describes one image. When a whole index was copied into the store, the record describes
//! the image for this machine and has the index as its source. As long as everything of that index
//! is in the store, the name resolves to the index here too.
//!
//! The store does not list referrers.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use lazaret_files::blocking;
use lazaret_oci::{
    Descriptor, Digest, MAX_MANIFEST_BYTES, ManifestContent, ManifestDocument, Platform,
};

use crate::blob::Blob;
use crate::document::{known_as, parse};
use crate::error::{Error, unusable};
use crate::feed::feed;
use crate::graph::select;
use crate::store::Lease;
use crate::{ImageRecord, ImageStore, Source, Target, Wanted};

/// A store that is not pruned while this is held.
#[derive(Debug, Clone)]
pub struct LeasedStore {
    store: ImageStore,
    _lease: Arc<Lease>,
}

impl ImageStore {
    /// The store as a source and target. Waits while a prune runs.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn leased(&self) -> Result<LeasedStore, Error> {
        Ok(LeasedStore {
            _lease: Arc::new(self.lease()?),
            store: self.clone(),
        })
    }
}

impl LeasedStore {
    /// The store itself.
    #[must_use]
    pub fn store(&self) -> &ImageStore {
        &self.store
    }

    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let this = self.clone();
        blocking(move || work(&this)).await
    }

    fn document(&self, descriptor: &Descriptor) -> Result<ManifestDocument, Error> {
        let digest = &descriptor.digest;
        let raw = self.store.read(digest, MAX_MANIFEST_BYTES as u64)?;
        parse(raw, descriptor, "content")
    }

    /// The descriptor of the document with this digest.
    fn by_digest(&self, digest: &Digest) -> Result<Descriptor, Error> {
        let document = self.document(&Descriptor::new("", digest.clone(), 0))?;
        Ok(known_as(&document, digest))
    }

    fn find(&self, wanted: &Wanted) -> Result<Descriptor, Error> {
        match wanted {
            Wanted::Digest(digest) => self.by_digest(digest),
            Wanted::Index(index) => match self.store.list()?.get(*index) {
                Some(record) => self.of_record(record),
                None => Err(Error::ImageMissing {
                    name: format!("@{index}"),
                }),
            },
            Wanted::Name(name) => {
                let record = self.store.get(name)?;
                self.of_record(&record.ok_or_else(|| Error::ImageMissing { name: name.clone() })?)
            }
            Wanted::Only => match &self.store.list()?[..] {
                [sole] => self.of_record(sole),
                all => {
                    let names: Vec<&str> = all.iter().map(|record| &record.name[..]).collect();
                    let (count, names) = (names.len(), names.join(", "));
                    let reason = format!("it holds {count} images; name one of: {names}");
                    Err(unusable(self.store.root(), reason))
                }
            },
        }
    }

    fn of_record(&self, record: &ImageRecord) -> Result<Descriptor, Error> {
        let source = &record.source_digest;
        let is_whole = *source != record.digest && self.is_whole(source)?;
        self.by_digest(if is_whole { source } else { &record.digest })
    }

    /// Whether the store has everything that a document leads to.
    fn is_whole(&self, digest: &Digest) -> Result<bool, Error> {
        let mut known = HashSet::new();
        let mut pending = vec![digest.clone()];
        while let Some(digest) = pending.pop() {
            // A document may be named any number of times; it is read once.
            if !known.insert(digest.clone()) {
                continue;
            }
            if self.store.path(&digest).is_none() {
                return Ok(false);
            }
            let document = self.document(&Descriptor::new("", digest, 0))?;
            match document.content() {
                ManifestContent::Manifest(manifest) => {
                    let mut blobs = manifest.blobs();
                    if !blobs.all(|blob| self.store.path(&blob.digest).is_some()) {
                        return Ok(false);
                    }
                }
                ManifestContent::Index(index) => {
                    pending.extend(index.manifests.iter().map(|entry| entry.digest.clone()));
                }
            }
        }
        Ok(true)
    }
}

#[async_trait]
impl Source for LeasedStore {
    async fn root(&self, wanted: &Wanted) -> Result<Descriptor, Error> {
        let wanted = wanted.clone();
        self.with(move |this| this.find(&wanted)).await
    }

    async fn manifest(&self, descriptor: &Descriptor) -> Result<ManifestDocument, Error> {
        let descriptor = descriptor.clone();
        self.with(move |this| this.document(&descriptor)).await
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Blob, Error> {
        let descriptor = descriptor.clone();
        let open = move |this: &Self| {
            let digest = &descriptor.digest;
            let range = this.store.open_blob(digest)?;
            let range = range.ok_or_else(|| Error::BlobMissing {
                digest: digest.clone(),
            })?;
            Blob::of_range(descriptor, range)
        };
        self.with(open).await
    }

    async fn referrers(&self, _: &Digest) -> Result<Vec<Descriptor>, Error> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Target for LeasedStore {
    async fn has_blob(&self, blob: &Descriptor) -> Result<bool, Error> {
        let blob = blob.clone();
        self.with(move |this| this.store.has(&blob)).await
    }

    async fn put_blob(&self, blob: &Blob) -> Result<(), Error> {
        let descriptor = blob.descriptor().clone();
        if self.has_blob(&descriptor).await? {
            return Ok(());
        }
        let (store, subject) = (self.store.clone(), blob.subject());
        feed(blob, move |content| {
            let mut writer = store.writer()?;
            // One byte more detects content that is too long.
            let content = std::io::Read::take(content, descriptor.size.saturating_add(1));
            writer.fill(content, &subject)?;
            if writer.size() != descriptor.size {
                return Err(Error::SizeMismatch {
                    subject,
                    expected: descriptor.size,
                    actual: writer.size(),
                });
            }
            writer.commit(Some(&descriptor.digest)).map(drop)
        })
        .await
    }

    async fn put_manifest(
        &self,
        digest: &Digest,
        document: &ManifestDocument,
    ) -> Result<(), Error> {
        let (digest, document) = (digest.clone(), document.clone());
        self.with(move |this| {
            let added = this
                .store
                .add(document.raw(), Some(&digest), "the manifest");
            added.map(drop)
        })
        .await
    }

    async fn put_root(
        &self,
        digest: &Digest,
        document: &ManifestDocument,
        name: Option<&str>,
    ) -> Result<(), Error> {
        self.put_manifest(digest, document).await?;
        let root = known_as(document, digest);
        let image = select(self, &root, &Platform::native()).await?;
        let name = name.unwrap_or_default().to_owned();
        self.with(move |this| {
            // Records identify images by their SHA-256.
            let known = (image.document.digest(), image.document.raw());
            this.store.add(known.1, Some(known.0), "the manifest")?;
            let source = if root.digest == image.digest {
                image.document.digest().clone()
            } else {
                root.digest
            };
            let record = this.store.describe(name, source, &image.document)?;
            this.store.put(&record)
        })
        .await
    }
}
