//! Copies images from any source to any target.

use std::collections::HashSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use lazaret_oci::Descriptor;

use crate::{Error, Graph, Source, Target};

/// Copies an image or index with everything that it leads to: first the blobs, at most `parallel`
/// at a time, then the manifests, and last the root, under `name` or the name that the target was
/// opened with. Digests stay the same, and content that the target has is not moved again. The
/// caller finishes the target.
///
/// # Errors
/// Those of the source and the target; the first error cancels the copies in progress.
pub async fn copy(
    graph: &Graph,
    from: &dyn Source,
    to: &dyn Target,
    name: Option<&str>,
    parallel: usize,
) -> Result<(), Error> {
    copy_blobs(graph.blobs(), from, to, parallel).await?;
    for node in graph.below() {
        to.put_manifest(&node.digest, &node.document).await?;
    }
    let root = graph.root();
    to.put_root(&root.digest, &root.document, name).await
}

/// Copies blobs, each digest once, at most `parallel` at a time.
///
/// # Errors
/// As [`copy`].
pub async fn copy_blobs(
    blobs: &[Descriptor],
    from: &dyn Source,
    to: &dyn Target,
    parallel: usize,
) -> Result<(), Error> {
    let mut seen = HashSet::new();
    // A list and not an iterator with closures: only then callers can move the future between threads.
    let mut copies = Vec::new();
    for blob in blobs {
        if seen.insert(&blob.digest) {
            copies.push(copy_blob(blob, from, to));
        }
    }
    stream::iter(copies)
        .buffer_unordered(parallel.max(1))
        .try_collect()
        .await
}

async fn copy_blob(blob: &Descriptor, from: &dyn Source, to: &dyn Target) -> Result<(), Error> {
    let blob = from.blob(blob).await?;
    to.put_blob(&blob).await
}
