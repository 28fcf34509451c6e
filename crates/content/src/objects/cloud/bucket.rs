//! One bucket, with the operations that the store offers on it.

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::multipart::MultipartStore;
use object_store::signer::Signer;

use super::memory::Memory;
use crate::{Error, UploadId};

/// The same bucket through three traits.
#[derive(Clone)]
pub(super) struct Bucket {
    pub(super) objects: Arc<dyn ObjectStore>,
    pub(super) multipart: Arc<dyn MultipartStore>,
    /// The signer of URLs; absent if the store has none.
    pub(super) signer: Option<Arc<dyn Signer>>,
}

impl Bucket {
    /// A bucket of a cloud store, which implements all three traits.
    pub(super) fn new<T: ObjectStore + MultipartStore + Signer>(store: T) -> Self {
        let store = Arc::new(store);
        Self {
            objects: store.clone(),
            multipart: store.clone(),
            signer: Some(store),
        }
    }

    pub(super) fn in_memory() -> Self {
        let memory = Arc::new(Memory::default());
        Self {
            objects: memory.objects(),
            multipart: memory,
            signer: None,
        }
    }
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bucket({})", self.objects)
    }
}

/// Adds the action and object to an error.
pub(super) fn failed<'a>(
    action: &'static str,
    id: &'a UploadId,
) -> impl Fn(object_store::Error) -> Error + Copy + 'a {
    move |source| Error::Object {
        action,
        id: id.clone(),
        source: source.into(),
    }
}

/// Turns the error "not found" into `None`.
pub(super) fn optional<T>(
    outcome: object_store::Result<T>,
    action: &'static str,
    id: &UploadId,
) -> Result<Option<T>, Error> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(failed(action, id)(error)),
    }
}
