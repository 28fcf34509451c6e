//! Remembers in which repositories blobs were seen, so that a push mounts them from there instead of
//! sending them again.
//!
//! ```text
//! cache/origins/ab/abcd...   lines of `registry/repository`, the latest first
//! ```
//! What is remembered are hints: a registry that does not have the blob there answers with an upload,
//! so nothing breaks when a file is old, damaged or missing.

use std::fs;
use std::path::PathBuf;

use lazaret_oci::{Digest, Reference, Registry, Repository};

/// Most repositories that are remembered for one blob.
const MOST: usize = 8;
/// Largest file that is read, in bytes.
const MAX_BYTES: usize = 8 * 1024;

/// The repositories of blobs.
#[derive(Debug, Clone)]
pub(crate) struct Origins {
    folder: PathBuf,
}

impl Origins {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// A repository of the same registry, other than that of `reference`, in which the blob was seen
    /// last.
    pub(crate) fn beside(&self, reference: &Reference, digest: &Digest) -> Option<Repository> {
        self.read(digest)
            .into_iter()
            .filter(|(registry, _)| *registry == reference.registry)
            .map(|(_, repository)| repository)
            .find(|repository| *repository != reference.repository)
    }

    /// Remembers that the repository of `reference` has the blob. A failure is no harm.
    pub(crate) fn remember(&self, reference: &Reference, digest: &Digest) {
        let mut seen = self.read(digest);
        let here = (reference.registry.clone(), reference.repository.clone());
        if seen.first() == Some(&here) {
            return;
        }
        seen.retain(|place| *place != here);
        seen.insert(0, here);
        seen.truncate(MOST);
        let lines = seen
            .iter()
            .map(|(registry, repository)| format!("{registry}/{repository}\n"));
        let text: String = lines.collect();
        let path = self.path(digest);
        let parent = path.parent().unwrap_or(&self.folder);
        let written = fs::create_dir_all(parent).and_then(|()| fs::write(&path, text));
        if let Err(error) = written {
            tracing::debug!(%error, "the origin of a blob is not remembered");
        }
    }

    fn read(&self, digest: &Digest) -> Vec<(Registry, Repository)> {
        let Ok(text) = crate::bounded::read_bounded(&self.path(digest), MAX_BYTES) else {
            return Vec::new();
        };
        let text = String::from_utf8_lossy(&text);
        let places = text.lines().take(MOST).filter_map(|line| {
            let place: Reference = line.parse().ok()?;
            Some((place.registry, place.repository))
        });
        places.collect()
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        self.folder.join(&hex[..2]).join(hex)
    }
}

#[cfg(test)]
mod tests;
