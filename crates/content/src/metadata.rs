//! The port for metadata: manifests, tags, referrers, blobs, uploads.

mod capabilities;
mod collection;
mod described;
mod mirrored;
mod values;

pub use capabilities::{ApiKey, ApiKeys, Event, Outbox};
pub use collection::{
    Collection, Garbage, ManifestSummary, RepositoryContents, TagSummary, UnusedBlob, UnusedLink,
};
pub use mirrored::{Mirrored, MirroredManifest, UpstreamAnswer};
pub use values::{
    Claim, Finished, Listing, ManifestSelector, NewManifest, OpenUploads, Page, Referrer,
    StoredBlob, StoredManifest, Unlinked, UploadSession,
};

use std::time::{Duration, SystemTime};

use lazaret_oci::{Descriptor, Digest, Repository, Tag};
use lazaret_values::Pattern;

use crate::{BoxFuture, Error, Staged, UploadId};

/// Everything that a registry stores beside content.
pub trait Database: Metadata + Collection + ApiKeys + Outbox + Mirrored {}

impl<T: Metadata + Collection + ApiKeys + Outbox + Mirrored> Database for T {}

/// The metadata of a registry. Every change is atomic, and durable once acknowledged, except that
/// progress of uploads and renewed leases may be lost when power is lost.
///
/// A repository exists from its first manifest or blob on. A blob is a digest and the object with
/// that content, shared by all repositories that link it.
///
/// ```text
/// begin -> open --claim--> claimed --release--> open
///            |                |  \--lease over--> open
///            |                \--finish--> blob, linked to the repository
///            \--discard, expire--> garbage (an object to delete)
/// ```
pub trait Metadata: Send + Sync {
    /// Stores a manifest, points the tags to it and records it as a referrer, all or nothing.
    ///
    /// # Errors
    /// [`Error::Missing`] with every blob (and, if required, manifest) that is not in the
    /// repository; [`Error::SizeContradicted`]; [`Error::TagImmutable`]; [`Error::QuotaExceeded`].
    fn put_manifest<'a>(
        &'a self,
        repository: &'a Repository,
        manifest: NewManifest,
    ) -> BoxFuture<'a, Result<(), Error>>;

    /// The manifest of a tag or digest.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn manifest<'a>(
        &'a self,
        repository: &'a Repository,
        selector: &'a ManifestSelector,
    ) -> BoxFuture<'a, Result<Option<StoredManifest>, Error>>;

    /// Removes a manifest, the tags that point to it and its entry as a referrer; `false`
    /// when there was none.
    ///
    /// # Errors
    /// [`Error::TagImmutable`] when one of the tags fits a pattern of `immutable`.
    fn delete_manifest<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
        immutable: &'a [Pattern],
    ) -> BoxFuture<'a, Result<bool, Error>>;

    /// Removes a tag and keeps the manifest; `false` when there was none.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn delete_tag<'a>(
        &'a self,
        repository: &'a Repository,
        tag: &'a Tag,
    ) -> BoxFuture<'a, Result<bool, Error>>;

    /// Tags in ASCII order, or `None` when there is no such repository.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn tags<'a>(
        &'a self,
        repository: &'a Repository,
        page: Page,
    ) -> BoxFuture<'a, Result<Option<Listing<Tag>>, Error>>;

    /// Repositories that hold manifests, in ASCII order.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn repositories(&self, page: Page) -> BoxFuture<'_, Result<Listing<Repository>, Error>>;

    /// The manifests in the repository whose subject is `subject`, in order of digest; only
    /// those of `artifact_type` when it is given. [`Page::last`] is a digest.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn referrers<'a>(
        &'a self,
        repository: &'a Repository,
        subject: &'a Digest,
        artifact_type: Option<&'a str>,
        page: Page,
    ) -> BoxFuture<'a, Result<Listing<Descriptor>, Error>>;

    /// A blob of a repository; `None` for quarantined blobs, too.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn blob<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<Option<StoredBlob>, Error>>;

    /// Renews a blob's lease: it stays in the repository for the grace period of collection, even
    /// if no manifest names it. `false` when it is gone, so that no client is told of a blob that
    /// was collected meanwhile.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn renew_blob<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<bool, Error>>;

    /// Some repositories that have the blob, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn repositories_with<'a>(
        &'a self,
        digest: &'a Digest,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Repository>, Error>>;

    /// Links a blob that `from` has to the repository `to`, and renews its lease; `None` when
    /// `from` does not have it.
    ///
    /// # Errors
    /// [`Error::QuotaExceeded`] when `to` would then hold more than `quota` bytes.
    fn mount_blob<'a>(
        &'a self,
        to: &'a Repository,
        from: &'a Repository,
        digest: &'a Digest,
        quota: Option<u64>,
    ) -> BoxFuture<'a, Result<Option<StoredBlob>, Error>>;

    /// Removes a blob from a repository, unless a manifest there names it.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn unlink_blob<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<Unlinked, Error>>;

    /// Records a new upload, before any content of it is stored.
    ///
    /// # Errors
    /// [`Error::Database`]; also when the id is taken.
    fn begin_upload<'a>(&'a self, session: &'a UploadSession) -> BoxFuture<'a, Result<(), Error>>;

    /// Numbers of uploads that have not ended, each up to `most`.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn open_uploads<'a>(
        &'a self,
        repository: &'a Repository,
        most: u64,
    ) -> BoxFuture<'a, Result<OpenUploads, Error>>;

    /// The session of an upload.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn upload<'a>(
        &'a self,
        id: &'a UploadId,
    ) -> BoxFuture<'a, Result<Option<UploadSession>, Error>>;

    /// Makes `claim` the only writer of an upload for `lease`, and returns the upload's progress.
    ///
    /// # Errors
    /// [`Error::UploadUnknown`]; [`Error::UploadBusy`] while another claim's lease lasts.
    fn claim_upload<'a>(
        &'a self,
        id: &'a UploadId,
        claim: &'a Claim,
        lease: Duration,
    ) -> BoxFuture<'a, Result<UploadSession, Error>>;

    /// Prolongs a claim; `false` when it was lost.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn renew_claim<'a>(
        &'a self,
        id: &'a UploadId,
        claim: &'a Claim,
        lease: Duration,
    ) -> BoxFuture<'a, Result<bool, Error>>;

    /// Reserves `size` bytes of the repository's `quota` for an upload, until it ends or its
    /// progress is recorded, which then counts instead.
    ///
    /// # Errors
    /// [`Error::QuotaExceeded`] when blobs, manifests and other uploads of the repository leave
    /// less; [`Error::UploadBusy`] when the claim was lost; [`Error::UploadUnknown`].
    fn reserve_upload<'a>(
        &'a self,
        id: &'a UploadId,
        claim: &'a Claim,
        size: u64,
        quota: u64,
    ) -> BoxFuture<'a, Result<(), Error>>;

    /// Records the progress of an upload, and gives up the claim.
    ///
    /// # Errors
    /// [`Error::UploadBusy`] when the claim was lost; [`Error::UploadUnknown`].
    fn release_upload<'a>(
        &'a self,
        id: &'a UploadId,
        claim: &'a Claim,
        staged: &'a Staged,
    ) -> BoxFuture<'a, Result<(), Error>>;

    /// Ends an upload whose sealed object has `size` bytes and this digest: in one transaction,
    /// links the blob to the upload's repository and forgets the upload. If the content already
    /// exists, the upload's object becomes garbage.
    ///
    /// # Errors
    /// [`Error::UploadBusy`] when the claim was lost; [`Error::UploadUnknown`];
    /// [`Error::QuotaExceeded`], after which the upload still exists.
    fn finish_upload<'a>(
        &'a self,
        id: &'a UploadId,
        claim: &'a Claim,
        digest: &'a Digest,
        size: u64,
        quota: Option<u64>,
    ) -> BoxFuture<'a, Result<Finished, Error>>;

    /// Forgets an upload; its object becomes garbage. `false` when there was none.
    ///
    /// # Errors
    /// [`Error::UploadBusy`] while another claim's lease lasts.
    fn discard_upload<'a>(
        &'a self,
        id: &'a UploadId,
        claim: &'a Claim,
    ) -> BoxFuture<'a, Result<bool, Error>>;

    /// Discards uploads that were idle for `idle`; returns their number.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn expire_uploads(&self, idle: Duration) -> BoxFuture<'_, Result<u64, Error>>;

    /// The time at which the metadata was made, if it names nothing at all; `None` also when that
    /// time is not known.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn empty_since(&self) -> BoxFuture<'_, Result<Option<SystemTime>, Error>>;

    /// Whether any blob is served: it is named, and not in quarantine.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn serves_blobs(&self) -> BoxFuture<'_, Result<bool, Error>>;

    /// Whether there is room for more uploads and manifests, as far as the database can tell.
    ///
    /// # Errors
    /// [`Error::Full`].
    fn room(&self) -> BoxFuture<'_, Result<(), Error>>;

    /// Whether the metadata can be read now.
    ///
    /// # Errors
    /// [`Error::Database`] when it cannot.
    fn ping(&self) -> BoxFuture<'_, Result<(), Error>>;
}
