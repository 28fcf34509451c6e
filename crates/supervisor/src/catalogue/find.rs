//! Finds names in the catalogues.

use std::path::PathBuf;

use lazaret_oci::Platform;

use super::document::Catalogue;
use crate::{Error, Home};

impl Home {
    /// Reads all catalogues, in the order in which they are searched.
    pub(super) fn catalogues(&self) -> Result<Vec<Catalogue>, Error> {
        let paths = self.settings.catalogues.iter();
        paths.map(|path| Catalogue::read(path)).collect()
    }

    /// Finds the entry for this machine's architecture; returns it with the folder of its
    /// catalogue.
    pub(super) fn in_catalogues<T: Clone>(
        &self,
        pick: impl Fn(&Catalogue, &str) -> Option<T>,
    ) -> Result<Option<(T, PathBuf)>, Error> {
        let native = Platform::native();
        for catalogue in self.catalogues()? {
            if let Some(found) = pick(&catalogue, &native.architecture) {
                return Ok(Some((found, catalogue.folder)));
            }
        }
        Ok(None)
    }
}
