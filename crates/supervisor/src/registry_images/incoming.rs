//! A blob that is pulled from a registry.

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use lazaret_client::Client;
use lazaret_images::{Content, Error, Pieces};
use lazaret_oci::{Descriptor, Reference};

use crate::ProgressSink;

/// A blob of a repository. The client verifies its streams, which end with an error when digest or
/// size are wrong.
pub(super) struct Incoming {
    pub(super) client: Client,
    pub(super) reference: Reference,
    pub(super) descriptor: Descriptor,
    pub(super) progress: ProgressSink,
}

impl Content for Incoming {
    /// The bytes before `offset` are fetched and dropped, because the digest cannot be verified
    /// without them. Only the second try of a copy between two registries has an offset.
    fn read(&self, offset: u64) -> Pieces {
        let flow = Flow {
            client: self.client.clone(),
            reference: self.reference.clone(),
            descriptor: self.descriptor.clone(),
            progress: self.progress.clone(),
            skip: offset,
            blob: None,
        };
        let next = |mut flow: Flow| async move {
            let piece = flow.next().await;
            let piece = piece.map_err(|error| Error::Elsewhere(Box::new(error)))?;
            Ok(piece.map(|piece| (piece, flow)))
        };
        stream::try_unfold(flow, next).boxed()
    }

    fn is_verified(&self) -> bool {
        true
    }
}

/// One stream of a blob, from the first wanted byte to the result of the verification.
struct Flow {
    client: Client,
    reference: Reference,
    descriptor: Descriptor,
    progress: ProgressSink,
    /// Number of bytes still to be dropped.
    skip: u64,
    blob: Option<lazaret_client::Blob>,
}

impl Flow {
    async fn next(&mut self) -> Result<Option<Bytes>, lazaret_client::Error> {
        let blob = match &mut self.blob {
            Some(blob) => blob,
            None => {
                self.progress.started(&self.descriptor);
                let open = self.client.blob(&self.reference, &self.descriptor);
                self.blob.insert(open.await?)
            }
        };
        while let Some(mut piece) = blob.try_next().await? {
            let length = piece.len() as u64;
            self.progress.advanced(&self.descriptor, length);
            let skipped = self.skip.min(length);
            self.skip -= skipped;
            if skipped < length {
                // The conversion cannot fail: `skipped` is at most the length of the piece, which
                // is a usize.
                return Ok(Some(piece.split_off(usize::try_from(skipped).unwrap_or(0))));
            }
        }
        self.progress.finished(&self.descriptor);
        Ok(None)
    }
}
