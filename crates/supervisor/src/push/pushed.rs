//! The result of a push.

use lazaret_images::Graph;
use lazaret_oci::{Digest, Reference};
use serde::Serialize;

/// An artifact, image, index or kernel that was pushed.
#[derive(Debug, Clone, Serialize)]
pub struct Pushed {
    /// The kind: `image`, `index`, `kernel`, or the family.
    pub kind: String,
    /// The reference under which it is stored now.
    pub reference: String,
    /// Digest of its manifest.
    pub digest: Digest,
    /// Size of everything that it consists of, in bytes.
    pub size: u64,
    /// Number of layers.
    pub layers: usize,
}

impl Pushed {
    /// The result for `graph`.
    pub(crate) fn of(kind: &str, graph: &Graph, layers: usize, reference: &Reference) -> Self {
        let pin = reference.digest.as_ref();
        let digest = pin.unwrap_or(&graph.root().digest);
        Self {
            kind: kind.to_owned(),
            reference: reference.to_string(),
            digest: digest.clone(),
            size: graph.size(),
            layers,
        }
    }
}
