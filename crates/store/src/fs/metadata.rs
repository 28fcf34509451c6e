//! [`Metadata`] over files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lazaret_oci::{Descriptor, Digest, Repository, Tag};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::pages::page;
use super::sessions::Sessions;
use super::tree::{BlobTree, children};
use super::{blocking, referrers};
use crate::durable::{Staging, optional};
use crate::error::{io, sys};
use crate::{
    BoxFuture, Durability, Error, Listing, ManifestSelector, Metadata, NewManifest, Page,
    StoredManifest, UploadId, UploadSession,
};

/// Metadata as small files in a root, which may be that of an [`crate::FsBlobs`].
#[derive(Debug, Clone)]
pub struct FsMetadata(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    repositories: PathBuf,
    blobs: BlobTree,
    sessions: Sessions,
    staging: Staging,
}

/// The link from a repository to a manifest.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Link {
    version: u32,
    media_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<Digest>,
}

impl FsMetadata {
    /// Opens, and creates when needed, the folders below `root`, and sweeps what processes
    /// that died left unpublished.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(root: &Path, durability: Durability) -> Result<Self, Error> {
        let repositories = root.join("repositories");
        let sessions = root.join("sessions");
        durability.create_dirs(&repositories)?;
        durability.create_dirs(&sessions)?;
        Ok(Self(Arc::new(Inner {
            repositories,
            blobs: BlobTree::new(root.join("blobs"), durability),
            sessions: Sessions { folder: sessions },
            staging: Staging::open(&root.join("scratch"), durability)?,
        })))
    }

    fn run<'a, T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, Error> + Send + 'static,
    ) -> BoxFuture<'a, Result<T, Error>> {
        let inner = Arc::clone(&self.0);
        Box::pin(blocking(move || work(&inner)))
    }
}

impl Inner {
    /// The folder of a repository: one level, so that no name can be inside another.
    fn folder(&self, repository: &Repository) -> PathBuf {
        self.repositories
            .join(repository.as_str().replace('/', "+"))
    }

    /// Serialises changes to the manifests and tags of a repository, between processes too.
    fn lock(&self, folder: &Path) -> Result<File, Error> {
        let path = folder.join("lock");
        let open = || {
            File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)
        };
        let file = match open() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                self.staging.durability.create_dirs(folder)?;
                open().map_err(io("create", &path))?
            }
            outcome => outcome.map_err(io("open", &path))?,
        };
        rustix::io::retry_on_intr(|| flock(&file, FlockOperation::LockExclusive))
            .map_err(sys("lock", &path))?;
        Ok(file)
    }

    fn put_manifest(&self, repository: &Repository, manifest: &NewManifest) -> Result<(), Error> {
        let folder = self.folder(repository);
        let _lock = self.lock(&folder)?;
        let digest = &manifest.digest;
        self.staging
            .publish_bytes(&self.blobs.path(digest), &manifest.bytes)?;
        if let Some(referrer) = &manifest.referrer {
            referrers::put(&self.staging, &folder, digest, referrer)?;
        }
        let link = Link {
            version: 1,
            media_type: manifest.media_type.clone(),
            subject: manifest.referrer.as_ref().map(|r| r.subject.clone()),
        };
        let bytes = serde_json::to_vec(&link).expect("a link has string keys only");
        self.staging
            .publish_bytes(&digest_path(&folder.join("manifests"), digest), &bytes)?;
        for tag in &manifest.tags {
            let path = folder.join("tags").join(tag.as_str());
            self.staging
                .publish_bytes(&path, digest.to_string().as_bytes())?;
        }
        Ok(())
    }

    fn manifest(
        &self,
        repository: &Repository,
        selector: &ManifestSelector,
    ) -> Result<Option<StoredManifest>, Error> {
        let folder = self.folder(repository);
        let digest = match selector {
            ManifestSelector::Digest(digest) => Some(digest.clone()),
            ManifestSelector::Tag(tag) => tagged(&folder, tag)?,
        };
        let Some(digest) = digest else {
            return Ok(None);
        };
        let link = digest_path(&folder.join("manifests"), &digest);
        let Some(link) = read_record::<Link>(&link)? else {
            return Ok(None);
        };
        let path = self.blobs.path(&digest);
        let bytes = fs::read(&path).map_err(io("read", &path))?;
        Ok(Some(StoredManifest {
            digest,
            media_type: link.media_type,
            bytes: bytes.into(),
        }))
    }

    fn delete_manifest(&self, repository: &Repository, digest: &Digest) -> Result<bool, Error> {
        let folder = self.folder(repository);
        let path = digest_path(&folder.join("manifests"), digest);
        if !folder.exists() {
            return Ok(false);
        }
        let _lock = self.lock(&folder)?;
        let Some(link) = read_record::<Link>(&path)? else {
            return Ok(false);
        };
        for tag in tags(&folder)? {
            if tagged(&folder, &tag)?.as_ref() == Some(digest) {
                let path = folder.join("tags").join(tag.as_str());
                self.staging.durability.remove(&path)?;
            }
        }
        let removed = self.staging.durability.remove(&path)?;
        if let Some(subject) = &link.subject {
            referrers::remove(&self.staging, &folder, subject, digest)?;
        }
        Ok(removed)
    }

    fn delete_tag(&self, repository: &Repository, tag: &Tag) -> Result<bool, Error> {
        let folder = self.folder(repository);
        if !folder.exists() {
            return Ok(false);
        }
        let _lock = self.lock(&folder)?;
        self.staging
            .durability
            .remove(&folder.join("tags").join(tag.as_str()))
    }

    fn tags(&self, repository: &Repository, wanted: &Page) -> Result<Option<Listing<Tag>>, Error> {
        let folder = self.folder(repository);
        if !folder.exists() {
            return Ok(None);
        }
        Ok(Some(page(tags(&folder)?, wanted, Tag::as_str)))
    }

    fn repositories(&self, wanted: &Page) -> Result<Listing<Repository>, Error> {
        let found = children(&self.repositories)?
            .iter()
            .filter(|path| path.join("manifests").exists())
            .filter_map(|path| path.file_name()?.to_str()?.replace('+', "/").parse().ok())
            .collect();
        Ok(page(found, wanted, Repository::as_str))
    }

    fn blob_link(&self, repository: &Repository, digest: &Digest) -> PathBuf {
        digest_path(&self.folder(repository).join("blobs"), digest)
    }
}

