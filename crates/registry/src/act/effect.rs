//! Effects of successful requests.

use std::fmt;

use lazaret_content::ManifestSelector;
use lazaret_oci::{Digest, Repository, Tag};

/// The effect of a successful request, for the audit log, counts and events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Effect<'a> {
    pub(crate) change: Change,
    pub(crate) repository: &'a Repository,
    /// The tag or digest of the path; uploads have none.
    pub(crate) reference: Option<Reference<'a>>,
}

/// The change or transfer of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    ManifestPushed,
    ManifestPulled,
    ManifestDeleted,
    TagDeleted,
    /// A blob was completed, or a part of it uploaded; the status of the response tells which.
    BlobPushed,
    BlobPulled,
    BlobDeleted,
}

/// A tag or digest, as given in the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reference<'a> {
    Tag(&'a Tag),
    Digest(&'a Digest),
}

impl<'a> From<&'a ManifestSelector> for Reference<'a> {
    fn from(selector: &'a ManifestSelector) -> Self {
        match selector {
            ManifestSelector::Tag(tag) => Self::Tag(tag),
            ManifestSelector::Digest(digest) => Self::Digest(digest),
        }
    }
}

impl<'a> From<&'a Digest> for Reference<'a> {
    fn from(digest: &'a Digest) -> Self {
        Self::Digest(digest)
    }
}

impl fmt::Display for Reference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}
