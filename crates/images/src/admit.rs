//! Refuses images by what their manifest says, before anything of them is fetched.

use lazaret_files::free_bytes;
use lazaret_oci::{MAX_MANIFEST_BYTES, Manifest};

use crate::{Error, ImageStore};

/// Most layers of an image. Builders stop at 127.
const MOST_LAYERS: usize = 1000;

impl ImageStore {
    /// Checks that an image can become one of this store: its configuration is of a size that is
    /// read, and there is room for the layers that the store lacks.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::TooManyLayers`], [`Error::NoRoom`]; [`Error::SizeMismatch`]
    /// when the store has a blob that the manifest gives another size.
    pub fn admit(&self, manifest: &Manifest) -> Result<(), Error> {
        let (size, limit) = (manifest.config.size, MAX_MANIFEST_BYTES as u64);
        if size > limit {
            return Err(Error::TooLarge { size, limit });
        }
        let layers = manifest.layers.len();
        if layers > MOST_LAYERS {
            return Err(Error::TooManyLayers {
                layers,
                limit: MOST_LAYERS,
            });
        }
        let mut needed = 0_u64;
        for layer in &manifest.layers {
            if !self.has(layer)? {
                needed = needed.saturating_add(layer.size);
            }
        }
        match free_bytes(self.root()) {
            Some(free) if needed > free => Err(Error::NoRoom { needed, free }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
