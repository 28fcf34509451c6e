//! An image, or an index with all its images.

use std::sync::Arc;

use lazaret_client::{BlobSource, FileSource};
use lazaret_oci::{Descriptor, ManifestContent, Reference};

use super::Pushed;
use crate::image::source::ImageSource;
use crate::{Error, Home, ProgressSink};

pub(super) async fn push(
    home: &Home,
    source: ImageSource,
    reference: &Reference,
    progress: ProgressSink,
) -> Result<Pushed, Error> {
    let (documents, needed) = source.closure()?;
    let mut blobs: Vec<(Descriptor, Arc<dyn BlobSource>)> = Vec::new();
    for blob in &needed {
        blobs.push((
            blob.clone(),
            Arc::new(FileSource(source.path(&blob.digest)?)),
        ));
    }
    home.client
        .push_blobs(reference, &blobs, None, &progress)
        .await?;
    let Some((last, children)) = documents.split_last() else {
        return Err(Error::BlobMissing {
            digest: source.entry().digest.clone(),
        });
    };
    for child in children {
        let by_digest = Reference {
            tag: None,
            ..reference.pinned(child.digest().clone())
        };
        home.client.push_manifest(&by_digest, child).await?;
    }
    let pushed = home.client.push_manifest(reference, last).await?;
    let manifests: u64 = documents
        .iter()
        .map(|document| document.raw().len() as u64)
        .sum();
    let (kind, layers) = match last.content() {
        ManifestContent::Manifest(manifest) => ("image", manifest.layers.len()),
        ManifestContent::Index(_) => ("index", needed.len()),
    };
    Ok(Pushed {
        kind: kind.to_owned(),
        reference: reference.to_string(),
        digest: pushed.digest,
        size: needed.iter().map(|blob| blob.size).sum::<u64>() + manifests,
        layers,
    })
}
