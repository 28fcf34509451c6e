//! The port for collection: finds unreferenced content and removes it.
//!
//! Each step locks only the rows that it changes, and checks its condition in the same
//! transaction as its change. So a decision on outdated data cannot
//! remove content that has come into use meanwhile:
//!
//! ```text
//! manifest --retention--> gone
//! link (blob in a repository), no manifest there names it, lease over --> gone
//! blob, no repository links it, lease over --> object is garbage
//! garbage, readers had time to finish --> object deleted, forgotten
//! ```

use std::time::SystemTime;

use lazaret_oci::{Digest, Repository, Tag};

use crate::{BoxFuture, Error, Page, Staged, UploadId};
use crate::{Listing, StoredBlob};

/// The queries and removals of the collector, beyond [`crate::Metadata`].
pub trait Collection: Send + Sync {
    /// Everything in a repository that retention considers; `None` when there is no such
    /// repository.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn contents<'a>(
        &'a self,
        repository: &'a Repository,
    ) -> BoxFuture<'a, Result<Option<RepositoryContents>, Error>>;

    /// All repositories, also those with blobs only, in ASCII order.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn all_repositories(&self, page: Page) -> BoxFuture<'_, Result<Listing<Repository>, Error>>;

    /// Removes a tag if it still points to `digest`; `false` when it does not.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn delete_tag_of<'a>(
        &'a self,
        repository: &'a Repository,
        tag: &'a Tag,
        digest: &'a Digest,
    ) -> BoxFuture<'a, Result<bool, Error>>;

    /// Removes a manifest if no tag points to it, no index in the repository names it, its
    /// subject is not in the repository, and it was not pushed again after `pushed`; `false`
    /// otherwise.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn delete_untagged<'a>(
        &'a self,
        repository: &'a Repository,
        digest: &'a Digest,
        pushed: SystemTime,
    ) -> BoxFuture<'a, Result<bool, Error>>;

    /// Links that no manifest of their repository needs and whose lease ended before `before`,
    /// in order of repository and digest, after `after`; at most `limit`.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn unused_links<'a>(
        &'a self,
        before: SystemTime,
        after: Option<&'a UnusedLink>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<UnusedLink>, Error>>;

    /// Removes those of the links that are still unused and were not leased again; returns their
    /// number.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn drop_links<'a>(
        &'a self,
        links: &'a [UnusedLink],
        before: SystemTime,
    ) -> BoxFuture<'a, Result<u64, Error>>;

    /// Blobs that no repository links and that were last linked before `before`, in order of
    /// digest, after `after`; at most `limit`.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn unused_blobs<'a>(
        &'a self,
        before: SystemTime,
        after: Option<&'a Digest>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<UnusedBlob>, Error>>;

    /// Makes the objects of those blobs garbage that are still unused; returns these blobs.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn condemn_blobs<'a>(
        &'a self,
        blobs: &'a [UnusedBlob],
        before: SystemTime,
    ) -> BoxFuture<'a, Result<Vec<UnusedBlob>, Error>>;

    /// Objects that became garbage before `before`, oldest first; at most `limit`.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn garbage(
        &self,
        before: SystemTime,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Garbage>, Error>>;

    /// Removes the garbage entries of deleted objects.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn forget_garbage<'a>(&'a self, objects: &'a [UploadId]) -> BoxFuture<'a, Result<(), Error>>;

    /// Blobs with their objects, also quarantined ones, in order of digest; [`Page::last`] is a
    /// digest. For checking content.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn blobs(&self, page: Page) -> BoxFuture<'_, Result<Listing<(Digest, StoredBlob)>, Error>>;

    /// Takes a blob out of service if `object` still holds it: readers do not find it, and
    /// the next push of the content gives it a good object, for every repository.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn quarantine<'a>(
        &'a self,
        digest: &'a Digest,
        object: &'a UploadId,
    ) -> BoxFuture<'a, Result<bool, Error>>;

    /// Takes a blob back into service; `false` when it was not in quarantine.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn release<'a>(&'a self, digest: &'a Digest) -> BoxFuture<'a, Result<bool, Error>>;

    /// Those of the objects that no blob, upload or garbage entry names.
    ///
    /// # Errors
    /// [`Error::Database`].
    fn unknown_objects<'a>(
        &'a self,
        objects: &'a [UploadId],
    ) -> BoxFuture<'a, Result<Vec<UploadId>, Error>>;
}

/// The contents of a repository that retention considers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RepositoryContents {
    /// Manifests, in order of digest.
    pub manifests: Vec<ManifestSummary>,
    /// Tags, in ASCII order.
    pub tags: Vec<TagSummary>,
}

/// A manifest without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestSummary {
    /// Digest of the manifest.
    pub digest: Digest,
    /// Size of the manifest itself in bytes.
    pub size: u64,
    /// Time of the last push.
    pub pushed: SystemTime,
    /// The manifest to which it refers.
    pub subject: Option<Digest>,
    /// The manifests that it names, if it is an index.
    pub manifests: Vec<Digest>,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagSummary {
    /// Name of the tag.
    pub tag: Tag,
    /// The manifest to which it points.
    pub digest: Digest,
    /// Time at which it was last pointed there.
    pub updated: SystemTime,
}

/// A link of a blob to a repository that no manifest there needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedLink {
    /// The repository.
    pub repository: Repository,
    /// Digest of the blob.
    pub digest: Digest,
    /// Size of the blob in bytes.
    pub size: u64,
}

/// A blob that is in no repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedBlob {
    /// Digest of the blob.
    pub digest: Digest,
    /// The object that holds it.
    pub object: UploadId,
    /// Size of the blob in bytes.
    pub size: u64,
}

/// An object to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Garbage {
    /// Name of the object.
    pub object: UploadId,
    /// The staged state, for objects that were never sealed.
    pub staged: Staged,
}
