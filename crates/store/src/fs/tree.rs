//! Content-addressed files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use lazaret_oci::{Algorithm, Digest};

use crate::durable::{is_absent, optional};
use crate::error::io;
use crate::{Durability, Error};

/// `<root>/<algorithm>/<2 hex>/<hex>`.
#[derive(Debug, Clone)]
pub(crate) struct BlobTree {
    root: PathBuf,
    durability: Durability,
}

impl BlobTree {
    pub(crate) fn new(root: PathBuf, durability: Durability) -> Self {
        Self { root, durability }
    }

    /// Where a blob is, or would be.
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

    /// Makes a staged file, whose content was verified, the blob `digest`. An existing blob
    /// is replaced: that heals a damaged one, and readers keep the file they opened.
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

    /// Every blob with its size in bytes, in no order. Foreign files are skipped.
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

/// The entries of a folder, none when it does not exist.
pub(crate) fn children(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = match fs::read_dir(folder) {
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        outcome => outcome.map_err(io("list the folder", folder))?,
    };
    entries
        .map(|entry| Ok(entry.map_err(io("list the folder", folder))?.path()))
        .collect()
}
