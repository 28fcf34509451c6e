//! Resolves names of images in the store.

use lazaret_images::ImageRecord;
use lazaret_oci::{Reference, Registry};

use crate::{Error, Home};

/// The registry in the names of images that come from no registry, as other tools write it.
const LOCAL: &str = "localhost";

/// The full name of an image in the store: a name without a registry gets `localhost`.
pub(crate) fn local_name(text: &str) -> Result<Reference, Error> {
    let registry: Registry = LOCAL.parse()?;
    Ok(Reference::parse_in(text, &registry)?.normalized())
}

impl Home {
    /// Finds a record by its name, or by the start of its digest.
    pub(crate) fn find_image(&self, text: &str) -> Result<ImageRecord, Error> {
        if let Ok(name) = local_name(text)
            && let Some(record) = self.images.get(&name.to_string())?
        {
            return Ok(record);
        }
        let not_found = || Error::ImageNotFound {
            name: text.to_owned(),
        };
        let prefix = text.strip_prefix("sha256:").unwrap_or(text);
        if prefix.len() < 4 || !prefix.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(not_found());
        }
        let mut found = self.images.list()?;
        found.retain(|record| record.digest.hex().starts_with(prefix));
        if found
            .windows(2)
            .any(|pair| pair[0].digest != pair[1].digest)
        {
            let names = found.into_iter().map(|record| record.name).collect();
            return Err(Error::ImageAmbiguous {
                text: text.to_owned(),
                names,
            });
        }
        found.into_iter().next().ok_or_else(not_found)
    }
}

#[cfg(test)]
mod tests;
