//! Values that the metadata port takes and gives.

use std::time::SystemTime;

use bytes::Bytes;
use lazaret_oci::{Algorithm, Descriptor, Digest, Repository, Tag};

use crate::{Staged, UploadId};
use lazaret_files::random_hex;

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
    /// The blobs it names: all must be in the repository, and stay while it does.
    pub blobs: Vec<Digest>,
    /// The manifests it names, of an index.
    pub manifests: Vec<Digest>,
    /// The sizes that it states of any of those, in bytes. What is here must have them.
    pub sizes: Vec<(Digest, u64)>,
    /// Whether those manifests must be in the repository.
    pub needs_manifests: bool,
    /// Whether a tag that points to another manifest makes the whole fail.
    pub tags_are_immutable: bool,
}

/// The entry of a manifest among the referrers of its subject.
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
    /// The manifest that the tag points to now.
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

/// A blob of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBlob {
    /// The object that holds it.
    pub object: UploadId,
    /// Bytes.
    pub size: u64,
    /// Time of its last push, mount or renewal.
    pub leased: SystemTime,
}

/// The outcome of taking a blob out of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlinked {
    /// It left.
    Done,
    /// It was not there.
    Absent,
    /// A manifest of the repository names it, so it stays.
    InUse,
}

/// An upload: content on its way to a repository. Its object has the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadSession {
    /// The upload and its object.
    pub id: UploadId,
    /// The repository that the blob will belong to.
    pub repository: Repository,
    /// The algorithm that its digest is expected under.
    pub algorithm: Algorithm,
    /// The bytes that are staged so far.
    pub staged: Staged,
}

/// The name of one writer of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim(String);

impl Claim {
    /// A claim like no other.
    #[must_use]
    pub fn random() -> Self {
        Self(random_hex(16))
    }

    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The outcome of finishing an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// Its object holds the blob now.
    Stored,
    /// The content was there; its object is garbage.
    Duplicate,
}