impl Metadata for FsMetadata {
    fn put_manifest<'a>(
        &'a self,
        repository: &'a Repository,
        manifest: NewManifest,
    ) -> BoxFuture<'a, Result<(), Error>> {
        let repository = repository.clone();
        self.run(move |inner| inner.put_manifest(&repository, &manifest))
    }

    fn manifest<'a>(
        &'a self,
        repository: &'a Repository,
        selector: &'a ManifestSelector,
    ) -> BoxFuture<'a, Result<Option<StoredManifest>, Error>> {
        let (repository, selector) = (repository.clone(), selector.clone());
        self.run(move |inner| inner.manifest(&repository, &selector))
    }

    fn delete_manifest<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.run(move |inner| inner.delete_manifest(&repository, &digest))
    }

    fn delete_tag<'a>(
        &'a self,
        repository: &'a Repository,
        tag: &'a Tag,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        let (repository, tag) = (repository.clone(), tag.clone());
        self.run(move |inner| inner.delete_tag(&repository, &tag))
    }

    fn tags<'a>(
        &'a self,
        repository: &'a Repository,
        page: Page,
    ) -> BoxFuture<'a, Result<Option<Listing<Tag>>, Error>> {
        let repository = repository.clone();
        self.run(move |inner| inner.tags(&repository, &page))
    }

    fn repositories(&self, page: Page) -> BoxFuture<'_, Result<Listing<Repository>, Error>> {
        self.run(move |inner| inner.repositories(&page))
    }

    fn referrers<'a>(
        &'a self,
        repository: &'a Repository,
        subject: &'a Digest,
    ) -> BoxFuture<'a, Result<Vec<Descriptor>, Error>> {
        let (repository, subject) = (repository.clone(), subject.clone());
        self.run(move |inner| referrers::list(&inner.folder(&repository), &subject))
    }

    fn link_blob<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<(), Error>> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.run(move |inner| {
            let link = inner.blob_link(&repository, &digest);
            inner.staging.durability.touch(&link)
        })
    }

    fn has_blob<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.run(move |inner| {
            let link = inner.blob_link(&repository, &digest);
            fs::exists(&link).map_err(io("inspect", &link))
        })
    }

    fn unlink_blob<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<bool, Error>> {
        let (repository, digest) = (repository.clone(), digest.clone());
        self.run(move |inner| {
            let link = inner.blob_link(&repository, &digest);
            inner.staging.durability.remove(&link)
        })
    }

    fn put_upload<'a>(&'a self, session: &'a UploadSession) -> BoxFuture<'a, Result<(), Error>> {
        let session = session.clone();
        self.run(move |inner| inner.sessions.put(&session))
    }

    fn upload<'a>(
        &'a self,
        id: &'a UploadId,
    ) -> BoxFuture<'a, Result<Option<UploadSession>, Error>> {
        let id = id.clone();
        self.run(move |inner| inner.sessions.get(&id))
    }

    fn remove_upload<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Result<bool, Error>> {
        let id = id.clone();
        self.run(move |inner| inner.sessions.remove(&id))
    }

    fn expire_uploads(&self, age: Duration) -> BoxFuture<'_, Result<u64, Error>> {
        self.run(move |inner| inner.sessions.expire(age))
    }
}

/// `<folder>/<algorithm>/<hex>`.
pub(super) fn digest_path(folder: &Path, digest: &Digest) -> PathBuf {
    folder.join(digest.algorithm().name()).join(digest.hex())
}

/// Reads a JSON record, `None` when there is no such file.
pub(super) fn read_record<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    let Some(bytes) = optional(fs::read(path), "read", path)? else {
        return Ok(None);
    };
    let record = serde_json::from_slice(&bytes).map_err(|error| Error::Record {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    Ok(Some(record))
}

fn tags(folder: &Path) -> Result<Vec<Tag>, Error> {
    Ok(children(&folder.join("tags"))?
        .iter()
        .filter_map(|path| path.file_name()?.to_str()?.parse().ok())
        .collect())
}

fn tagged(folder: &Path, tag: &Tag) -> Result<Option<Digest>, Error> {
    let path = folder.join("tags").join(tag.as_str());
    let text = optional(fs::read_to_string(&path), "read", &path)?;
    text.map(|text| {
        text.parse().map_err(|error| Error::Record {
            path: path.clone(),
            reason: format!("{error}"),
        })
    })
    .transpose()
}
