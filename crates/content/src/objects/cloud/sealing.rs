//! Seals a staged object: makes it complete and readable.

use object_store::multipart::PartId;
use object_store::path::Path;
use object_store::{ObjectStoreExt as _, PutPayload};

use super::bucket::failed;
use super::shared::Shared;
use super::state::{Multipart, State};
use crate::{Error, Staged, UploadId};

impl Shared {
    /// Makes the sealed object from its staged parts.
    pub(super) async fn seal(&self, id: &UploadId, staged: &Staged) -> Result<(), Error> {
        let state = State::of(id, staged)?;
        let key = self.keys.object(id);
        let outcome = match &state.multipart {
            Some(multipart) => self.complete(id, &key, multipart, &state).await,
            None => self.put(id, &key, &state).await,
        };
        if let Err(error) = outcome {
            // An earlier call may have sealed it: then the staged parts are gone, and stores
            // report this in different ways.
            if self.stat(id).await? != Some(staged.size) {
                return Err(unknown(id, error));
            }
        }
        self.sweep(id, state.leftovers()).await;
        Ok(())
    }

    async fn complete(
        &self,
        id: &UploadId,
        key: &Path,
        multipart: &Multipart,
        state: &State,
    ) -> Result<(), Error> {
        let mut parts: Vec<PartId> = multipart.parts.iter().map(|name| part_id(name)).collect();
        let rest = self.read_tails(id, &state.tails).await?;
        if !rest.is_empty() {
            let rest = PutPayload::from_iter(rest);
            let put = self
                .bucket
                .multipart
                .put_part(key, &multipart.id, parts.len(), rest);
            parts.push(put.await.map_err(failed("write the last part of", id))?);
        }
        let complete = self
            .bucket
            .multipart
            .complete_multipart(key, &multipart.id, parts);
        complete.await.map_err(failed("complete", id))?;
        Ok(())
    }

    /// Writes an object that is no larger than one part.
    async fn put(&self, id: &UploadId, key: &Path, state: &State) -> Result<(), Error> {
        if let [tail] = &state.tails[..] {
            let from = self.keys.staged(id, &tail.name);
            let copy = self.bucket.objects.copy(&from, key);
            return copy.await.map_err(failed("copy", id));
        }
        let content = self.read_tails(id, &state.tails).await?;
        let put = self.bucket.objects.put(key, PutPayload::from_iter(content));
        put.await.map_err(failed("write", id))?;
        Ok(())
    }
}

fn part_id(name: &str) -> PartId {
    PartId {
        content_id: name.to_owned(),
    }
}

/// Converts the store's "not found" to the error for a missing staged object.
fn unknown(id: &UploadId, error: Error) -> Error {
    match error {
        Error::Object { source, .. } if is_not_found(&*source) => {
            Error::UploadUnknown { id: id.clone() }
        }
        error => error,
    }
}

fn is_not_found(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    matches!(
        error.downcast_ref(),
        Some(object_store::Error::NotFound { .. })
    )
}
