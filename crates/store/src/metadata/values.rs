//! What the metadata port takes and gives.

use bytes::Bytes;
use lazaret_oci::{Descriptor, Digest, Repository, Tag};

use crate::UploadId;

/// A manifest to store.
#[derive(Debug, Clone)]
pub struct NewManifest {
    /// Digest of `bytes`, under any algorithm.
    pub digest: Digest,
    /// The type it is served under.
    pub media_type: String,
    /// Its exact bytes.
    pub bytes: Bytes,
    /// The tags that shall point to it.
    pub tags: Vec<Tag>,
    /// Its entry as a referrer, when it has a subject.
    pub referrer: Option<Referrer>,
}

/// How a manifest is listed among the referrers of its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referrer {
    /// The manifest it refers to, which need not exist.
    pub subject: Digest,
    /// The entry, with artifact type and annotations.
    pub descriptor: Descriptor,
}

/// A stored manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredManifest {
    /// Its digest.
    pub digest: Digest,
    /// The type it is served under.
    pub media_type: String,
    /// Its exact bytes.
    pub bytes: Bytes,
}

/// Names a manifest in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestSelector {
    /// What the tag points to now.
    Tag(Tag),
    /// Exactly this one.
    Digest(Digest),
}

/// A part of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Only entries after this text, which need not be an entry itself.
    pub last: Option<String>,
    /// At most this many entries.
    pub limit: Option<usize>,
}

/// Entries of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// The entries, in order.
    pub items: Vec<T>,
    /// Whether entries follow.
    pub more: bool,
}

/// An upload session: whose it is. Its content is in the blob store under the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadSession {
    /// The upload.
    pub id: UploadId,
    /// The repository that the blob will belong to.
    pub repository: Repository,
}
