//! Pushes a variant: the user's file goes into the store and the cache.

use std::io::ErrorKind;

use lazaret_files::open_regular;
use lazaret_variants::Document;

use super::backend::{Fetched, copy};
use super::item::{Content, Item, Part, VariantRequest};
use super::open::{Variables, open};
use super::transferred::Transferred;
use crate::variants_error::VariantsError;
use crate::{Error, Home, ProgressSink, blocking};

impl Home {
    /// Pushes a variant to the store that the document names for it, and keeps a copy in the cache.
    ///
    /// # Errors
    /// [`VariantsError`]; those of the store. The cache keeps what it had.
    pub async fn push_variant(
        &self,
        document: &Document,
        request: &VariantRequest,
        variables: Variables<'_>,
        progress: ProgressSink,
    ) -> Result<Transferred, Error> {
        let item = Item::find(document, request)?;
        let settings = &item.artifact.distribution.push;
        let backend = open(self, document, &item, settings, variables).await?;
        let copied = {
            let item = item.clone();
            blocking(move || copy_parts(&item)).await?
        };
        let contents: Vec<Content> = copied.iter().map(|part| part.content.clone()).collect();
        backend.put(&item, &contents, &progress).await?;
        let has_initrd = contents.iter().any(|content| content.part == Part::Initrd);
        let cached = item.clone();
        blocking(move || {
            for part in copied {
                part.new.publish()?;
            }
            if cached.parts().contains(&Part::Initrd) && !has_initrd {
                let path = cached.store_path(Part::Initrd)?;
                cached.cache().remove(path.as_str())?;
            }
            Ok(())
        })
        .await?;
        Transferred::new(&item, settings, &contents)
    }
}

/// Copies the user's files into the cache, without names: what is stored is what was hashed, even if
/// the user's files change meanwhile.
fn copy_parts(item: &Item) -> Result<Vec<Fetched>, Error> {
    let mut copied = Vec::new();
    for part in item.parts() {
        let path = item.local(*part);
        let file = match open_regular(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound && *part == Part::Initrd => continue,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(VariantsError::NoFile { path }.into());
            }
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        let new = item.cache().create(item.store_path(*part)?.as_str())?;
        copied.push(copy(*part, file, new)?);
    }
    Ok(copied)
}
