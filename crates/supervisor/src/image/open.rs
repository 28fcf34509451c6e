//! Opens the images that a source names.

use std::path::Path;

use lazaret_images::{LeasedStore, Source, Wanted};

use super::name::local_name;
use crate::source_name::{SourceName, is_explicit};
use crate::{Error, Home, blocking};

impl Home {
    /// Parses a source. What is both a path and the name of a cached image is for the user to
    /// tell apart.
    ///
    /// # Errors
    /// [`Error::SourceAmbiguous`]; those of reading a path.
    pub(crate) fn source(&self, text: &str) -> Result<SourceName, Error> {
        let source = SourceName::parse(text)?;
        if source.is_path()
            && !is_explicit(text)
            && let Ok(name) = local_name(text)
            && let Some(record) = self.images.get(&name.to_string())?
        {
            return Err(Error::SourceAmbiguous {
                text: text.to_owned(),
                image: record.name,
            });
        }
        Ok(source)
    }

    /// Opens the images at a path, or an image of the store. While the result is held, nothing is
    /// pruned.
    ///
    /// # Errors
    /// [`Error::ImageNotFound`] when the store has no image of that name; those of the path.
    pub(crate) async fn open_images(
        &self,
        name: SourceName,
    ) -> Result<(Box<dyn Source>, Wanted), Error> {
        let store = self.images.leased()?;
        match name {
            SourceName::Images { path, tag } => Ok((at(&path, &store).await?, Wanted::from(tag))),
            // If they cannot be used, opening them gives the reason.
            SourceName::Folder(path) | SourceName::File(path) => {
                Ok((at(&path, &store).await?, Wanted::Only))
            }
            SourceName::Name(name) => {
                let record = self.find_image(&name)?;
                Ok((Box::new(store), Wanted::Name(record.name)))
            }
        }
    }
}

/// Opens the images at a path: a layout folder or a tar.
pub(crate) async fn at(path: &Path, store: &LeasedStore) -> Result<Box<dyn Source>, Error> {
    let (path, store) = (path.to_owned(), store.clone());
    blocking(move || Ok(lazaret_images::open(&path, &store)?)).await
}

/// Adds to a missing platform the place where it was looked for; other errors stay as they are.
pub(crate) fn without_platform(place: &Path, error: lazaret_images::Error) -> Error {
    match error {
        lazaret_images::Error::Platform { .. } => Error::Source {
            path: place.to_owned(),
            reason: error.to_string(),
        },
        error => error.into(),
    }
}
