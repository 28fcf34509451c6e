//! The port for content of upstream registries.
//!
//! ```text
//! manifest --put_mirrored--> stored; blobs that the repository lacks are *missing*
//! missing --finish_mirrored--> named by the manifest like that of any other
//! manifest --evict--> gone with its tags; its blobs are garbage unless others name them
//! ```
//! A mirrored manifest is like any other but for this: it is stored before its blobs are.

use std::time::{Duration, SystemTime};

use lazaret_oci::{Digest, Repository, Tag};

use crate::{BoxFuture, Claim, Error, Finished, Listing, NewManifest, Page, UploadId};

/// Storage of content that is fetched from other registries when it is asked for.
pub trait Mirrored: Send + Sync {
    /// Stores a manifest as [`crate::Metadata::put_manifest`] does, but takes blobs that the repository
    /// does not have as missing. The sizes of blobs are those in [`NewManifest::sizes`].
    ///
    /// # Errors
    /// [`Error::SizeContradicted`]; [`Error::QuotaExceeded`]; [`Error::Database`].
    fn put_mirrored<'a>(
        &'a self,
        repository: &'a Repository,
        manifest: NewManifest,
    ) -> BoxFuture<'a, Result<(), Error>>;

    /// Size in bytes that the manifests of the repository state for a missing blob; `None` when none
    /// names it, when they contradict each other, or when it is not missing.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn missing_size<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<Option<u64>, Error>>;

    /// Ends an upload as [`crate::Metadata::finish_upload`] does; manifests of the repository for
    /// which the blob was missing name it from then on. `size` is in bytes.
    ///
    /// # Errors
    /// As [`crate::Metadata::finish_upload`].
    fn finish_mirrored<'a>(
        &'a self,
        repository: &'a Repository,
        id: &'a UploadId,
        claim: &'a Claim,
        digest: &'a Digest,
        size: u64,
    ) -> BoxFuture<'a, Result<Finished, Error>>;

    /// The last answer of the upstream on a tag or digest.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn upstream_answer<'a>(
        &'a self,
        repository: &'a Repository,
        reference: &'a str,
    ) -> BoxFuture<'a, Result<Option<UpstreamAnswer>, Error>>;

    /// Records an answer of the upstream, now. It may be lost when power is lost.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn record_answer<'a>(
        &'a self,
        repository: &'a Repository,
        reference: &'a str,
        found: bool,
    ) -> BoxFuture<'a, Result<(), Error>>;

    /// Forgets answers, older than a moment, that something was not there; returns their number.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn forget_absent(&self, before: SystemTime) -> BoxFuture<'_, Result<u64, Error>>;

    /// Records that a client asked for a manifest, now. It may be lost when power is lost.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn record_use<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<(), Error>>;

    /// The manifests that clients asked for, the least recently used first; [`Page::last`] is not
    /// used.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn least_used(&self, limit: usize) -> BoxFuture<'_, Result<Vec<MirroredManifest>, Error>>;

    /// The manifests that clients asked for, by repository and digest. [`Page::last`] is
    /// `repository@digest`.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn mirrored(&self, page: Page) -> BoxFuture<'_, Result<Listing<MirroredManifest>, Error>>;

    /// Bytes of the blobs and manifests of all repositories below `prefix/`. A blob counts in each
    /// repository that has it.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn bytes_below<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<u64, Error>>;

    /// Removes a manifest with its tags, unless it was used after `unused_since`; then those that only
    /// it named, and blobs that nothing names any more, which are garbage. `false` when it was used,
    /// or is gone. An index that is left and names it makes it stay.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn evict<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
        unused_since: SystemTime,
    ) -> BoxFuture<'a, Result<bool, Error>>;

    /// Makes `claim` the only one that fetches a blob for `lease`, or renews that; `false` while
    /// another claim's lease lasts.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn claim_fill<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
        claim: &'a Claim,
        lease: Duration,
    ) -> BoxFuture<'a, Result<bool, Error>>;

    /// Gives up a claim.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn release_fill<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
        claim: &'a Claim,
    ) -> BoxFuture<'a, Result<(), Error>>;
}

/// An answer of an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UpstreamAnswer {
    /// Whether the upstream had it.
    pub found: bool,
    /// Time of the answer.
    pub asked: SystemTime,
}

/// A mirrored manifest that a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirroredManifest {
    /// The repository that has it.
    pub repository: Repository,
    /// Its digest.
    pub digest: Digest,
    /// The tags that point to it.
    pub tags: Vec<Tag>,
    /// Time at which it was last asked for.
    pub used: SystemTime,
    /// Bytes of the blobs that it names, directly or through manifests that are here, and that the
    /// repository has.
    pub bytes: u64,
    /// Bytes of those that are missing.
    pub missing: u64,
}
