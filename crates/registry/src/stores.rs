//! The stores of content and metadata from which requests are answered.

use std::sync::Arc;

use bytes::Bytes;
use lazaret_content::{BlobStore, Database};
use lazaret_oci::{Digest, Repository};

use crate::message::Refusal;

/// The content, and the metadata that names it. Clones share both.
#[derive(Clone)]
pub(crate) struct Stores {
    pub(crate) objects: Arc<dyn BlobStore>,
    pub(crate) metadata: Arc<dyn Database>,
}

impl Stores {
    /// Reads the content of a blob of at most `limit` bytes; `None` when the repository has no such
    /// blob.
    ///
    /// # Errors
    /// Fails when the blob is larger, or when a store fails.
    pub(crate) async fn small_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
        limit: u64,
    ) -> Result<Option<Bytes>, Refusal> {
        let Some(stored) = self.metadata.blob(repository, digest).await? else {
            return Ok(None);
        };
        let blob = self.objects.open(&stored.object, stored.size, None).await?;
        let Some(blob) = blob else {
            return Ok(None);
        };
        Ok(Some(blob.read(limit).await?))
    }
}
