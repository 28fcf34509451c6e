//! Parameters and results of the metadata port.

use std::time::SystemTime;

use bytes::Bytes;
use lazaret_oci::{Algorithm, Descriptor, Digest, Repository, Tag};

use crate::{Staged, UploadId};
use lazaret_files::random_hex;

/// A manifest to store.
#[derive(Debug, Clone)]
pub struct NewManifest {
    /// Digest of `bytes`, of any algorithm.
    pub digest: Digest,
    /// The media type with which it is served.
    pub media_type: String,
    /// Its exact bytes.
    pub bytes: Bytes,
    /// The tags that will point to it.
    pub tags: Vec<Tag>,
    /// Its entry as a referrer, if it has a subject.
    pub referrer: Option<Referrer>,
    /// The blobs that it names: all must be in the repository, and stay as long as the manifest.
    pub blobs: Vec<Digest>,
    /// The manifests that it names, if it is an index.
    pub manifests: Vec<Digest>,
    /// The sizes that it states of any of those, in bytes. What is here must have them.
    pub sizes: Vec<(Digest, u64)>,
    /// Whether those manifests must be in the repository.
    pub needs_manifests: bool,
    /// Whether the call fails if one of the tags points to another manifest.
    pub tags_are_immutable: bool,
    /// Most bytes that the repository may hold; any number, when nothing is said.
    pub quota: Option<u64>,
}

/// The entry of a manifest among the referrers of its subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referrer {
    /// The manifest to which it refers, which need not exist.
    pub subject: Digest,
    /// The entry, with artifact type and annotations.
    pub descriptor: Descriptor,
}

/// A stored manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredManifest {
    /// Digest of the manifest.
    pub digest: Digest,
    /// The media type with which it is served.
    pub media_type: String,
    /// Its exact bytes.
    pub bytes: Bytes,
}

/// Selects a manifest in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestSelector {
    /// The manifest that the tag points to now.
    Tag(Tag),
    /// The manifest with this digest.
    Digest(Digest),
}

/// The requested part of a listing.
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
    /// Whether more entries follow.
    pub more: bool,
}

/// A blob of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBlob {
    /// The object that holds it.
    pub object: UploadId,
    /// Size in bytes.
    pub size: u64,
    /// Time of its last push, mount or renewal.
    pub leased: SystemTime,
}

/// The outcome of removing a blob from a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlinked {
    /// It was removed.
    Done,
    /// The repository did not have it.
    Absent,
    /// A manifest of the repository names it, so it stays.
    InUse,
}

/// An upload session: content that is being pushed to a repository. Its object has the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadSession {
    /// Id of the upload and of its object.
    pub id: UploadId,
    /// The repository that the blob will belong to.
    pub repository: Repository,
    /// The algorithm of the expected digest.
    pub algorithm: Algorithm,
    /// The part that is staged so far.
    pub staged: Staged,
}

/// Numbers of uploads that have not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenUploads {
    /// Those of one repository.
    pub of_repository: u64,
    /// Those of all repositories.
    pub of_all: u64,
}

/// A token that identifies one writer of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim(String);

impl Claim {
    /// A new, unique claim.
    #[must_use]
    pub fn random() -> Self {
        Self(random_hex(16))
    }

    /// A claim of an earlier process of the same writer, from its text form.
    #[must_use]
    pub fn again(text: String) -> Self {
        Self(text)
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
    /// Its object now holds the blob.
    Stored,
    /// The content already existed; the upload's object is garbage.
    Duplicate,
}
