//! Pushes an image, or an index with all its images.

use lazaret_images::{Graph, Source, Wanted};
use lazaret_oci::{ManifestContent, Reference};

use super::pushed::Pushed;
use crate::{Error, Home, ProgressSink};

/// Pushes the image or index that has the name in a source, or the source's only one.
pub(super) async fn push(
    home: &Home,
    source: &dyn Source,
    wanted: &Wanted,
    reference: &Reference,
    progress: ProgressSink,
) -> Result<Pushed, Error> {
    let root = source.root(wanted).await?;
    let graph = Graph::read(source, &root).await?;
    home.publish(&graph, source, reference, &progress).await?;
    let (kind, layers) = match graph.root().document.content() {
        ManifestContent::Manifest(manifest) => ("image", manifest.layers.len()),
        ManifestContent::Index(_) => ("index", graph.blobs().len()),
    };
    Ok(Pushed::of(kind, &graph, layers, reference))
}
