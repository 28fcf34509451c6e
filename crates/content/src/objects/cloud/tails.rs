//! Reads and writes tails: the bytes at the end of a staged object that are not in a part yet.

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::future::{join_all, try_join_all};
use object_store::{ObjectStoreExt as _, PutPayload};

use super::bucket::{failed, optional};
use super::keys::new_tail;
use super::shared::Shared;
use super::state::{State, Tail};
use crate::{Error, UploadId};

impl Shared {
    /// Whether all tails exist.
    pub(super) async fn has_tails(&self, id: &UploadId, state: &State) -> Result<bool, Error> {
        let heads = state.tails.iter().map(|tail| async move {
            let key = self.keys.staged(id, &tail.name);
            let head = self.bucket.objects.head(&key).await;
            let head = optional(head, "inspect the staged part of", id)?;
            Ok::<_, Error>(head.is_some_and(|head| head.size == tail.size))
        });
        Ok(try_join_all(heads).await?.into_iter().all(|there| there))
    }

    /// Reads the tails, which together are no larger than one part.
    ///
    /// # Errors
    /// [`Error::UploadUnknown`] when one is missing.
    pub(super) async fn read_tails(
        &self,
        id: &UploadId,
        tails: &[Tail],
    ) -> Result<Vec<Bytes>, Error> {
        let reads = tails.iter().map(|tail| self.read_tail(id, tail));
        Ok(try_join_all(reads).await?.into_iter().flatten().collect())
    }

    async fn read_tail(&self, id: &UploadId, tail: &Tail) -> Result<Vec<Bytes>, Error> {
        const ACTION: &str = "read the staged part of";
        let key = self.keys.staged(id, &tail.name);
        let Some(found) = optional(self.bucket.objects.get(&key).await, ACTION, id)? else {
            return Err(Error::UploadUnknown { id: id.clone() });
        };
        let wrong = || Error::Object {
            action: ACTION,
            id: id.clone(),
            source: format!("it does not have {} bytes", tail.size).into(),
        };
        let (mut chunks, mut left) = (found.into_stream(), tail.size);
        let mut read = Vec::new();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(failed(ACTION, id))?;
            left = left.checked_sub(chunk.len() as u64).ok_or_else(wrong)?;
            read.push(chunk);
        }
        if left == 0 { Ok(read) } else { Err(wrong()) }
    }

    /// Writes bytes as a new tail.
    pub(super) async fn write_tail(&self, id: &UploadId, bytes: Vec<Bytes>) -> Result<Tail, Error> {
        let payload = PutPayload::from_iter(bytes);
        let tail = Tail {
            name: new_tail(),
            size: payload.content_length() as u64,
        };
        let key = self.keys.staged(id, &tail.name);
        let put = self.bucket.objects.put(&key, payload).await;
        put.map_err(failed("write the staged part of", id))?;
        Ok(tail)
    }

    /// Removes keys that are not needed any more. If this fails, they are removed when the object
    /// is deleted.
    pub(super) async fn sweep(&self, id: &UploadId, names: impl Iterator<Item = &str>) {
        let removals = names.map(|name| async move {
            let key = self.keys.staged(id, name);
            if let Err(error) = self.remove_key(id, &key).await {
                tracing::warn!(%key, %error, "leftover of an upload not removed");
            }
        });
        join_all(removals).await;
    }
}
