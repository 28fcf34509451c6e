//! Removes blobs that no image needs: makes a plan, then executes it.

use std::collections::BTreeSet;

use lazaret_files::try_flock;
use lazaret_oci::{Digest, MAX_MANIFEST_BYTES, ManifestContent, ManifestDocument};
use rustix::fs::FlockOperation;

use crate::Error;
use crate::disks::DiskEntry;
use crate::store::ImageStore;

/// The content that a prune removes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrunePlan {
    /// Unneeded blobs with their sizes in bytes, in order of digest.
    pub blobs: Vec<(Digest, u64)>,
    /// Unneeded disks, in order of key.
    pub disks: Vec<DiskEntry>,
}

impl PrunePlan {
    /// Number of bytes that the prune frees.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let blobs = self.blobs.iter().map(|(_, size)| size);
        let disks = self.disks.iter().map(|disk| &disk.allocated);
        blobs.chain(disks).sum()
    }
}

impl ImageStore {
    /// All blobs with their sizes in bytes.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn blobs(&self) -> Result<Vec<(Digest, u64)>, Error> {
        Ok(self.0.blobs.list()?)
    }

    /// The content that [`ImageStore::prune`] would remove now. Disks can be built again, and only
    /// the caller knows which are worth keeping: `keep_disk` decides by key.
    ///
    /// # Errors
    /// [`Error::Record`] when a manifest cannot be read: the needed blobs are then not
    /// known.
    pub fn plan_prune(&self, keep_disk: impl Fn(&str) -> bool) -> Result<PrunePlan, Error> {
        let needed = self.needed()?;
        let mut blobs = self.blobs()?;
        blobs.retain(|(digest, _)| !needed.contains(digest));
        blobs.sort_unstable();
        let mut disks = self.disks()?;
        disks.retain(|disk| !keep_disk(&disk.key));
        Ok(PrunePlan { blobs, disks })
    }

    /// Removes every blob that no image needs and every disk that the caller does not keep; returns
    /// the removed content.
    ///
    /// # Errors
    /// [`Error::InUse`] while a [`crate::Lease`] is held; otherwise as
    /// [`ImageStore::plan_prune`].
    pub fn prune(&self, keep_disk: impl Fn(&str) -> bool) -> Result<PrunePlan, Error> {
        let (lock, path) = self.lock_file()?;
        if !try_flock(&lock, FlockOperation::NonBlockingLockExclusive, &path)? {
            return Err(Error::InUse {
                path: self.0.root.clone(),
            });
        }
        let plan = self.plan_prune(keep_disk)?;
        for disk in &plan.disks {
            self.remove_disk(&disk.key)?;
        }
        for (digest, _) in &plan.blobs {
            self.0.blobs.remove(digest)?;
        }
        Ok(plan)
    }

    fn needed(&self) -> Result<BTreeSet<Digest>, Error> {
        let mut needed = BTreeSet::new();
        for record in self.list()? {
            self.mark(&record.digest, &mut needed)?;
            // The index, if it was copied as a whole; often it is not in the store.
            if self.0.blobs.stat(&record.source_digest)?.is_some() {
                self.mark(&record.source_digest, &mut needed)?;
            }
        }
        Ok(needed)
    }

    fn mark(&self, manifest: &Digest, needed: &mut BTreeSet<Digest>) -> Result<(), Error> {
        if !needed.insert(manifest.clone()) {
            return Ok(());
        }
        let raw = self.read(manifest, MAX_MANIFEST_BYTES as u64)?;
        let document = ManifestDocument::parse(raw, None).map_err(|error| Error::Record {
            path: self.0.blobs.path(manifest),
            reason: error.to_string(),
        })?;
        match document.content() {
            ManifestContent::Manifest(manifest) => {
                needed.extend(manifest.blobs().map(|blob| blob.digest.clone()));
            }
            ManifestContent::Index(index) => {
                for entry in &index.manifests {
                    if self.0.blobs.stat(&entry.digest)?.is_some() {
                        self.mark(&entry.digest, needed)?;
                    }
                }
            }
        }
        Ok(())
    }
}
