//! The port through which the registry's rules decide on what is fetched.

use futures_util::future::BoxFuture;
use lazaret_oci::{Digest, ManifestDocument, Repository, Tag};

/// Decides whether a fetched manifest may be kept and served.
pub trait Inspector: Send + Sync {
    /// The reason for which a manifest is refused; `None` when it is not.
    fn refusal<'a>(
        &'a self,
        repository: &'a Repository,
        tag: Option<&'a Tag>,
        document: &'a ManifestDocument,
    ) -> BoxFuture<'a, Option<String>>;

    /// What might change a refusal if it were in the repository; `None` when nothing would.
    fn evidence(
        &self,
        repository: &Repository,
        tag: Option<&Tag>,
        digest: &Digest,
    ) -> Option<Evidence>;
}

/// Content about a manifest that decides whether it may be served, such as signatures: manifests, with the
/// small blobs that they name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The tag of such a manifest.
    pub tag: Option<Tag>,
    /// The artifact type of such manifests that refer to the judged one.
    pub artifact_type: String,
    /// The media type of their blobs.
    pub blob_type: String,
    /// Size of the largest blob that is read, in bytes.
    pub blob_bytes: u64,
    /// Most referrers that are read, and most blobs of each manifest.
    pub most: usize,
}
