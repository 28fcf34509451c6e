//! Findings of a check.

use std::fmt;

use lazaret_oci::{Digest, Repository, Tag};
use serde::{Serialize, Serializer};

use crate::UploadId;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The fault.
    #[serde(flatten)]
    pub fault: Fault,
    /// The repair.
    pub action: Action,
    /// The repository, for faults of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<Repository>,
    /// The tag, for faults of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<Tag>,
    /// The blob or manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// The object.
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

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    /// A blob's object is not there.
    BlobMissing,
    /// A blob's object has another size.
    BlobSize {
        /// Bytes it should have.
        expected: u64,
        /// Bytes it has.
        actual: u64,
    },
    /// A blob's object has other content.
    BlobDigest {
        /// The digest of what is there.
        actual: Digest,
    },
    /// A blob's object cannot be read now.
    BlobUnreadable {
        /// The reason.
        reason: String,
    },
    /// A blob is in quarantine, but good.
    BlobQuarantined,
    /// A manifest's bytes have another digest.
    ManifestDigest {
        /// The digest of what is there.
        actual: Digest,
    },
    /// A manifest names a blob that its repository does not serve: it is not linked, or in
    /// quarantine.
    BlobAbsent {
        /// The manifest.
        manifest: Digest,
    },
    /// An index names a manifest that is not in the repository. That may be meant.
    ManifestAbsent {
        /// The index.
        index: Digest,
    },
    /// A tag points to a manifest that is not there.
    TagDangling,
    /// Nothing names an object.
    ObjectUnknown {
        /// Its bytes.
        size: u64,
    },
}

impl Fault {
    /// Whether a registry may be like this: nothing is lost and nothing needs repair.
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
    /// Nothing.
    None,
    /// The blob was taken out of service, until its content is pushed again.
    Quarantined,
    /// The blob was taken back into service.
    Released,
    /// The object was deleted.
    Deleted,
}

/// An event of a running check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckEvent<'a> {
    /// Something is wrong.
    Finding(&'a Finding),
    /// Progress.
    Progress(&'a CheckSummary),
}

/// Counts of everything that was checked, and of faults.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CheckSummary {
    /// Blobs.
    pub blobs: u64,
    /// Bytes of blobs that were read.
    pub bytes_read: u64,
    /// Repositories.
    pub repositories: u64,
    /// Manifests.
    pub manifests: u64,
    /// Tags.
    pub tags: u64,
    /// Objects.
    pub objects: u64,
    /// Findings that are faults.
    pub faults: u64,
    /// Findings that may be meant.
    pub notes: u64,
    /// Findings that something was done about.
    pub repaired: u64,
}
