//! Pulls a variant: the store's file goes into the cache and to the user's path.

use std::path::{Path, PathBuf};

use lazaret_files::{Durability, NewFile};
use lazaret_variants::Document;

use super::backend::Fetched;
use super::item::{Content, Item, Part, VariantRequest};
use super::open::{Variables, open};
use super::transferred::Transferred;
use crate::hash::copy_hashed;
use crate::variants_error::VariantsError;
use crate::{Error, Home, ProgressSink, blocking};

impl Home {
    /// Pulls a variant from the store that the document names for it, to the cache and to its path. A
    /// regular file there is replaced; a link or anything else is refused, before anything is fetched.
    ///
    /// # Errors
    /// [`VariantsError`]; those of the store. Then cache and path keep what they had.
    pub async fn pull_variant(
        &self,
        document: &Document,
        request: &VariantRequest,
        variables: Variables<'_>,
        progress: ProgressSink,
    ) -> Result<Transferred, Error> {
        let item = Item::find(document, request)?;
        let settings = &item.artifact.distribution.pull;
        let backend = open(self, document, &item, settings, variables).await?;
        let local = item.local(Part::Main);
        blocking(move || begin(&local).map(drop)).await?;
        let fetched = backend.get(&item, &progress).await?;
        if fetched.iter().all(|part| part.content.part != Part::Main) {
            return Err(VariantsError::NotStored {
                backend: settings.to_string(),
                store_path: item.stored_at(settings, Part::Main)?,
            }
            .into());
        }
        let contents: Vec<Content> = fetched.iter().map(|part| part.content.clone()).collect();
        let target = item.clone();
        let stale_initrd = blocking(move || publish(&target, fetched)).await?;
        let transferred = Transferred::new(&item, settings, &contents)?;
        Ok(Transferred {
            stale_initrd,
            ..transferred
        })
    }
}

/// Gives everything its name; nothing has one before all of it is written. Returns the initial RAM disk
/// that lies beside the image and is not of it.
fn publish(item: &Item, fetched: Vec<Fetched>) -> Result<Option<PathBuf>, Error> {
    let mut named = Vec::new();
    for part in fetched {
        let path = item.local(part.content.part);
        let local = begin(&path)?;
        let copied = copy_hashed(&mut part.content.range.reader(), &mut local.file()?);
        let (digest, _) = copied.map_err(Error::io("write", &path))?;
        if digest != part.content.digest {
            return Err(Error::DigestMismatch {
                expected: part.content.digest,
                actual: digest,
                subject: format!("what was copied to '{}'", path.display()),
            });
        }
        named.push((part, local));
    }
    let has_initrd = named
        .iter()
        .any(|(part, _)| part.content.part == Part::Initrd);
    for (part, local) in named {
        part.new.publish()?;
        local.publish()?;
    }
    if has_initrd || !item.parts().contains(&Part::Initrd) {
        return Ok(None);
    }
    let cached = item.store_path(Part::Initrd)?;
    item.cache().remove(cached.as_str())?;
    let local = item.local(Part::Initrd);
    Ok(local.symlink_metadata().is_ok().then_some(local))
}

/// Begins the file at the user's path, whose folders are made.
fn begin(path: &Path) -> Result<NewFile, Error> {
    if let Some(folder) = path.parent()
        && !folder.as_os_str().is_empty()
    {
        Durability::Synced.create_dirs(folder)?;
    }
    Ok(NewFile::here(path)?)
}
