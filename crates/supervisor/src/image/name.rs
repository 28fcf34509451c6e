//! Resolves names of images in the store.

use lazaret_images::ImageRecord;
use lazaret_oci::{Reference, Registry};

use crate::{Error, Home};

/// The registry in the names of images that come from no registry, as other tools write it.
const LOCAL: &str = "localhost";

/// Fewest hexadecimal digits of a digest that name an image.
const SHORTEST: usize = 4;

/// The full name of an image in the store: text without a registry is local.
pub(crate) fn local_name(text: &str) -> Result<Reference, Error> {
    let registry: Registry = LOCAL.parse()?;
    Ok(Reference::parse_in(text, &registry)?.normalized())
}

impl Home {
    /// Finds a record by its name, or by the start of its digest.
    pub(crate) fn find_image(&self, text: &str) -> Result<ImageRecord, Error> {
        let found = self.images_called(text)?;
        let first = found.first().ok_or_else(|| not_found(text))?;
        if found.iter().any(|record| record.digest != first.digest) {
            return Err(ambiguous(text, &found));
        }
        Ok(first.clone())
    }

    /// The one image that a name or the beginning of a digest stands for. An image with several names
    /// is several here: which of them goes is for the user to say.
    ///
    /// # Errors
    /// As [`Home::find_image`].
    pub(crate) fn find_sole_image(&self, text: &str) -> Result<ImageRecord, Error> {
        let mut found = self.images_called(text)?;
        match found.pop() {
            None => Err(not_found(text)),
            Some(sole) if found.is_empty() => Ok(sole),
            Some(last) => {
                found.push(last);
                Err(ambiguous(text, &found))
            }
        }
    }

    fn images_called(&self, text: &str) -> Result<Vec<ImageRecord>, Error> {
        if let Ok(name) = local_name(text)
            && let Some(record) = self.images.get(&name.to_string())?
        {
            return Ok(vec![record]);
        }
        let prefix = text.strip_prefix("sha256:").unwrap_or(text);
        if prefix.len() < SHORTEST || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Ok(Vec::new());
        }
        let mut found = self.images.list()?;
        found.retain(|record| record.digest.hex().starts_with(prefix));
        Ok(found)
    }
}

fn not_found(text: &str) -> Error {
    Error::ImageNotFound {
        name: text.to_owned(),
    }
}

fn ambiguous(text: &str, found: &[ImageRecord]) -> Error {
    Error::ImageAmbiguous {
        text: text.to_owned(),
        names: found.iter().map(|record| record.name.clone()).collect(),
    }
}

#[cfg(test)]
mod tests;
