//! Sample images in memory.

use std::collections::HashMap;

use async_trait::async_trait;
use bytes::Bytes;
use lazaret_images::{Blob, Error, Source, Wanted};
use lazaret_oci::{
    Algorithm, Descriptor, Digest, ImageConfig, Index, Manifest, ManifestDocument, Platform,
    RootFs, media_type,
};

/// Documents and blobs by digest, and the descriptor of the root.
#[derive(Clone)]
pub(crate) struct Sample {
    pub root: Descriptor,
    documents: HashMap<Digest, ManifestDocument>,
    blobs: HashMap<Digest, Blob>,
    algorithm: Algorithm,
}

impl Sample {
    /// An image for this machine; `seed` makes it differ from others.
    pub(crate) fn image(seed: u8) -> Self {
        Self::image_for(seed, Platform::native(), Algorithm::Sha256)
    }

    /// An image that is known only by SHA-512 digests.
    pub(crate) fn image_of_sha512(seed: u8) -> Self {
        Self::image_for(seed, Platform::native(), Algorithm::Sha512)
    }

    fn image_for(seed: u8, platform: Platform, algorithm: Algorithm) -> Self {
        let mut sample = Self::empty(algorithm);
        // One layer of several pieces, one that all samples share, and an empty one.
        let large: Vec<u8> = (0..700_001_u32)
            .map(|at| (at / 8 % 251).to_le_bytes()[0] ^ seed)
            .collect();
        let layers = [large, b"shared by all".to_vec(), Vec::new()];
        let config = ImageConfig {
            os: platform.os.clone(),
            architecture: platform.architecture.clone(),
            rootfs: RootFs {
                diff_ids: layers.iter().map(|layer| Digest::of(layer)).collect(),
                ..RootFs::default()
            },
            ..ImageConfig::default()
        };
        let config = serde_json::to_vec(&config).unwrap();
        let config = sample.add(media_type::IMAGE_CONFIG, config);
        let layers = layers.map(|layer| sample.add(media_type::LAYER, layer));
        let document = ManifestDocument::of_manifest(manifest(config, layers.to_vec()));
        sample.root = sample.document(document);
        sample.root.platform = Some(platform);
        sample
    }

    /// An index of an image for this machine and one for another.
    pub(crate) fn index() -> Self {
        let mut sample = Self::empty(Algorithm::Sha256);
        let other = Platform {
            os: "linux".to_owned(),
            architecture: "s390x".to_owned(),
            variant: None,
        };
        let mut manifests = Vec::new();
        for (seed, platform) in [(1, other), (2, Platform::native())] {
            let image = Self::image_for(seed, platform, Algorithm::Sha256);
            sample.documents.extend(image.documents);
            sample.blobs.extend(image.blobs);
            manifests.push(image.root);
        }
        let index = Index {
            schema_version: 2,
            media_type: Some(media_type::INDEX.to_owned()),
            artifact_type: None,
            manifests,
            subject: None,
            annotations: [("vendor.member".to_owned(), "kept".to_owned())].into(),
        };
        // The spaces are not canonical: encoding it again would give other bytes.
        let raw = format!(" {} ", serde_json::to_string(&index).unwrap());
        let document = ManifestDocument::parse(raw.into(), Some(media_type::INDEX)).unwrap();
        sample.root = sample.document(document);
        sample
    }

    /// An artifact that refers to another manifest.
    pub(crate) fn referrer(subject: &Descriptor) -> Self {
        let mut sample = Self::empty(Algorithm::Sha256);
        let config = sample.add(media_type::EMPTY, b"{}".to_vec());
        let layer = sample.add("text/plain", b"signed".to_vec());
        let mut manifest = manifest(config, vec![layer]);
        manifest.artifact_type = Some("application/vnd.test.signature".to_owned());
        manifest.subject = Some(Descriptor {
            platform: None,
            ..subject.clone()
        });
        manifest.annotations = [("by".to_owned(), "someone".to_owned())].into();
        sample.root = sample.document(ManifestDocument::of_manifest(manifest));
        sample
    }

    fn empty(algorithm: Algorithm) -> Self {
        Self {
            root: Descriptor::empty(),
            documents: HashMap::new(),
            blobs: HashMap::new(),
            algorithm,
        }
    }

    fn add(&mut self, media_type: &str, bytes: Vec<u8>) -> Descriptor {
        let digest = Digest::with(self.algorithm, &bytes);
        let descriptor = Descriptor::new(media_type, digest.clone(), bytes.len() as u64);
        let blob = Blob::new(descriptor.clone(), Whole(bytes.into()));
        self.blobs.insert(digest, blob);
        descriptor
    }

    fn document(&mut self, document: ManifestDocument) -> Descriptor {
        let descriptor = Descriptor {
            digest: Digest::with(self.algorithm, document.raw()),
            ..document.descriptor()
        };
        self.documents.insert(descriptor.digest.clone(), document);
        descriptor
    }

    /// The root document.
    pub(crate) fn top(&self) -> &ManifestDocument {
        &self.documents[&self.root.digest]
    }

    /// Every document with the digest by which it is known.
    pub(crate) fn documents(&self) -> impl Iterator<Item = (&Digest, &ManifestDocument)> {
        self.documents.iter()
    }

    /// Every blob.
    pub(crate) fn blobs(&self) -> impl Iterator<Item = &Blob> {
        self.blobs.values()
    }
}

fn manifest(config: Descriptor, layers: Vec<Descriptor>) -> Manifest {
    Manifest {
        schema_version: 2,
        media_type: Some(media_type::MANIFEST.to_owned()),
        artifact_type: None,
        config,
        layers,
        subject: None,
        annotations: Default::default(),
    }
}

/// Bytes in pieces, as a network gives them.
struct Whole(Bytes);

impl lazaret_images::Content for Whole {
    fn read(&self, offset: u64) -> lazaret_images::Pieces {
        let mut rest = self.0.slice(usize::try_from(offset).unwrap()..);
        let pieces = std::iter::from_fn(move || {
            let length = rest.len().min(10_000);
            (length > 0).then(|| Ok(rest.split_to(length)))
        });
        Box::pin(futures_util::stream::iter(pieces))
    }
}

#[async_trait]
impl Source for Sample {
    async fn root(&self, _: &Wanted) -> Result<Descriptor, Error> {
        Ok(self.root.clone())
    }

    async fn manifest(&self, descriptor: &Descriptor) -> Result<ManifestDocument, Error> {
        Ok(self.documents[&descriptor.digest].clone())
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Blob, Error> {
        Ok(self.blobs[&descriptor.digest].clone())
    }

    async fn referrers(&self, _: &Digest) -> Result<Vec<Descriptor>, Error> {
        Ok(Vec::new())
    }
}
