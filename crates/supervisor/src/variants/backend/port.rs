//! The port, and what its adapters share: new files of the cache.

use async_trait::async_trait;
use lazaret_files::NewBeneath;

use crate::hash::copy_hashed;
use crate::variants::item::{Content, Item, Part, content};
use crate::{Error, ProgressSink, blocking};

/// A store of variants.
#[async_trait]
pub(in crate::variants) trait Backend: Send + Sync {
    /// Stores all parts of a variant. Of each part, others see the old content or the new one; a part
    /// that the variant no longer has goes, where the store can remove it.
    async fn put(
        &self,
        item: &Item,
        contents: &[Content],
        progress: &ProgressSink,
    ) -> Result<(), Error>;

    /// Fetches the parts that the store has into files without names.
    async fn get(&self, item: &Item, progress: &ProgressSink) -> Result<Vec<Fetched>, Error>;
}

/// A part that was fetched, in a file of the cache that has no name yet.
pub(in crate::variants) struct Fetched {
    pub(in crate::variants) new: NewBeneath,
    pub(in crate::variants) content: Content,
}

impl Fetched {
    /// The whole and verified content of a new file.
    pub(super) fn new(
        part: Part,
        new: NewBeneath,
        digest: lazaret_oci::Digest,
    ) -> Result<Self, Error> {
        let content = content(part, new.file()?, new.path(), digest)?;
        Ok(Self { new, content })
    }
}

/// A new file of the cache for a part.
pub(super) async fn landing(item: &Item, part: Part) -> Result<NewBeneath, Error> {
    let (cache, path) = (item.cache(), item.store_path(part)?);
    blocking(move || Ok(cache.create(path.as_str())?)).await
}

/// Copies a file to a new one, and computes its digest.
pub(in crate::variants) fn copy(
    part: Part,
    mut from: std::fs::File,
    new: NewBeneath,
) -> Result<Fetched, Error> {
    let mut to = new.file()?;
    let (digest, _) = copy_hashed(&mut from, &mut to).map_err(Error::io("copy to", new.path()))?;
    Fetched::new(part, new, digest)
}
