//! Deleting objects and what is staged of them.

use futures_util::StreamExt as _;
use object_store::MultipartId;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use super::bucket::{failed, optional};
use super::keys::Kind;
use super::shared::Shared;
use super::state::State;
use crate::{Error, Staged, UploadId};

/// A multipart upload has a name of at most this many bytes.
const NAME: u64 = 16 * 1024;

impl Shared {
    /// Removes an object, what is staged of it, and what writers that died left.
    pub(super) async fn delete(&self, id: &UploadId, staged: &Staged) -> Result<(), Error> {
        let state = State::of(id, staged).unwrap_or_default();
        for (key, kind) in self.staged(id).await? {
            self.discard(id, &key, kind).await?;
        }
        // One with a note is aborted by now.
        if let Some(multipart) = state.multipart
            && multipart.note.is_none()
        {
            self.abort(id, &multipart.id).await?;
        }
        self.remove_key(id, &self.keys.object(id)).await
    }

    /// Aborts every multipart upload of which there is a note, and removes the note.
    pub(super) async fn abort_noted(&self, id: &UploadId) -> Result<(), Error> {
        for (key, kind) in self.staged(id).await? {
            if kind == Kind::Multipart {
                self.discard(id, &key, kind).await?;
            }
        }
        Ok(())
    }

    async fn discard(&self, id: &UploadId, key: &Path, kind: Kind) -> Result<(), Error> {
        if kind == Kind::Multipart
            && let Some(name) = self.noted(id, key).await?
        {
            self.abort(id, &name).await?;
        }
        self.remove_key(id, key).await
    }

    /// The name in a note.
    async fn noted(&self, id: &UploadId, key: &Path) -> Result<Option<String>, Error> {
        const ACTION: &str = "read the multipart upload of";
        let Some(found) = optional(self.bucket.objects.get(key).await, ACTION, id)? else {
            return Ok(None);
        };
        if found.meta.size > NAME {
            return Ok(None);
        }
        let bytes = found.bytes().await.map_err(failed(ACTION, id))?;
        Ok(String::from_utf8(bytes.into()).ok())
    }

    async fn abort(&self, id: &UploadId, name: &MultipartId) -> Result<(), Error> {
        let key = self.keys.object(id);
        let abort = self.bucket.multipart.abort_multipart(&key, name);
        optional(abort.await, "abort the multipart upload of", id)?;
        Ok(())
    }

    pub(super) async fn remove_key(&self, id: &UploadId, key: &Path) -> Result<(), Error> {
        optional(self.bucket.objects.delete(key).await, "remove", id)?;
        Ok(())
    }

    /// Every key of what is staged of an object.
    async fn staged(&self, id: &UploadId) -> Result<Vec<(Path, Kind)>, Error> {
        let folder = self.keys.upload(id);
        let mut found = Vec::new();
        let mut keys = self.bucket.objects.list(Some(&folder));
        while let Some(key) = keys.next().await {
            let key = key.map_err(failed("list what is staged of", id))?.location;
            if let Some((owner, Some(kind))) = self.keys.owner(&key)
                && owner == *id
            {
                found.push((key, kind));
            }
        }
        Ok(found)
    }
}
