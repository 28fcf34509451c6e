//! The roots of a layout, as its `index.json` lists them.

use std::path::Path;

use lazaret_oci::{Descriptor, Digest, Index};

use super::names::REF_NAME;
use crate::Wanted;
use crate::error::{Error, unusable};

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
            Wanted::Name(name) => self.by_name(Some(name), place).map(Some),
            Wanted::Only => self.by_name(None, place).map(Some),
        }
    }

    fn by_digest(&self, digest: &Digest) -> Option<&Descriptor> {
        self.0.iter().find(|root| root.digest == *digest)
    }

    fn by_name(&self, name: Option<&str>, place: &Path) -> Result<&Descriptor, Error> {
        let names = || {
            let names = self.0.iter().filter_map(ref_name);
            names.collect::<Vec<_>>().join(", ")
        };
        let is_wanted = |root: &&Descriptor| match (name, ref_name(root)) {
            (None, _) => true,
            // Docker writes whole references where other tools write tags.
            (Some(name), Some(have)) => have == name || have.ends_with(&format!(":{name}")),
            (Some(_), None) => false,
        };
        let mut matching: Vec<&Descriptor> = self.0.iter().filter(is_wanted).collect();
        matching.dedup_by(|a, b| a.digest == b.digest);
        // Manifests that refer to others are roots without a name: a sole name stays unambiguous
        // beside them.
        if name.is_none() && matching.len() > 1 {
            let mut named = matching.iter().filter(|root| ref_name(root).is_some());
            if let (Some(sole), None) = (named.next(), named.next()) {
                matching = vec![*sole];
            }
        }
        match (&matching[..], name) {
            ([root], _) => Ok(root),
            ([], Some(name)) => {
                let reason = format!("no image is tagged '{name}'; there are: {}", names());
                Err(unusable(place, reason))
            }
            ([], None) => Err(unusable(place, "it holds no image")),
            _ => {
                let (count, names) = (matching.len(), names());
                let reason =
                    format!("it holds {count} images; name one as LAYOUT:TAG, of: {names}");
                Err(unusable(place, reason))
            }
        }
    }
}

/// The name of a root.
pub(super) fn ref_name(root: &Descriptor) -> Option<&str> {
    root.annotations.get(REF_NAME).map(String::as_str)
}

#[cfg(test)]
mod tests;
