//! Deletes objects and their staged parts.

use futures_util::StreamExt as _;
use object_store::MultipartId;
use object_store::ObjectStoreExt as _;
use object_store::path::Path;

use super::bucket::{failed, optional};
use super::keys::Kind;
use super::shared::Shared;
use super::state::State;
use crate::{Error, Staged, UploadId};

/// Longest name of a multipart upload in bytes.
const NAME: u64 = 16 * 1024;

impl Shared {
    /// Removes an object, its staged parts, and everything that dead writers left of it.
    pub(super) async fn delete(&self, id: &UploadId, staged: &Staged) -> Result<(), Error> {
        let state = State::of(id, staged).unwrap_or_default();
        for (key, kind) in self.staged(id).await? {
            self.discard(id, &key, kind).await?;
        }
        // An upload with a note is already aborted.
        if let Some(multipart) = state.multipart
            && multipart.note.is_none()
        {
            self.abort(id, &multipart.id).await?;
        }
        self.remove_key(id, &self.keys.object(id)).await
    }

    /// Aborts every multipart upload that has a note, and removes the notes.
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

    /// The name of the multipart upload in a note.
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

    /// All keys of a staged object.
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
