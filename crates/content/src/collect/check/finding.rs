//! The findings of a check.

use std::fmt;

use lazaret_oci::{Digest, Repository, Tag};
use serde::{Serialize, Serializer};

use crate::UploadId;

/// A fault that a check found, with its repair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The fault.
    #[serde(flatten)]
    pub fault: Fault,
    /// The repair that was made.
    pub action: Action,
    /// The repository, if the fault belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// The tag, if the fault belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
    /// Digest of the blob or manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Name of the object.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "optional_text"
    )]
    pub object: Option<UploadId>,
}

fn optional_text<S: Serializer>(id: &Option<UploadId>, serializer: S) -> Result<S::Ok, S::Error> {
    match id {
        Some(id) => serializer.serialize_str(id.as_str()),
        None => serializer.serialize_none(),
    }
}

/// The kind of a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// A blob's object is missing.
    BlobMissing,
    /// A blob's object has another size.
    BlobSize {
        /// Size in bytes that it should have.
        expected: u64,
        /// Size in bytes that it has.
        actual: u64,
    },
    /// A blob's object has other content.
    BlobDigest {
        /// Digest of the actual content.
        actual: Digest,
    },
    /// A blob's object cannot be read now.
    BlobUnreadable {
        /// The reason.
        reason: String,
    },
    /// A blob is in quarantine, although it is intact.
    BlobQuarantined,
    /// A manifest's bytes have another digest.
    ManifestDigest {
        /// Digest of the actual bytes.
        actual: Digest,
    },
    /// A manifest names a blob that its repository does not serve: the blob is not linked, or is in
    /// quarantine.
    BlobAbsent {
        /// Digest of the manifest.
        manifest: Digest,
    },
    /// An index names a manifest that is not in the repository. This may be intended.
    ManifestAbsent {
        /// Digest of the index.
        index: Digest,
    },
    /// A tag points to a manifest that does not exist.
    TagDangling,
    /// Nothing in the metadata names an object.
    ObjectUnknown {
        /// Size of the object in bytes.
        size: u64,
    },
}

impl Fault {
    /// Whether a registry may be in this state: nothing is lost and no repair is needed.
    #[must_use]
    pub fn is_note(&self) -> bool {
        matches!(self, Self::ManifestAbsent { .. })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BlobMissing => f.write_str("the blob's object is missing"),
            Self::BlobSize { expected, actual } => {
                write!(f, "the blob's object has {actual} bytes, not {expected}")
            }
            Self::BlobDigest { actual } => write!(f, "the blob's object has digest {actual}"),
            Self::BlobUnreadable { reason } => {
                write!(f, "the blob's object cannot be read: {reason}")
            }
            Self::BlobQuarantined => f.write_str("the blob is in quarantine and good"),
            Self::ManifestDigest { actual } => write!(f, "the manifest has digest {actual}"),
            Self::BlobAbsent { manifest } => {
                write!(f, "the manifest {manifest} names a blob that is not served")
            }
            Self::ManifestAbsent { index } => {
                write!(f, "the index {index} names a manifest that is not here")
            }
            Self::TagDangling => f.write_str("the tag points to a manifest that is not here"),
            Self::ObjectUnknown { size } => write!(f, "nothing names the object of {size} bytes"),
        }
    }
}

/// The repair of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// No repair was made.
    None,
    /// The blob was taken out of service until its content is pushed again.
    Quarantined,
    /// The blob was taken back into service.
    Released,
    /// The object was deleted.
    Deleted,
}

/// An event of a running check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckEvent<'a> {
    /// A fault was found.
    Finding(&'a Finding),
    /// Progress, with the counts so far.
    Progress(&'a CheckSummary),
}

/// Counts of everything that was checked, and of the findings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CheckSummary {
    /// Number of blobs.
    pub blobs: u64,
    /// Number of bytes of blobs that were read.
    pub bytes_read: u64,
    /// Number of repositories.
    pub repositories: u64,
    /// Number of manifests.
    pub manifests: u64,
    /// Number of tags.
    pub tags: u64,
    /// Number of objects.
    pub objects: u64,
    /// Number of findings that are faults.
    pub faults: u64,
    /// Number of findings that may be intended.
    pub notes: u64,
    /// Number of findings that were repaired.
    pub repaired: u64,
}
