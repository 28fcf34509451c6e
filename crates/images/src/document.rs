//! Reads manifests and indexes from files.

use std::io::Read as _;
use std::path::Path;

use lazaret_oci::{Descriptor, Digest, MAX_MANIFEST_BYTES, ManifestContent, ManifestDocument};

use crate::blob::FileRange;
use crate::error::{Error, io, unusable};

/// The bytes of a small file.
pub(crate) fn read(range: &FileRange) -> Result<Vec<u8>, Error> {
    let path = Path::new(range.name());
    if range.length() > MAX_MANIFEST_BYTES as u64 {
        let reason = format!("it is larger than {MAX_MANIFEST_BYTES} bytes");
        return Err(unusable(path, reason));
    }
    let mut bytes = Vec::new();
    let read = range.reader().read_to_end(&mut bytes);
    read.map_err(io("read", path))?;
    Ok(bytes)
}

/// Parses a document; it is an error if the bytes are not those that `descriptor` describes.
pub(crate) fn parse(
    raw: Vec<u8>,
    descriptor: &Descriptor,
    subject: &str,
) -> Result<ManifestDocument, Error> {
    let actual = Digest::with(descriptor.digest.algorithm(), &raw);
    if actual != descriptor.digest {
        return Err(Error::DigestMismatch {
            subject: subject.to_owned(),
            expected: descriptor.digest.clone(),
            actual,
        });
    }
    Ok(ManifestDocument::parse(raw, Some(&descriptor.media_type))?)
}

/// A descriptor of a document with the digest by which it is known, of any algorithm.
pub(crate) fn known_as(document: &ManifestDocument, digest: &Digest) -> Descriptor {
    Descriptor {
        digest: digest.clone(),
        ..document.descriptor()
    }
}

/// The descriptor of a document in a list of referrers: with its artifact type and annotations
/// (distribution-spec 1.1, "Listing Referrers").
pub(crate) fn referrer(document: &ManifestDocument, digest: &Digest) -> Descriptor {
    let (artifact_type, annotations) = match document.content() {
        ManifestContent::Manifest(manifest) => (
            Some(manifest.effective_artifact_type().to_owned()),
            &manifest.annotations,
        ),
        ManifestContent::Index(index) => (index.artifact_type.clone(), &index.annotations),
    };
    Descriptor {
        artifact_type,
        annotations: annotations.clone(),
        ..known_as(document, digest)
    }
}
