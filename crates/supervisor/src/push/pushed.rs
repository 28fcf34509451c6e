//! What a push reports.

use lazaret_images::Graph;
use lazaret_oci::{Digest, Reference};
use serde::Serialize;

/// An artifact, image, index or kernel that was pushed.
#[derive(Debug, Clone, Serialize)]
pub struct Pushed {
    /// `image`, `index`, `kernel`, or the family.
    pub kind: String,
    /// Where it is now.
    pub reference: String,
    /// Digest of its manifest.
    pub digest: Digest,
    /// Bytes of everything it consists of.
    pub size: u64,
    /// Number of layers.
    pub layers: usize,
}

impl Pushed {
    /// The report about `graph`.
    pub(crate) fn of(kind: &str, graph: &Graph, layers: usize, reference: &Reference) -> Self {
        let pin = reference.digest.as_ref();
        let digest = pin.unwrap_or(graph.root().document.digest());
        Self {
            kind: kind.to_owned(),
            reference: reference.to_string(),
            digest: digest.clone(),
            size: graph.size(),
            layers,
        }
    }
}
