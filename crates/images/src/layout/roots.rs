//! The roots of a layout, as its `index.json` lists them.

use std::collections::HashSet;
use std::path::Path;

use lazaret_oci::{Descriptor, Digest, Index};

use super::names::REF_NAME;
use crate::Wanted;
use crate::error::{Error, unusable};
use crate::names::matching;

/// The annotation of what Docker lists beside an image that it belongs to, such as an attestation.
const SUBJECT: &str = "io.containerd.manifest.subject";

/// The roots, in the order of the index.
pub(super) struct Roots(pub(super) Vec<Descriptor>);

impl Roots {
    /// Parses an `index.json`. `place` is the path of the layout, for messages.
    pub(super) fn parse(index: &[u8], place: &Path) -> Result<Self, Error> {
        let index: Index = serde_json::from_slice(index).map_err(|error| {
            unusable(place, format!("index.json is not an image index: {error}"))
        })?;
        Ok(Self(index.manifests))
    }

    /// The wanted root; `None` for a digest that is not a root.
    pub(super) fn find(&self, wanted: &Wanted, place: &Path) -> Result<Option<&Descriptor>, Error> {
        match wanted {
            Wanted::Digest(digest) => Ok(self.by_digest(digest)),
            Wanted::Name(name) => self.by_name(name, place).map(Some),
            Wanted::Index(index) => self.at(*index, place).map(Some),
            Wanted::Only => self.sole(place).map(Some),
        }
    }

    fn by_digest(&self, digest: &Digest) -> Option<&Descriptor> {
        self.0.iter().find(|root| root.digest == *digest)
    }

    fn at(&self, index: usize, place: &Path) -> Result<&Descriptor, Error> {
        self.0.get(index).ok_or_else(|| {
            let reason = format!("it has {} images, the first of which is @0", self.0.len());
            unusable(place, reason)
        })
    }

    fn by_name(&self, name: &str, place: &Path) -> Result<&Descriptor, Error> {
        // Docker writes whole references where others write tags.
        match &distinct(matching(&self.0, ref_name, name))[..] {
            [root] => Ok(root),
            [] => {
                let reason = format!("no image is called '{name}'; there are: {}", self.names());
                Err(unusable(place, reason))
            }
            several => Err(self.ambiguous(several.len(), place)),
        }
    }

    /// The only root. Roots without a name beside one that has one are its referrers: they do not
    /// make it ambiguous. Nor do those that Docker marks as belonging to another.
    fn sole(&self, place: &Path) -> Result<&Descriptor, Error> {
        let mut found = distinct(self.0.iter().collect());
        found.retain(|root| !root.annotations.contains_key(SUBJECT));
        if found.len() > 1 {
            let mut named = found.iter().filter(|root| ref_name(root).is_some());
            if let (Some(sole), None) = (named.next(), named.next()) {
                found = vec![*sole];
            }
        }
        match &found[..] {
            [root] => Ok(root),
            [] => Err(unusable(place, "it holds no image")),
            several => Err(self.ambiguous(several.len(), place)),
        }
    }

    fn ambiguous(&self, count: usize, place: &Path) -> Error {
        let names = self.names();
        let reason = format!(
            "it holds {count} images; choose one by name or place, as LAYOUT:NAME or LAYOUT:@0, of: {names}"
        );
        unusable(place, reason)
    }

    fn names(&self) -> String {
        let names = self.0.iter().filter_map(ref_name);
        names.collect::<Vec<_>>().join(", ")
    }
}

/// Roots without those that are there twice.
fn distinct(mut roots: Vec<&Descriptor>) -> Vec<&Descriptor> {
    let mut seen = HashSet::new();
    roots.retain(|root| seen.insert(&root.digest));
    roots
}

/// The name of a root.
pub(super) fn ref_name(root: &Descriptor) -> Option<&str> {
    root.annotations.get(REF_NAME).map(String::as_str)
}

#[cfg(test)]
mod tests;
