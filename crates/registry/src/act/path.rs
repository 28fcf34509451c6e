//! Splits a path into segments, and parses the values in them (distribution-spec 1.1, "Endpoints").

use lazaret_content::ManifestSelector;
use lazaret_oci::wire::ErrorCode;
use lazaret_oci::{Digest, Repository};

use crate::message::{Refusal, percent};

/// Largest number of characters of a reference that are put into a response.
const EXCERPT: usize = 160;

/// The decoded segments of a path. An encoded slash does not separate segments, and matches
/// nothing.
pub(super) fn segments(path: &str) -> Result<Vec<String>, Refusal> {
    let segment = |text| percent::decode(text).filter(|text| !text.contains('/'));
    path.strip_prefix('/')
        .unwrap_or(path)
        .split('/')
        .map(segment)
        .collect::<Option<_>>()
        .ok_or_else(|| {
            Refusal::new(
                ErrorCode::NameInvalid,
                "a part of the path is not text, or has an encoded slash",
            )
        })
}

/// The repository that some segments name.
pub(super) fn repository(segments: &[&str]) -> Result<Repository, Refusal> {
    segments
        .join("/")
        .parse()
        .map_err(|error: lazaret_oci::Error| {
            Refusal::new(ErrorCode::NameInvalid, error.to_string())
        })
}

/// Parses a digest in a path or query.
pub(crate) fn parse_digest(text: &str) -> Result<Digest, Refusal> {
    text.parse().map_err(|error: lazaret_oci::Error| {
        Refusal::new(ErrorCode::DigestInvalid, error.to_string())
    })
}

/// Parses the tag or digest of a manifest; `None` when the text is neither.
pub(super) fn selector(text: &str) -> Option<ManifestSelector> {
    match text.parse() {
        Ok(digest) => Some(ManifestSelector::Digest(digest)),
        Err(_) => text.parse().ok().map(ManifestSelector::Tag),
    }
}

/// The start of a reference, for a response.
pub(super) fn excerpt(reference: &str) -> String {
    reference.chars().take(EXCERPT).collect()
}
