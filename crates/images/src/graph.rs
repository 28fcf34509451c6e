//! The documents and blobs that make up an image or index.

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use lazaret_oci::{
    Descriptor, Digest, Index, ManifestContent, ManifestDocument, Platform, media_type,
};

use crate::{Error, Source};

/// Deepest nesting of indexes; honest content has no more.
const DEEPEST: usize = 4;
/// Number of documents that are read concurrently.
const PARALLEL: usize = 8;
/// Most bytes of all documents of one index together.
const LARGEST: usize = 64 * 1024 * 1024;

/// A document with the digest by which it is known, of any algorithm.
#[derive(Debug, Clone)]
pub struct Node {
    /// The digest in the descriptor that led here.
    pub digest: Digest,
    /// The manifest or index.
    pub document: ManifestDocument,
}

/// A root with everything that it leads to.
#[derive(Debug, Clone)]
pub struct Graph {
    root: Node,
    below: Vec<Node>,
    blobs: Vec<Descriptor>,
}

impl Graph {
    /// Reads every document that `root` leads to.
    ///
    /// # Errors
    /// [`Error::Oci`] for indexes that are nested too deeply or too large in total; those of the
    /// source.
    pub async fn read(source: &dyn Source, root: &Descriptor) -> Result<Self, Error> {
        let mut known: HashMap<Digest, ManifestDocument> = HashMap::new();
        let mut level = vec![root.clone()];
        let mut total = 0;
        for depth in 0.. {
            let mut fresh = HashSet::new();
            level.retain(|entry| {
                !known.contains_key(&entry.digest) && fresh.insert(entry.digest.clone())
            });
            let reads = level.iter().map(|entry| source.manifest(entry));
            let mut documents = stream::iter(reads).buffered(PARALLEL);
            let mut next = Vec::new();
            for entry in &level {
                let Some(document) = documents.try_next().await? else {
                    break;
                };
                total += document.raw().len();
                if let ManifestContent::Index(index) = document.content() {
                    next.extend(index.manifests.iter().cloned());
                }
                known.insert(entry.digest.clone(), document);
                if total > LARGEST {
                    return Err(refused(format!(
                        "it leads to more than {LARGEST} bytes of manifests"
                    )));
                }
            }
            if next.is_empty() {
                break;
            }
            if depth == DEEPEST {
                return Err(too_deep());
            }
            drop(documents);
            level = next;
        }
        let mut graph = Ordered::default();
        graph.visit(&root.digest, &mut known);
        let (mut nodes, blobs) = (graph.nodes, graph.blobs);
        let root = nodes.pop().ok_or_else(|| Error::BlobMissing {
            digest: root.digest.clone(),
        })?;
        Ok(Self {
            root,
            below: nodes,
            blobs,
        })
    }

    /// The graph of one manifest, or of an index alone, without its entries.
    #[must_use]
    pub fn of(root: Node) -> Self {
        let blobs = root.document.manifest().into_iter();
        let blobs = blobs.flat_map(|manifest| manifest.blobs().cloned());
        Self {
            blobs: blobs.collect(),
            root,
            below: Vec::new(),
        }
    }

    /// The root document.
    #[must_use]
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// All other documents, each once, children before parents.
    #[must_use]
    pub fn below(&self) -> &[Node] {
        &self.below
    }

    /// The blobs that each manifest needs, in order; a shared blob occurs several times.
    #[must_use]
    pub fn blobs(&self) -> &[Descriptor] {
        &self.blobs
    }

    /// Size of all documents and of the blobs of each, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        let nodes = self.below.iter().chain([&self.root]);
        let documents: u64 = nodes.map(|node| node.document.raw().len() as u64).sum();
        let blobs = self.blobs.iter().map(|blob| blob.size);
        blobs.fold(documents, u64::saturating_add)
    }
}

/// Documents that are being put into the order in which they are written.
#[derive(Default)]
struct Ordered {
    nodes: Vec<Node>,
    blobs: Vec<Descriptor>,
}

impl Ordered {
    /// Moves a document out of `known`, after the documents that it leads to.
    fn visit(&mut self, digest: &Digest, known: &mut HashMap<Digest, ManifestDocument>) {
        let Some(document) = known.remove(digest) else {
            return;
        };
        match document.content() {
            ManifestContent::Manifest(manifest) => self.blobs.extend(manifest.blobs().cloned()),
            ManifestContent::Index(index) => {
                for entry in &index.manifests {
                    self.visit(&entry.digest, known);
                }
            }
        }
        self.nodes.push(Node {
            digest: digest.clone(),
            document,
        });
    }
}

/// Finds the manifest for a platform, through indexes if need be. A single manifest matches
/// any platform.
///
/// # Errors
/// [`Error::Platform`] with the platforms on offer; [`Error::Oci`] for indexes that are nested too
/// deeply; those of the source.
pub async fn select(
    source: &dyn Source,
    root: &Descriptor,
    platform: &Platform,
) -> Result<Node, Error> {
    let mut descriptor = root.clone();
    for _ in 0..=DEEPEST {
        let document = source.manifest(&descriptor).await?;
        let ManifestContent::Index(index) = document.content() else {
            return Ok(Node {
                digest: descriptor.digest,
                document,
            });
        };
        let next = index.select(platform).or_else(|| nested(index));
        descriptor = next.cloned().ok_or_else(|| Error::Platform {
            wanted: platform.to_string(),
            available: index.platforms(),
        })?;
    }
    Err(too_deep())
}

/// The nested index to follow, if the index has no platforms.
fn nested(index: &Index) -> Option<&Descriptor> {
    let mut entries = index.manifests.iter();
    entries.find(|entry| entry.platform.is_none() && media_type::is_index(&entry.media_type))
}

fn too_deep() -> Error {
    refused(format!("indexes are nested more than {DEEPEST} deep"))
}

fn refused(reason: String) -> Error {
    lazaret_oci::Error::Manifest { reason }.into()
}

#[cfg(test)]
mod tests;
