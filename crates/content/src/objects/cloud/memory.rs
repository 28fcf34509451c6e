//! Multipart uploads in memory that behave like the real stores: a completed object has the parts
//! that were named, and no others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use object_store::memory::InMemory;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;
use object_store::{
    Error, MultipartId, ObjectStore, ObjectStoreExt as _, PutPayload, PutResult, Result,
};

use lazaret_files::random_hex;

#[derive(Debug, Default)]
pub(super) struct Memory {
    objects: Arc<InMemory>,
    uploads: Mutex<HashMap<MultipartId, HashMap<String, Bytes>>>,
}

impl Memory {
    pub(super) fn objects(&self) -> Arc<dyn ObjectStore> {
        self.objects.clone()
    }

    /// Number of multipart uploads that were neither completed nor aborted.
    #[cfg(test)]
    pub(super) fn unfinished(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MultipartId, HashMap<String, Bytes>>> {
        // The map is valid after every statement that changes it.
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_found(path: &Path) -> Error {
    Error::NotFound {
        path: path.to_string(),
        source: "no such multipart upload or part".into(),
    }
}

#[async_trait]
impl MultipartStore for Memory {
    async fn create_multipart(&self, _path: &Path) -> Result<MultipartId> {
        let id = random_hex(8);
        self.lock().insert(id.clone(), HashMap::new());
        Ok(id)
    }

    async fn put_part(
        &self,
        path: &Path,
        id: &MultipartId,
        _part_idx: usize,
        data: PutPayload,
    ) -> Result<PartId> {
        let content_id = random_hex(8);
        let mut uploads = self.lock();
        let parts = uploads.get_mut(id).ok_or_else(|| not_found(path))?;
        parts.insert(content_id.clone(), data.into());
        Ok(PartId { content_id })
    }

    async fn complete_multipart(
        &self,
        path: &Path,
        id: &MultipartId,
        parts: Vec<PartId>,
    ) -> Result<PutResult> {
        let uploaded = self.lock().remove(id).ok_or_else(|| not_found(path))?;
        let named = parts
            .iter()
            .map(|part| uploaded.get(&part.content_id).cloned());
        let content = named.collect::<Option<Vec<Bytes>>>();
        let content = content.ok_or_else(|| not_found(path))?;
        self.objects.put(path, PutPayload::from_iter(content)).await
    }

    async fn abort_multipart(&self, path: &Path, id: &MultipartId) -> Result<()> {
        let removed = self.lock().remove(id);
        removed.map(drop).ok_or_else(|| not_found(path))
    }
}
