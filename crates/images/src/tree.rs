//! Stores content-addressed files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use lazaret_files::{Durability, Error, children, optional};
use lazaret_oci::{Algorithm, Digest};

/// A folder of files named `<root>/<algorithm>/<2 hex>/<hex>`.
#[derive(Debug, Clone)]
pub(crate) struct BlobTree {
    root: PathBuf,
    durability: Durability,
}

impl BlobTree {
    pub(crate) fn new(root: PathBuf, durability: Durability) -> Self {
        Self { root, durability }
    }

    /// The path of a blob, whether it exists or not.
    pub(crate) fn path(&self, digest: &Digest) -> PathBuf {
        let (algorithm, hex) = (digest.algorithm().name(), digest.hex());
        let mut path = PathBuf::with_capacity(self.root.as_os_str().len() + 12 + hex.len());
        path.push(&self.root);
        path.push(algorithm);
        path.push(&hex[..2]);
        path.push(hex);
        path
    }

    /// Size of a blob in bytes.
    pub(crate) fn stat(&self, digest: &Digest) -> Result<Option<u64>, Error> {
        let path = self.path(digest);
        let metadata = optional(fs::metadata(&path), "inspect", &path)?;
        Ok(metadata.map(|metadata| metadata.len()))
    }

    /// Publishes a staged file, whose content was verified, as the blob `digest`. An existing blob
    /// is replaced: that repairs a damaged one, and readers keep the file that they have open.
    pub(crate) fn publish(
        &self,
        file: &File,
        staged: &Path,
        digest: &Digest,
    ) -> Result<PathBuf, Error> {
        let target = self.path(digest);
        self.durability.sync_file(file, staged)?;
        self.durability.publish(staged, &target)?;
        Ok(target)
    }

    pub(crate) fn remove(&self, digest: &Digest) -> Result<bool, Error> {
        self.durability.remove(&self.path(digest))
    }

    /// Every blob with its size in bytes, in no particular order. Foreign files are skipped.
    pub(crate) fn list(&self) -> Result<Vec<(Digest, u64)>, Error> {
        let mut found = Vec::new();
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            for shard in children(&self.root.join(algorithm.name()))? {
                for file in children(&shard)? {
                    let name = file.file_name().and_then(|name| name.to_str());
                    let text = format!("{}:{}", algorithm.name(), name.unwrap_or_default());
                    let Ok(digest) = text.parse::<Digest>() else {
                        continue;
                    };
                    if let Some(metadata) = optional(fs::metadata(&file), "inspect", &file)? {
                        found.push((digest, metadata.len()));
                    }
                }
            }
        }
        Ok(found)
    }
}
