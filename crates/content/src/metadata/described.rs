//! Reads from a manifest what is stored with it.

use bytes::Bytes;
use lazaret_oci::{Descriptor, Digest, ManifestContent, ManifestDocument};

use super::values::{NewManifest, Referrer};

impl NewManifest {
    /// A manifest as its document describes it: without tags, rules and quota. `digest` may have
    /// another algorithm than that of the document.
    #[must_use]
    pub fn of(document: &ManifestDocument, digest: Digest, bytes: Bytes) -> Self {
        let subject = document.subject().map(|subject| subject.digest.clone());
        let (blobs, manifests) = content_of(document);
        Self {
            media_type: document.media_type().to_owned(),
            referrer: subject.map(|subject| Referrer {
                subject,
                descriptor: referrer(document, digest.clone(), bytes.len()),
            }),
            digest,
            bytes,
            blobs,
            manifests,
            sizes: sizes_of(document),
            needs_manifests: false,
            tags_are_immutable: false,
            tags: Vec::new(),
            quota: None,
        }
    }
}

/// The blobs that must be in the repository, and the manifests that the document names. Layers
/// whose media type says that they are fetched elsewhere need not be there.
fn content_of(document: &ManifestDocument) -> (Vec<Digest>, Vec<Digest>) {
    let is_here = |blob: &&Descriptor| {
        !blob.media_type.contains("nondistributable") && !blob.media_type.contains("rootfs.foreign")
    };
    let digest = |descriptor: &Descriptor| descriptor.digest.clone();
    match document.content() {
        ManifestContent::Manifest(manifest) => (
            manifest.blobs().filter(is_here).map(digest).collect(),
            Vec::new(),
        ),
        ManifestContent::Index(index) => (Vec::new(), index.manifests.iter().map(digest).collect()),
    }
}

/// What the document says of the sizes of its content.
fn sizes_of(document: &ManifestDocument) -> Vec<(Digest, u64)> {
    let stated = |descriptor: &Descriptor| (descriptor.digest.clone(), descriptor.size);
    match document.content() {
        ManifestContent::Manifest(manifest) => manifest.blobs().map(stated).collect(),
        ManifestContent::Index(index) => index.manifests.iter().map(stated).collect(),
    }
}

/// The manifest's entry in the list of its subject's referrers.
fn referrer(document: &ManifestDocument, digest: Digest, size: usize) -> Descriptor {
    let mut descriptor = Descriptor::new(document.media_type(), digest, size as u64);
    (descriptor.artifact_type, descriptor.annotations) = match document.content() {
        ManifestContent::Manifest(manifest) => (
            Some(manifest.effective_artifact_type().to_owned()),
            manifest.annotations.clone(),
        ),
        ManifestContent::Index(index) => (
            index.artifact_type.clone().filter(|text| !text.is_empty()),
            index.annotations.clone(),
        ),
    };
    descriptor
}
