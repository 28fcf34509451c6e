use std::collections::HashMap;

use async_trait::async_trait;
use lazaret_oci::{Manifest, Platform};

use super::*;
use crate::{Blob, Wanted};

/// A source that has only documents, by digest.
#[derive(Default)]
struct Documents(HashMap<Digest, ManifestDocument>);

impl Documents {
    fn add(&mut self, document: ManifestDocument) -> Descriptor {
        let descriptor = document.descriptor();
        self.0.insert(descriptor.digest.clone(), document);
        descriptor
    }

    fn image(&mut self, layer: &str) -> Descriptor {
        self.add(ManifestDocument::of_manifest(Manifest {
            schema_version: 2,
            media_type: Some(media_type::MANIFEST.to_owned()),
            artifact_type: None,
            config: Descriptor::empty(),
            layers: vec![Descriptor::of(media_type::LAYER, layer.as_bytes())],
            subject: None,
            annotations: Default::default(),
        }))
    }

    fn index(&mut self, manifests: &[Descriptor]) -> Descriptor {
        let raw = serde_json::json!({ "schemaVersion": 2, "manifests": manifests }).to_string();
        let document = ManifestDocument::parse(raw.into(), Some(media_type::INDEX));
        self.add(document.unwrap())
    }
}

#[async_trait]
impl Source for Documents {
    async fn root(&self, _: &Wanted) -> Result<Descriptor, Error> {
        unreachable!("the tests know their roots")
    }

    async fn manifest(&self, descriptor: &Descriptor) -> Result<ManifestDocument, Error> {
        let found = self.0.get(&descriptor.digest).cloned();
        found.ok_or_else(|| Error::BlobMissing {
            digest: descriptor.digest.clone(),
        })
    }

    async fn blob(&self, _: &Descriptor) -> Result<Blob, Error> {
        unreachable!("a graph is read without blobs")
    }

    async fn referrers(&self, _: &Digest) -> Result<Vec<Descriptor>, Error> {
        Ok(Vec::new())
    }
}

fn on(mut descriptor: Descriptor, platform: &str) -> Descriptor {
    descriptor.platform = Some(platform.parse().unwrap());
    descriptor
}

#[tokio::test]
async fn children_come_before_parents_and_once() {
    let mut documents = Documents::default();
    let (a, b) = (documents.image("a"), documents.image("b"));
    let inner = documents.index(&[b.clone(), a.clone()]);
    // `inner` is named before and after its entries, at different depths.
    let root = documents.index(&[a.clone(), inner.clone(), b.clone(), inner.clone()]);
    let graph = Graph::read(&documents, &root).await.unwrap();
    assert_eq!(graph.root().digest, root.digest);
    let below: Vec<&Digest> = graph.below().iter().map(|node| &node.digest).collect();
    assert_eq!(below, [&a.digest, &b.digest, &inner.digest]);
    assert_eq!(graph.blobs().len(), 4);
    let alone = Graph::of(graph.below()[0].clone());
    assert_eq!((alone.below().len(), alone.blobs().len()), (0, 2));
}

#[tokio::test]
async fn nesting_has_an_end() {
    let mut documents = Documents::default();
    let mut next = documents.image("a");
    let native = Platform::native();
    for depth in 1..=5 {
        next = documents.index(&[next]);
        let read = Graph::read(&documents, &next).await;
        let selected = select(&documents, &next, &native).await;
        assert_eq!(read.is_ok(), depth <= 4, "{depth}");
        assert_eq!(selected.is_ok(), depth <= 4, "{depth}");
    }
    next = documents.index(&[Descriptor::of(media_type::MANIFEST, b"absent")]);
    assert!(Graph::read(&documents, &next).await.is_err());
}

#[tokio::test]
async fn a_platform_is_found_through_indexes() {
    let mut documents = Documents::default();
    let (a, b) = (documents.image("a"), documents.image("b"));
    let inner = documents.index(&[on(a.clone(), "linux/arm64"), on(b.clone(), "linux/amd64")]);
    let other = on(documents.image("other"), "linux/s390x");
    let root = documents.index(&[other, inner]);
    let find = async |root: &Descriptor, platform: &str| {
        select(&documents, root, &platform.parse().unwrap()).await
    };
    let found = find(&root, "linux/amd64").await.unwrap();
    assert_eq!(found.digest, b.digest);
    // A single manifest matches any platform.
    assert_eq!(find(&a, "linux/riscv64").await.unwrap().digest, a.digest);
    let error = find(&root, "linux/riscv64").await.unwrap_err();
    assert!(matches!(error, Error::Platform { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("linux/riscv64, only linux/arm64, linux/amd64"),
        "{text}"
    );
}
