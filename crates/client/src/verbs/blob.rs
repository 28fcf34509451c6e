//! `GET /v2/<name>/blobs/<digest>`.

use futures_util::TryStreamExt as _;
use lazaret_oci::{Descriptor, Hasher, Reference};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

use crate::call::Call;
use crate::pull::{Blob, Place};
use crate::{Client, Error};

impl Client {
    /// Opens a blob of the repository of `reference` (whose tag and digest are ignored).
    ///
    /// # Errors
    /// [`Error::NotFound`], and [`Error::Integrity`] when the registry announces another size.
    pub async fn blob(&self, reference: &Reference, blob: &Descriptor) -> Result<Blob, Error> {
        let hasher = Hasher::new(blob.digest.algorithm());
        self.blob_from(reference, blob, 0, hasher).await
    }

    /// Opens the rest of a blob whose first `offset` bytes are at hand and were hashed by
    /// `hasher`. The stream gives the rest; its end verifies the whole.
    ///
    /// # Errors
    /// As [`Client::blob`].
    pub async fn blob_from(
        &self,
        reference: &Reference,
        blob: &Descriptor,
        offset: u64,
        hasher: Hasher,
    ) -> Result<Blob, Error> {
        let place = Place::Repository(reference.clone());
        self.pull_from(place, blob, offset, hasher).await
    }

    /// Writes a verified blob to `sink` and flushes it. After an error, the written data must
    /// not be used.
    ///
    /// # Errors
    /// As [`Client::blob`], and [`Error::Local`] when the sink fails.
    pub async fn blob_to(
        &self,
        reference: &Reference,
        blob: &Descriptor,
        sink: &mut (dyn AsyncWrite + Send + Unpin),
    ) -> Result<(), Error> {
        let mut content = self.blob(reference, blob).await?;
        let local = |source| Error::Local {
            operation: format!("write blob {}", blob.digest),
            source,
        };
        while let Some(piece) = content.try_next().await? {
            sink.write_all(&piece).await.map_err(local)?;
        }
        sink.flush().await.map_err(local)
    }

    /// Reads a small blob, such as a configuration, of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Client::blob`], and [`Error::Protocol`] when the blob is larger than `limit`.
    pub async fn blob_bytes(
        &self,
        reference: &Reference,
        blob: &Descriptor,
        limit: u64,
    ) -> Result<Vec<u8>, Error> {
        if blob.size > limit {
            let call = Call::on(reference, format!("read blob {}", blob.digest));
            let size = blob.size;
            return Err(call.protocol(format!("names a blob of {size} bytes, over {limit}")));
        }
        let mut content = self.blob(reference, blob).await?;
        let mut whole = Vec::new();
        while let Some(piece) = content.try_next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }
}
