//! The port for what repositories hold: manifests, tags, referrers, blob links, uploads.

mod values;

pub use values::{
    Listing, ManifestSelector, NewManifest, Page, Referrer, StoredManifest, UploadSession,
};

use std::time::Duration;

use lazaret_oci::{Descriptor, Digest, Repository, Tag};

use crate::{BoxFuture, Error, UploadId};

/// Metadata of a registry. Every change is atomic and, once acknowledged, durable, except
/// that upload sessions may be lost with power.
///
/// A repository exists from its first manifest or blob link on.
pub trait Metadata: Send + Sync {
    /// Stores a manifest, points the tags at it and records it as a referrer, all or nothing
    /// visible: nobody sees a tag without its manifest.
    fn put_manifest<'a>(
        &'a self,
        repository: &'a Repository,
        manifest: NewManifest,
    ) -> BoxFuture<'a, Result<(), Error>>;

    /// A manifest by tag or digest.
    fn manifest<'a>(
        &'a self,
        repository: &'a Repository,
        selector: &'a ManifestSelector,
    ) -> BoxFuture<'a, Result<Option<StoredManifest>, Error>>;

    /// Removes a manifest, the tags that point to it and its entry as a referrer; `false`
    /// when there was none.
    fn delete_manifest<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<bool, Error>>;

    /// Removes a tag and keeps the manifest; `false` when there was none.
    fn delete_tag<'a>(
        &'a self,
        repository: &'a Repository,
        tag: &'a Tag,
    ) -> BoxFuture<'a, Result<bool, Error>>;

    /// Tags in ASCII order, or `None` when there is no such repository.
    fn tags<'a>(
        &'a self,
        repository: &'a Repository,
        page: Page,
    ) -> BoxFuture<'a, Result<Option<Listing<Tag>>, Error>>;

    /// Repositories that hold manifests, in ASCII order.
    fn repositories(&self, page: Page) -> BoxFuture<'_, Result<Listing<Repository>, Error>>;

    /// The manifests in the repository whose subject is `subject`, in order of digest.
    fn referrers<'a>(
        &'a self,
        repository: &'a Repository,
        subject: &'a Digest,
    ) -> BoxFuture<'a, Result<Vec<Descriptor>, Error>>;

    /// Records that a blob belongs to a repository.
    fn link_blob<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<(), Error>>;

    /// Whether a blob belongs to a repository.
    fn has_blob<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<bool, Error>>;

    /// Takes a blob out of a repository; `false` when it was not in it.
    fn unlink_blob<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<bool, Error>>;

    /// Records an upload session.
    fn put_upload<'a>(&'a self, session: &'a UploadSession) -> BoxFuture<'a, Result<(), Error>>;

    /// An upload session.
    fn upload<'a>(
        &'a self,
        id: &'a UploadId,
    ) -> BoxFuture<'a, Result<Option<UploadSession>, Error>>;

    /// Forgets an upload session; `false` when there was none.
    fn remove_upload<'a>(&'a self, id: &'a UploadId) -> BoxFuture<'a, Result<bool, Error>>;

    /// Forgets upload sessions recorded longer than `age` ago; returns how many.
    fn expire_uploads(&self, age: Duration) -> BoxFuture<'_, Result<u64, Error>>;
}
